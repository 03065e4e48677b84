import { benchClause } from '../clause.ts';
import { espFrom, inbound, outbound, refused } from '../tester/esp-on-bench.ts';
import { holds } from '../tester/ip.ts';
import { judge } from '../tester/judgement.ts';
import { site } from '../tester/plans.ts';

/** RFC 4301 §4.4.2.1: by time and by octets, soft and hard; packets are this lab’s own. */

for (const [unit, limits] of [
  ['packets', { packets: 3 }],
  ['octets', { octets: 150 }],
  ['seconds', { seconds: 2 }],
] as const) {
  benchClause(
    `rfc4301-4.4.2.1-hard-lifetime[${unit}]`,
    {
      level: 'MUST',
      text: 'At its hard limit an SA ends: nothing goes by it any more, nor in the clear instead',
      scenario: `Alice’s SAs end by ${unit}; the host behind her sends eight packets over four seconds, and the peer eight.`,
      brokenBy: 'immortal-sas',
      alice: site({ sa: { lifetime: { hard: limits } } }),
    },
    async bench => {
      for (let turn = 0; turn < 8; turn++) {
        await outbound(bench, [`OUT-${turn} `]);
        await inbound(bench, { sequence: turn + 1, text: `IN-${turn} ` });
      }
      const left = espFrom(bench);
      for (const seen of left.slice(-1)) bench.cite(seen, 'the last of the SA', 'Sequence Number');
      judge(left.length >= 1 && left.length < 8, `${left.length} of 8 packets left by an SA that should have ended`);
      judge(!bench.outside().some(({ ip }) => holds(ip, 'OUT-')), 'a packet left in the clear when the SA had ended');
      refused(bench, 'IN-7 ', 'accepted by an SA that should have ended');
      judge(bench.arrivals('IN-0 ').length === 1, 'nor was the first accepted');
      judge(bench.events().includes('saHardExpired'), 'alice did not say that an SA has ended');
    },
  );

  benchClause(
    `rfc4301-4.4.2.1-soft-lifetime[${unit}]`,
    {
      level: 'MUST',
      text: 'At its soft limit whoever negotiates is told, once, and the SA goes on',
      scenario: `The soft limit of alice’s SAs is by ${unit}; the host behind her sends eight packets over four seconds.`,
      brokenBy: 'immortal-sas',
      alice: site({ sa: { lifetime: { soft: limits } } }),
    },
    async bench => {
      for (let turn = 0; turn < 8; turn++) await outbound(bench, [`OUT-${turn} `], { octets: 60 });
      await bench.lab.sleep(1000);
      judge(espFrom(bench).length === 8, `${espFrom(bench).length} of 8 packets left by an SA that goes on`);
      const told = bench.events().filter(kind => kind === 'saSoftExpired').length;
      const due = unit === 'seconds' ? 2 : 1; // both SAs age, one is used
      judge(told === due, `the soft limit was told ${told} times, not ${due}`);
    },
  );
}
