import { describe, expect, test } from 'vitest';
import { protectBy } from '../ipsec/spd.ts';
import { encodeIcmpv4 } from '../wire/icmpv4.ts';
import type { PolicyConfig } from './config.ts';
import type { Net } from './testing/net.ts';
import { ipPacket, ping, udp } from './testing/packets.ts';
import { line, traffic } from './testing/read.ts';
import { gatewayNet, LANS, type Side } from './testing/scenes.ts';
import { policy } from './testing/sites.ts';

type Policies = (side: Side) => readonly PolicyConfig[];

const protect = protectBy('esp', 'tunnel');
const [A, B, STRANGER] = ['10.0.0.2', '10.0.1.2', '1.2.3.1'];
const drops = (net: Net, name: string) => net.node(name).status().drops;

const discardRest = policy('rest', { kind: 'discard' });
const between = (side: Side): PolicyConfig =>
  policy('net', protect, { local: LANS[side], remote: LANS[side === 'alice' ? 'bob' : 'alice'] });
const all = (): PolicyConfig[] => [policy('net', protect)];

const CATCH_ALL: readonly (readonly [string, Policies])[] = [
  ['protect A<->B, discard all', side => [between(side), discardRest]],
  ['protect A<->B, protect all', side => [between(side), policy('all', protect)]],
  ['bypass A<->elsewhere, protect all', side => [elsewhere(side), ...all()]],
  ['protect all', all],
  ['protect all, discard all', () => [...all(), discardRest]],
  ['protect 10/8<->10/8', () => [policy('net', protect, { local: '10.0.0.0/8', remote: '10.0.0.0/8' })]],
];

describe.each(CATCH_ALL)('a gateway whose own SPD says: %s', (_, policies) => {
  test('protects what goes from one private net to the other, both ways', () => {
    const net = gatewayNet(policies);
    net.send('a1', ping(A, B));
    expect(net.takeDeliveries('a1').map(line)).toEqual([`${B} > ${A} | icmp 0/0`]);
    expect(traffic(net, 'alice:net0')).toEqual(['1.2.3.4 > 5.6.7.8 | esp 4096 1']);
    expect(traffic(net, 'bob:net0')).toEqual(['5.6.7.8 > 1.2.3.4 | esp 4097 1']);
  });

  test.each([
    ['net0', B, A],
    ['net1', B, A],
    ['net0', A, B],
    ['net0', STRANGER, A],
    ['net0', STRANGER, B],
  ])('lets nothing pass, nor protects it, that comes in the clear on %s from %s to %s', (link, from, to) => {
    const net = gatewayNet(policies);
    net.injectPackets('alice', link, udp(from, to, [1, 2]), ipPacket(from, to, 6, new Uint8Array(20)));
    expect([...traffic(net, 'alice:net0'), ...traffic(net, 'alice:net1')]).toEqual([]);
    const { policyDiscard = 0, noSa = 0 } = drops(net, 'alice');
    expect(policyDiscard + noSa).toBe(2);
  });

  test('believes no ICMP error in the clear about a protected packet, and sends one out by the SA', () => {
    const net = gatewayNet(policies);
    net.injectPackets('alice', 'net0', unreachable(STRANGER, A, udp(A, B, [1, 2])));
    expect(traffic(net, 'alice:net1')).toEqual([]);
    net.send('a1', unreachable(A, B, udp(B, A, [1, 2])));
    expect(traffic(net, 'alice:net0')).toEqual(['1.2.3.4 > 5.6.7.8 | esp 4096 1']);
    expect(net.takeDeliveries('b1').map(line)).toEqual([expect.stringContaining('icmp 3/3')]);
  });

  test('without an SA discards what is to be protected', () => {
    const net = gatewayNet(policies, { isKeyed: false });
    net.send('a1', udp(A, B, [1, 2]));
    expect(traffic(net, 'alice:net0')).toEqual([]);
    expect(drops(net, 'alice')).toEqual({ noSa: 1 });
    expect(net.takeEvents('alice').filter(event => event.kind === 'saWanted')).toHaveLength(1);
  });

  test('while its link to the net behind it is down, sends none of it elsewhere', () => {
    const net = gatewayNet(policies);
    net.take('alice', net.node('alice').command({ kind: 'link', port: 'net1', up: false }, net.now()));
    net.seen.length = 0;
    net.send('b1', udp(B, A, [1, 2]));
    net.injectPackets('alice', 'net0', udp(A, B, [1, 2]));
    expect(traffic(net, 'alice:net0').filter(text => !text.includes('| esp'))).toEqual([]);
  });
});

