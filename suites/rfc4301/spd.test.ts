import { benchClause } from '../clause.ts';
import { FAR, type Family, HOST, type SaPlan } from '../tester/bench.ts';
import { espFrom, refused } from '../tester/esp-on-bench.ts';
import { echoRequest, filler, udp } from '../tester/ip.ts';
import { judge } from '../tester/judgement.ts';
import { between, BYPASS, DISCARD, policy, protect, tunnel } from '../tester/plans.ts';
import { datagram, fateOf, judgeFates, sealedCount, SITE, spd } from './fates.ts';

/** RFC 4301 §4.4.1 and §5.1: the SPD as an ordered list, and what it says of packets that leave. */

for (const inner of [4, 6] as const satisfies readonly Family[]) {
  const ends = { source: HOST[inner], destination: FAR[inner] };
  for (const [kind, fate, brokenBy] of [
    ['protect', 'protected', 'bypasses-protect'],
    ['bypass', 'bypassed', 'discards-bypass'],
    ['discard', 'discarded', 'bypasses-discard'],
  ] as const) {
    const action = { protect: protect(tunnel()), bypass: BYPASS, discard: DISCARD }[kind];
    benchClause(
      `rfc4301-4.4.1-${kind}[${inner}]`,
      {
        level: 'MUST',
        text: 'Every packet is one of three: discarded, bypassed, or protected, as the SPD says',
        scenario: `An SPD with one entry, ${kind} for IPv${inner} between the nets; the host behind alice sends such a packet.`,
        brokenBy,
        alice: spd(policy('site', action, between(inner))),
      },
      async bench => {
        const found = await fateOf(bench, 'FATE ', udp({ ...ends, payload: filler('FATE ') }));
        judge(found === fate, `a packet that the SPD would have ${fate} was ${found}`);
      },
    );
  }

  benchClause(
    `rfc4301-5.1-no-match-is-discard[${inner}]`,
    {
      level: 'MUST',
      text: 'What no entry matches is discarded',
      scenario: `The SPD protects one net of the other family; the host behind alice sends IPv${inner}.`,
      brokenBy: 'bypasses-the-rest',
      alice: spd(policy('site', protect(tunnel()), between(inner === 4 ? 6 : 4))),
    },
    async bench => {
      const found = await fateOf(bench, 'REST ', udp({ ...ends, payload: filler('REST ') }));
      judge(found === 'discarded', `a packet that no entry matches was ${found}`);
      const { policyDiscard = 0 } = await bench.drops();
      judge(policyDiscard > 0, 'alice counts no packet that her policy discarded');
    },
  );
}

benchClause(
  'rfc4301-4.4.1-order[specific-first]',
  {
    level: 'MUST',
    text: 'The SPD is ordered: the first entry that matches decides',
    scenario: 'Discard UDP port 53, bypass UDP, protect everything: three packets, three fates.',
    brokenBy: 'last-match',
    alice: spd(
      policy('dns', DISCARD, { ...between(4), protocol: 17, remotePort: 53 }),
      policy('udp', BYPASS, { ...between(4), protocol: 17 }),
      SITE,
    ),
  },
  bench =>
    judgeFates(bench, [
      ['discarded', datagram({ to: 53, text: 'DNS ' }), 'DNS '],
      ['bypassed', datagram({ to: 54, text: 'UDP ' }), 'UDP '],
      ['protected', echoRequest({ source: HOST[4], destination: FAR[4], data: filler('PING ') }), 'PING '],
    ]),
);

benchClause(
  'rfc4301-4.4.1-order[general-first]',
  {
    level: 'MUST',
    text: 'An entry behind one that matches more is never reached',
    scenario: 'Protect everything between the nets, then bypass UDP: a datagram must be protected.',
    brokenBy: 'last-match',
    alice: spd(SITE, policy('udp', BYPASS, { ...between(4), protocol: 17 })),
  },
  bench => judgeFates(bench, [['protected', datagram({ text: 'UDP ' }), 'UDP ']]),
);

benchClause(
  'rfc4301-4.4.1-spd-o-and-spd-i',
  {
    level: 'MUST',
    text: 'Entries may be for one direction: what is bypassed outbound need not be inbound',
    scenario: 'Bypass UDP outbound alone, discard all else: a datagram leaves, one the other way does not come in.',
    brokenBy: 'ignores-direction',
    alice: spd(policy('out-only', BYPASS, { ...between(4), protocol: 17, direction: 'outbound' })),
  },
  async bench => {
    await judgeFates(bench, [['bypassed', datagram({ text: 'OUT ' }), 'OUT ']]);
    await bench.fromOutside([udp({ source: FAR[4], destination: HOST[4], payload: filler('IN ') })]);
    refused(bench, 'IN ', 'a packet came in by an entry for those that leave');
  },
);

benchClause(
  'rfc4301-4.4.1.2-unique-sas',
  {
    level: 'MUST',
    text: 'Flows of one entry can have SAs of their own, made for the values in the packet',
    scenario:
      'An entry with unique SAs, one for port 53 and one for port 54: each datagram must go by its own, and one to port 55 by none.',
    brokenBy: 'shares-sas',
    alice: {
      policies: [
        policy('site', { kind: 'protect', transforms: [tunnel()], sharing: 'unique' }, { ...between(4), protocol: 17 }),
      ],
      sas: [
        ...[53, 54].map(
          (port): SaPlan => ({ label: `out-${port}`, direction: 'outbound', selector: uniqueFlow(port) }),
        ),
        { label: 'in', direction: 'inbound' },
      ],
    },
  },
  async bench => {
    for (const to of [53, 54, 55]) await bench.fromInside([datagram({ to, text: `U${to} ` })]);
    judge(espFrom(bench, 'out-53').length === 1, `${espFrom(bench, 'out-53').length} packets by the SA of port 53`);
    judge(espFrom(bench, 'out-54').length === 1, `${espFrom(bench, 'out-54').length} packets by the SA of port 54`);
    judge(sealedCount(bench) === 2, 'the datagram to port 55 left by the SA of another');
  },
);

function uniqueFlow(port: number): NonNullable<SaPlan['selector']> {
  return { local: HOST[4], remote: FAR[4], protocol: 17, localPort: 40000, remotePort: port };
}

benchClause(
  'rfc4301-5.1-no-sa-no-packet',
  {
    level: 'MUST',
    text: 'What is to be protected and has no SA does not leave, and whoever negotiates is told',
    scenario: 'The SPD protects, but there is no SA; the host behind alice sends.',
    brokenBy: 'bypasses-protect',
    alice: { policies: [SITE], sas: [] },
  },
  async bench => {
    await judgeFates(bench, [['discarded', datagram({ text: 'NO-SA ' }), 'NO-SA ']]);
    judge(bench.events().includes('saWanted'), 'alice did not say that she wants an SA');
  },
);
