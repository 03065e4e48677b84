import { expect, test } from 'vitest';
import type { ProbeResult } from '../driver.ts';
import { parsePing } from './ping-probe.ts';

/** Output of iputils 20221126, shortened. */
const SAID: readonly (readonly [string, ProbeResult])[] = [
  ['64 bytes from 10.0.1.2: icmp_seq=1 ttl=62 time=2.21 ms\n', { kind: 'answered', rttMs: 2.21 }],
  [
    'PING 10.0.1.2 (10.0.1.2) 56(84) bytes of data.\n\n1 packets transmitted, 0 received, 100% packet loss',
    { kind: 'timeout' },
  ],
  [
    'From 10.0.0.1 icmp_seq=1 Frag needed and DF set (mtu = 1446)\n',
    { kind: 'refused', why: 'Frag needed and DF set (mtu = 1446)', mtu: 1446 },
  ],
  [
    'ping: local error: message too long, mtu=1446\n',
    { kind: 'refused', why: 'message too long, mtu=1446', mtu: 1446 },
  ],
  [
    'From 2001:db8::1 icmp_seq=1 Packet too big: mtu=1426\n',
    { kind: 'refused', why: 'Packet too big: mtu=1426', mtu: 1426 },
  ],
  [
    'From 10.0.0.1 icmp_seq=1 Destination Net Unreachable\n',
    { kind: 'refused', why: 'Destination Net Unreachable', mtu: null },
  ],
  ['ping: connect: Network is unreachable\n', { kind: 'refused', why: 'Network is unreachable', mtu: null }],
  [
    'nsenter: failed to execute ping: No such file or directory\n',
    { kind: 'refused', why: 'there is no ping on this machine (apt-get install iputils-ping)', mtu: null },
  ],
];

test.each(SAID)('%s', (output, result) => {
  expect(parsePing(output)).toEqual(result);
});