describe.each<readonly [string, Policies]>([...CATCH_ALL, ['protect A<->B', side => [between(side)]]])(
  'what such a gateway has to say to a host behind it: %s',
  (_, policies) => {
    const tooLong = udp(A, B, [1, 2], 1460, { dontFragment: true });

    test('of a packet that was to be protected comes back the way that packet came', () => {
      const net = gatewayNet(policies);
      net.send('a1', tooLong, udp(A, B, [1, 2], 32, { hopLimit: 1 }));
      expect(net.takeDeliveries('a1').map(line)).toEqual([
        `10.0.0.1 > ${A} | icmp 3/4 mtu 1446`,
        `10.0.0.1 > ${A} | icmp 11/0`,
      ]);
      expect(traffic(net, 'alice:net0')).toEqual([]);
    });

    test('is not said to who sends it from the other side', () => {
      const net = gatewayNet(policies);
      net.injectPackets('alice', 'net0', tooLong, udp(STRANGER, B, [1, 2], 1460, { dontFragment: true }));
      expect([...traffic(net, 'alice:net0'), ...traffic(net, 'alice:net1')]).toEqual([]);
    });
  },
);

test('an entry that is about such news decides on it', () => {
  const silent = policy('silent', { kind: 'discard' }, { local: '10.0.0.1', remote: A, protocol: 1 });
  const net = gatewayNet(side => [silent, between(side)]);
  net.send('a1', udp(A, B, [1, 2], 1460, { dontFragment: true }));
  expect(net.takeDeliveries('a1')).toEqual([]);
});

test('an entry before the last one decides, in its own direction', () => {
  const net = gatewayNet(side => [elsewhere(side), ...all()]);
  net.send('a1', ping(A, STRANGER));
  expect(traffic(net, 'alice:net0')).toEqual([`${A} > ${STRANGER} | icmp 8/0`]);
  net.injectPackets('alice', 'net0', udp(STRANGER, '10.0.0.1', [1, 2]));
  expect(drops(net, 'alice')).toEqual({ policyDiscard: 1 });
});

test('what an earlier entry discards in one direction is discarded', () => {
  const net = gatewayNet(side => [
    policy('no9', { kind: 'discard' }, { protocol: 17, remotePort: 9 }),
    between(side),
    discardRest,
  ]);
  net.send('a1', udp(A, B, [1, 9]), udp(A, B, [9, 1]), udp(A, B, [9, 9]), udp(A, B, [1, 2]));
  expect(traffic(net, 'alice:net0')).toEqual(['1.2.3.4 > 5.6.7.8 | esp 4096 1']);
});

test('what the last entry discards counts on it', () => {
  const net = gatewayNet(side => [between(side), discardRest]);
  net.send('a1', udp(A, '8.8.8.8', [1, 2]));
  expect(
    net
      .node('alice')
      .status()
      .policies.map(({ name, packets }) => [name, packets]),
  ).toEqual([
    ['net', 0],
    ['rest', 1],
  ]);
});

test('packets to the gateway itself are inbound, wherever they come from', () => {
  const net = gatewayNet(all);
  net.injectPackets('alice', 'net1', ping(A, '10.0.0.1'));
  net.injectPackets('alice', 'net0', ping(STRANGER, '1.2.3.4'));
  expect(net.seen).toEqual([]);
  expect(drops(net, 'alice')).toEqual({ policyDiscard: 2 });
});

function elsewhere(side: Side): PolicyConfig {
  return policy(
    'elsewhere',
    { kind: 'bypass' },
    {
      local: LANS[side],
      remote: STRANGER,
      protocol: 1,
      icmp: [
        [0x800, 0x8ff],
        [0, 0xff],
      ],
    },
  );
}

function unreachable(from: string, to: string, invoking: Uint8Array): Uint8Array {
  return ipPacket(from, to, 1, encodeIcmpv4({ type: 'destinationUnreachable', code: 3, mtu: 0, invoking }));
}
