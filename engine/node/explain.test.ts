import { expect, test } from 'vitest';
import type { FlowQuery } from './node.ts';
import { createNet } from './testing/net.ts';
import { ping, udp } from './testing/packets.ts';
import { line } from './testing/read.ts';
import { SITE_WIRES, sites, TO_ALICE, TO_BOB } from './testing/sites.ts';

const query = (source: string, destination: string, protocol = 17): FlowQuery => ({
  source,
  destination,
  protocol,
  sourcePort: protocol === 17 ? 443 : null,
  destinationPort: protocol === 17 ? 80 : null,
});

test('a protected flow: route, policy, SA, outer packet, and the octets that would leave', () => {
  const net = createNet(sites(), SITE_WIRES);
  const explanation = net.node('alice').explain(query('10.0.0.2', '10.0.1.2'));
  expect(explanation).toMatchObject({ verdict: 'protect', policy: 'v4_bob0', spi: TO_BOB, interface: 'v4_bob0' });
  expect(explanation.steps).toEqual([
    'from: net1',
    'route: 10.0.1.0/24 on-link on v4_bob0',
    'policy of v4_bob0: v4_bob0',
    'SA: SPI 4096 (0x00001000), aes256gcm16, tunnel mode',
    'outer packet: 1.2.3.4 > 5.6.7.8, 148 octets',
    'outer route: 0.0.0.0/0 via 1.2.3.1 on net0',
  ]);
  net.send('a1', udp('10.0.0.2', '10.0.1.2', [443, 80], 64));
  const seen = net.seen.findLast(frame => frame.from === 'alice:net0');
  expect(explanation.frameOctets).toBe(seen?.octets.length);
});

test('the same packet by the tunnel, and in the clear on a link', () => {
  const bob = createNet(sites(), SITE_WIRES).node('bob');
  const forged = { ...query('10.0.0.2', '10.0.1.2'), arrival: 'net0' };
  expect(bob.explain(query('10.0.0.2', '10.0.1.2')).steps[0]).toBe('from: v4_alice0, protected by inbound SPI 4096');
  expect(bob.explain(forged)).toMatchObject({ verdict: 'discard', interface: null });
  expect(bob.explain(forged).steps).toEqual([
    'from: net0, in the clear',
    'inbound policy: protect by v4_alice0: discard, it came in the clear',
    expect.stringContaining('policyDiscard: 10.0.0.2 > 10.0.1.2 protocol 17 ports 443 > 80 in the clear from net0'),
  ]);
  expect(() => bob.explain({ ...forged, arrival: 'net9' })).toThrow('nothing arrives on net9');
});

test('explaining changes nothing', () => {
  const net = createNet(sites(), SITE_WIRES);
  const before = net.node('alice').status();
  net.node('alice').explain(query('10.0.0.2', '10.0.1.2'));
  net.node('alice').explain(query('10.0.1.2', '10.0.0.2'));
  expect(net.node('alice').status()).toEqual(before);
});

test.each([
  [
    'out into the clear',
    'alice',
    query('10.0.0.2', '9.9.9.9'),
    { verdict: 'bypass', interface: 'net0', frameOctets: 106 },
  ],
  ['no route', 'internet', query('1.2.3.4', '10.0.1.2'), { verdict: 'unroutable', interface: null }],
  ['a host that is asked to forward', 'a1', query('10.0.0.9', '10.0.1.2'), { verdict: 'discard' }],
  ['out of the tunnel to the LAN', 'bob', query('10.0.0.2', '10.0.1.2'), { verdict: 'bypass', interface: 'net1' }],
  ['out of the tunnel to the gateway', 'bob', query('10.0.0.2', '10.0.1.1'), { verdict: 'protect', spi: TO_BOB }],
  ['from the gateway itself', 'alice', query('10.0.0.1', '10.0.1.2', 1), { verdict: 'protect', spi: TO_BOB }],
  ['IPv6', 'alice', query('2001:470:24:c66::2', '2001:470:24:c67::2'), { verdict: 'protect', frameOctets: 14 + 168 }],
] as const)('%s', (_, node, flow, expected) => {
  const net = createNet(sites(), SITE_WIRES);
  expect(net.node(node).explain(flow)).toMatchObject(expected);
});

test('an SA that is missing is a discard, in either direction', () => {
  const net = createNet(sites(), SITE_WIRES);
  const gone = [
    { kind: 'deleteSa', spi: TO_BOB, direction: 'outbound' },
    { kind: 'deleteSa', spi: TO_ALICE, direction: 'inbound' },
  ] as const;
  for (const command of gone) net.take('alice', net.node('alice').command(command, net.now()));
  const out = net.node('alice').explain(query('10.0.0.2', '10.0.1.2'));
  expect([out.verdict, out.steps.at(-1)]).toEqual([
    'discard',
    'SA: v4_bob0 has none (esp tunnel 1.2.3.4 > 5.6.7.8): discard',
  ]);
  expect(net.node('alice').explain(query('10.0.1.2', '10.0.0.2')).verdict).toBe('discard');
});

test('the gateway’s own host uses the tunnel too', () => {
  const net = createNet(sites(), SITE_WIRES);
  expect(net.node('alice').sourceFor('10.0.1.2')).toBe('10.0.0.1');
  expect(net.node('alice').sourceFor('2001:470:24:c67::2')).toBe('2001:470:24:c66::1');
  net.send('alice', ping('10.0.0.1', '10.0.1.2'));
  expect(net.takeDeliveries('alice').map(line)).toEqual(['10.0.1.2 > 10.0.0.1 | icmp 0/0']);
});

test('a configuration that contradicts itself is our mistake, and throws', () => {
  const [, alice] = sites();
  if (alice === undefined) throw new Error('no alice');
  const broken = [
    [{ ...alice, policies: [] }, /no policy v4_bob0/],
    [{ ...alice, tunnels: [] }, /no interface leads there|tunnel v4_bob0/],
    [{ ...alice, routes: [{ destination: '10.0.1.0/24', via: '99.9.9.9', interface: null }] }, /no interface leads/],
    [{ ...alice, interfaces: [...alice.interfaces, ...alice.interfaces] }, /same name/],
  ] as const;
  for (const [config, message] of broken) expect(() => createNet([config], [])).toThrow(message);
});
