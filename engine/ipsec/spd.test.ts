import { describe, expect, test } from 'vitest';
import { addressOf } from '../wire/testing/must.ts';
import type { Flow } from './selector.ts';
import { type PolicyInput, Spd } from './spd.ts';
import { policyOf } from './testing/policies.ts';

function flow(source: string, destination: string, protocol: number, ports: [number, number] | null = null): Flow {
  const [sourcePort, destinationPort] = ports ?? [null, null];
  const ends = { source: addressOf(source), destination: addressOf(destination) };
  return { ...ends, protocol, sourcePort, destinationPort, icmp: null };
}

const spd = new Spd([
  policyOf('ike', { protocol: 17, localPort: 500, action: { kind: 'bypass' } }),
  policyOf('telnet', { remote: '10.0.1.0/24', protocol: 6, remotePort: 23, action: { kind: 'discard' } }),
  policyOf('one host', { local: '10.0.0.9', remote: '10.0.1.0/24' }),
  policyOf('net', { local: '10.0.0.0/24', remote: '10.0.1.0/24' }),
  policyOf('net again', { local: '10.0.0.0/16', remote: '10.0.1.0/24', action: { kind: 'bypass' } }),
  policyOf('v6', { local: '2001:db8:1::/48', remote: '2001:db8:2::/48' }),
]);

describe('the first match decides', () => {
  test.each<[string, Flow, string | null]>([
    ['IKE', flow('10.0.0.9', '10.0.1.1', 17, [500, 500]), 'ike'],
    ['a port', flow('10.0.0.9', '10.0.1.1', 6, [40000, 23]), 'telnet'],
    ['another port', flow('10.0.0.9', '10.0.1.1', 6, [40000, 24]), 'one host'],
    ['a fragment cannot show its port', flow('10.0.0.9', '10.0.1.1', 6), 'one host'],
    ['the wider entry', flow('10.0.0.8', '10.0.1.1', 1), 'net'],
    ['the widest entry', flow('10.0.7.8', '10.0.1.1', 1), 'net again'],
    ['IPv6', flow('2001:db8:1::5', '2001:db8:2::5', 58), 'v6'],
    ['mixed up', flow('2001:db8:2::5', '2001:db8:1::5', 58), null],
    ['nothing', flow('10.0.0.9', '192.0.2.1', 6, [1, 2]), null],
  ])('%s', (_what, packet, name) => {
    expect(spd.lookupOutbound(packet)?.name ?? null).toBe(name);
    const { source, destination, sourcePort, destinationPort } = packet;
    const answer = {
      ...packet,
      source: destination,
      destination: source,
      sourcePort: destinationPort,
      destinationPort: sourcePort,
    };
    expect(spd.lookupInbound(answer)?.name ?? null).toBe(name);
  });
});

test('an empty SPD has no entry for anything', () => {
  expect(new Spd([]).lookupOutbound(flow('10.0.0.9', '10.0.1.1', 1))).toBeNull();
  expect(new Spd([]).lookupInbound(flow('10.0.0.9', '10.0.1.1', 1))).toBeNull();
});

test.each<[string, Partial<PolicyInput>]>([
  ['a name for a prefix', { local: 'alice' }],
  ['a prefix too long', { remote: '10.0.0.0/33' }],
  ['two families', { local: '10.0.0.0/8', remote: '2001:db8::/32' }],
  ['protocol 256', { protocol: 256 }],
  ['port 65536', { remotePort: 65536 }],
  ['half a port', { localPort: 1.5 }],
])('%s is refused', (_what, changes) => {
  expect(() => policyOf('bad', changes)).toThrow(/bad/);
});
