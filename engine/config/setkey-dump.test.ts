import { describe, expect, test } from 'vitest';
import { calendarText } from './calendar.ts';
import { policyConfigOf } from './policy.ts';
import { readSetkey } from './setkey.ts';
import { formatSad, formatSpd } from './setkey-dump.ts';
import { nodeStatus, saStatus } from './testing/statuses.ts';

const NOW = Date.UTC(2015, 11, 14, 16, 24, 15) / 1000;

function spdOf(text: string): string {
  const { stated } = readSetkey('setkey.conf', text, { legacy: false });
  const policies = (stated?.policies ?? []).filter(policy => !policy.isImplied);
  return formatSpd(nodeStatus(policies.map(policyConfigOf)), NOW);
}

describe('the dump of an SPD', () => {
  test('of a node in a mesh is the one that its administrators know', () => {
    const text = `spdadd 192.168.33.11 192.168.33.12 any -P in ipsec esp/transport//use;
                  spdadd 192.168.33.12 192.168.33.11 any -P out ipsec esp/transport//use;`;
    expect(spdOf(text)).toBe(`192.168.33.11[any] 192.168.33.12[any] 255
    in prio def ipsec
    esp/transport//use
    created: Dec 14 16:23:15 2015  lastused:
    lifetime: 0(s) validtime: 0(s)
    spid=8 seq=1 pid=1
    refcnt=1
192.168.33.12[any] 192.168.33.11[any] 255
    out prio def ipsec
    esp/transport//use
    created: Dec 14 16:23:15 2015  lastused:
    lifetime: 0(s) validtime: 0(s)
    spid=17 seq=0 pid=1
    refcnt=1
`);
  });

  test.each([
    ['10.0.0.0/24[80] 10.0.1.0/24 tcp -P out none', '10.0.0.0/24[80] 10.0.1.0/24[any] tcp\n    out prio def none\n'],
    [
      '10.0.1.0/24 10.0.0.0/24[80] tcp -P in discard',
      '10.0.1.0/24[any] 10.0.0.0/24[80] tcp\n    in prio def discard\n',
    ],
    ['::/0 ::/0 icmp6 135,0 -P in none', '::/0[any] ::/0[any] icmp6 135,0\n    in prio def none\n'],
    [
      '10.0.1.0/24 10.0.0.0/24 any -P in ipsec esp/tunnel/192.0.2.2-192.0.2.1/unique:7 ah/transport//require',
      'in prio def ipsec\n    esp/tunnel/192.0.2.2-192.0.2.1/unique:7\n    ah/transport//require\n',
    ],
  ])('%s', (words, expected) => {
    expect(spdOf(`spdadd ${words};`)).toContain(expected);
  });

  test('a policy of both directions and of any address is four entries', () => {
    const config = policyConfigOf({
      name: 'all',
      place: { line: 1, column: 1 },
      tunnel: null,
      direction: 'both',
      local: 'any',
      remote: 'any',
      protocol: 'any',
      localPort: 'any',
      remotePort: 'any',
      action: { kind: 'bypass' },
      isImplied: false,
    });
    const text = formatSpd(nodeStatus([config]), NOW);
    expect(text.match(/^\S+ \S+ 255$/gm)).toEqual([
      '0.0.0.0/0[any] 0.0.0.0/0[any] 255',
      '::/0[any] ::/0[any] 255',
      '0.0.0.0/0[any] 0.0.0.0/0[any] 255',
      '::/0[any] ::/0[any] 255',
    ]);
  });

  test('of an empty one says so', () => {
    expect(spdOf('')).toBe('No SPD entries.\n');
  });
});

describe('the dump of an SAD', () => {
  test('tells everything but keys', () => {
    expect(formatSad(nodeStatus([], [saStatus({ requestId: 7 })]), null, NOW)).toBe(`10.0.0.1 10.0.0.2
	esp mode=transport spi=4096(0x00001000) reqid=7(0x00000007)
	E: rijndael-cbc  (key not shown)
	A: hmac-sha256  (key not shown)
	seq=0x00000012 replay=0 flags=0x00000000 state=mature
	created: Dec 14 16:22:07 2015	current: Dec 14 16:24:15 2015
	diff: 127(s)	hard: 3600(s)	soft: 0(s)
	last:                     	hard: 0(s)	soft: 0(s)
	current: 1840(bytes)	hard: 0(bytes)	soft: 0(bytes)
	allocated: 18	hard: 0	soft: 0
	sadb_seq=0 pid=1 refcnt=0
`);
  });

  test('of AH, and of ESP in UDP', () => {
    const ah = saStatus({ protocol: 'ah', suite: 'sha256' });
    const udp = saStatus({ encapsulation: '4500 > 4501', direction: 'inbound' });
    const text = formatSad(nodeStatus([], [ah, udp]), null, NOW);
    expect(text).toContain(
      '\tah mode=transport spi=4096(0x00001000) reqid=0(0x00000000)\n\tA: hmac-sha256  (key not shown)\n',
    );
    expect(text).toContain('10.0.0.1[4501] 10.0.0.2[4500]\n\tesp-udp mode=transport');
    expect(formatSad(nodeStatus([], [ah]), 'esp', NOW)).toBe('No SAD entries.\n');
  });
});

test('the calendar agrees with the machine', () => {
  for (let day = 0; day < 60_000; day += 37) {
    const seconds = day * 86_400 + ((day * 7919) % 86_400);
    const [, month, date, year, time] = new Date(seconds * 1000).toUTCString().match(/, (\d+) (\w+) (\d+) (\S+)/) ?? [];
    expect(calendarText(seconds)).toBe(`${date} ${String(Number(month)).padStart(2)} ${time} ${year}`);
  }
});
