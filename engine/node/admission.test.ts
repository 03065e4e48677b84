import { protectBy } from '../ipsec/spd.ts';
import { describe, expect, test } from 'vitest';
import { encodeEthernet, EtherType } from '../wire/ethernet.ts';
import { encodeIcmpv4 } from '../wire/icmpv4.ts';
import { encodeIcmpv6 } from '../wire/icmpv6.ts';
import { fragmentIpv4 } from '../wire/ipv4.ts';
import { addressOf } from '../wire/testing/must.ts';
import type { PolicyConfig } from './config.ts';
import { createNet, type Net } from './testing/net.ts';
import { ipPacket, ping, udp } from './testing/packets.ts';
import { line, traffic } from './testing/read.ts';
import { nodeConfig, policy, port, SITE_WIRES, sites } from './testing/sites.ts';

const protect = protectBy('esp', 'tunnel');
const drops = (net: Net, name: string) => net.node(name).status().drops;
const tunnelMtu = (net: Net) =>
  net
    .node('alice')
    .status()
    .interfaces.find(({ name }) => name === 'v4_bob0')?.mtu;

/** "Too big" about `quoted`, from a stranger. */
function tooBig(to: string, quoted: Uint8Array, mtu: number): Uint8Array {
  const stranger = to.includes(':') ? '2001:db8:ffff::1' : '9.9.9.9';
  const invoking = quoted.subarray(0, 100);
  return to.includes(':')
    ? ipPacket(
        stranger,
        to,
        58,
        encodeIcmpv6({ type: 'packetTooBig', mtu, invoking }, addressOf(stranger), addressOf(to)),
      )
    : ipPacket(stranger, to, 1, encodeIcmpv4({ type: 'destinationUnreachable', code: 4, mtu, invoking }));
}

describe('ICMP errors in the clear about a protected flow', () => {
  test.each([
    ['IPv4', '10.0.0.2', '10.0.1.2'],
    ['IPv6', '2001:470:24:c66::2', '2001:470:24:c67::2'],
  ])('do not reach the host that it is of (%s)', (_, from, to) => {
    const net = createNet(sites(), SITE_WIRES);
    net.injectPackets('alice', 'net0', tooBig(from, udp(from, to, [1, 2], 1200), 1280));
    expect(traffic(net, 'alice:net1')).toEqual([]);
    expect(drops(net, 'alice')).toEqual({ policyDiscard: 1 });
  });

  test.each([
    ['IPv4', '10.0.0.1', '10.0.1.2'],
    ['IPv6', '2001:470:24:c66::1', '2001:470:24:c67::2'],
  ])('nor the gateway and the host above it (%s)', (_, from, to) => {
    const net = createNet(sites(), SITE_WIRES);
    net.injectPackets('alice', 'net0', tooBig(from, udp(from, to, [1, 2], 1200), 1280));
    expect(net.takeDeliveries('alice')).toEqual([]);
    expect(drops(net, 'alice')).toEqual({ policyDiscard: 1 });
  });

  test('a fragment of one that hides what it is about is not believed either', () => {
    const net = createNet(sites(), SITE_WIRES);
    const error = tooBig('10.0.0.2', udp('10.0.0.2', '10.0.1.2', [1, 2], 1200), 1280);
    net.injectPackets('alice', 'net0', fragmentIpv4(error, 44)[0] ?? error);
    expect(traffic(net, 'alice:net1')).toEqual([]);
    expect(drops(net, 'alice')).toEqual({ policyDiscard: 1 });
  });

  test('those about other flows pass, also after one of the same two addresses', () => {
    const net = createNet(sites(), SITE_WIRES);
    const other = () => tooBig('10.0.0.2', udp('10.0.0.2', '8.8.8.8', [1, 2], 1200), 1280);
    net.injectPackets('alice', 'net0', other(), other());
    net.injectPackets('alice', 'net0', tooBig('10.0.0.2', udp('10.0.0.2', '10.0.1.2', [1, 2], 1200), 1280), other());
    expect(traffic(net, 'alice:net1')).toHaveLength(3);
    expect(drops(net, 'alice')).toEqual({ policyDiscard: 1 });
  });

  test('errors from behind the gateway still go through the tunnel', () => {
    const net = createNet(sites(), SITE_WIRES);
    const quoted = udp('10.0.1.2', '10.0.0.2', [1, 2]);
    net.send(
      'a1',
      ipPacket(
        '10.0.0.2',
        '10.0.1.2',
        1,
        encodeIcmpv4({ type: 'destinationUnreachable', code: 3, mtu: 0, invoking: quoted }),
      ),
    );
    expect(net.takeDeliveries('b1').map(line)).toEqual([expect.stringContaining('icmp 3/3')]);
  });
});

test('an error that shows too little of a packet to tell its ports is not believed where ports count', () => {
  const net = createNet(sites({ policies: ports }), SITE_WIRES);
  const quoted = udp('10.0.0.2', '10.0.1.2', [1, 2], 1200);
  net.injectPackets('alice', 'net0', tooBig('10.0.0.2', quoted.subarray(0, 20), 600));
  expect(traffic(net, 'alice:net1')).toEqual([]);
  net.injectPackets('alice', 'net0', tooBig('10.0.0.2', udp('10.0.0.2', '8.8.8.8', [1, 2]).subarray(0, 20), 600));
  expect(traffic(net, 'alice:net1')).toHaveLength(1);
});

describe('what comes by an SA', () => {
  test('must be what the SPD would use that SA for: an earlier entry comes first', () => {
    const net = createNet(sites({ policies: refusing }), SITE_WIRES);
    net.send('a1', udp('10.0.0.2', '10.0.1.2', [1, 9]), udp('10.0.0.2', '10.0.1.2', [1, 10]));
    expect(net.takeDeliveries('b1').map(line)).toEqual(['10.0.0.2 > 10.0.1.2 | udp 1 > 10']);
    expect(drops(net, 'bob')).toEqual({ policyMismatch: 1 });
  });
});

describe('a stranger who borrows the address of a host behind the gateway', () => {
  test.each([
    ['IPv4', '10.0.0.2', '10.0.1.2', '9.9.9.9'],
    ['IPv6', '2001:470:24:c66::2', '2001:470:24:c67::2', '2001:db8:ffff::1'],
  ])('does not get packets protected from outside (%s)', (_, from, to, other) => {
    const net = createNet(sites(), SITE_WIRES);
    net.injectPackets('alice', 'net0', udp(from, to, [1, 2]));
    expect(traffic(net, 'alice:net0')).toEqual([]);
    expect(drops(net, 'alice')).toEqual({ policyDiscard: 1 });
    net.take('alice', net.node('alice').command({ kind: 'link', port: 'net1', up: false }, net.now()));
    net.injectPackets('alice', 'net0', udp(from, to, [1, 2]));
    expect(drops(net, 'alice')).toEqual({ policyDiscard: 2 });
    net.injectPackets('alice', 'net0', udp(other, to, [1, 2])); // to whom the policy is open
    expect(traffic(net, 'alice:net0')).toEqual(['1.2.3.4 > 5.6.7.8 | esp 4096 1']);
  });
});

describe('the path MTU of a tunnel', () => {
  test('does not believe errors about clear packets to the same address', () => {
    const net = createNet(sites(), SITE_WIRES);
    const before = tunnelMtu(net);
    net.injectPackets('alice', 'net0', tooBig('1.2.3.4', udp('1.2.3.4', '5.6.7.8', [1, 2], 1200), 600));
    expect(tunnelMtu(net)).toBe(before);
  });

  test('nor about plain IP-in-IP, which it never sends', () => {
    const net = createNet(sites(), SITE_WIRES);
    const before = tunnelMtu(net);
    const quoted = ipPacket('1.2.3.4', '5.6.7.8', 4, udp('10.0.0.2', '10.0.1.2', [1, 2], 1200));
    net.injectPackets('alice', 'net0', tooBig('1.2.3.4', quoted, 600));
    expect(tunnelMtu(net)).toBe(before);
    expect(drops(net, 'alice')).toEqual({ unknownSpi: 1 });
  });
});

test('an echo request from the broadcast address of a subnet is not answered', () => {
  const net = createNet(sites(), SITE_WIRES);
  net.injectPackets('alice', 'net1', ping('10.0.0.255', '10.0.0.1'));
  expect(traffic(net, 'alice:net1')).toEqual([]);
  expect(drops(net, 'alice')).toEqual({ malformed: 1 });
});

test('a frame for everybody that holds a packet for this node alone is not answered', () => {
  const net = createNet(sites(), SITE_WIRES);
  const payload = ping('10.0.0.2', '10.0.0.1');
  const everybody = Uint8Array.of(255, 255, 255, 255, 255, 255);
  const source = Uint8Array.of(2, 0xff, 0, 0, 0, 1);
  net.inject('alice', 'net1', encodeEthernet({ destination: everybody, source, etherType: EtherType.IPV4, payload }));
  expect(traffic(net, 'alice:net1')).toEqual([]);
  expect(drops(net, 'alice')).toEqual({ notForUs: 1 });
});

test('what the host above says to its own link goes nowhere, least of all to the default router', () => {
  const net = createNet(sites(), SITE_WIRES);
  const solicitation = encodeIcmpv6(
    { type: 'unknown', number: 133, code: 0, body: new Uint8Array(4) },
    addressOf('fe80::9'),
    addressOf('ff02::2'),
  );
  net.send(
    'alice',
    ipPacket('fe80::9', 'ff02::2', 58, solicitation, { hopLimit: 255 }),
    udp('10.0.0.1', '224.0.0.251', [5353, 5353]),
  );
  expect(net.seen).toEqual([]);
});

test('with a policy for some ports of a host, fragments in the clear to it are judged whole', () => {
  const host = nodeConfig('host', {
    interfaces: [port('e', ['192.0.2.1/24'])],
    policies: [
      policy('telnet', protectBy('esp', 'transport'), { protocol: 17, localPort: 23 }),
      policy('rest', { kind: 'bypass' }),
    ],
  });
  const net = createNet([host], []);
  net.injectPackets('host', 'e', ...fragmentIpv4(udp('192.0.2.9', '192.0.2.1', [1, 23], 2000), 600));
  expect(net.takeDeliveries('host')).toEqual([]);
  net.injectPackets(
    'host',
    'e',
    ...fragmentIpv4(udp('192.0.2.9', '192.0.2.1', [1, 24], 2000, { identification: 2 }), 600),
  );
  expect(net.takeDeliveries('host')).toHaveLength(1);
});

function ports(side: 'alice' | 'bob'): PolicyConfig[] {
  const tunnel = side === 'alice' ? 'v4_bob0' : 'v4_alice0';
  const own = side === 'alice' ? { localPort: 1, remotePort: 2 } : { localPort: 2, remotePort: 1 };
  return [policy(tunnel, protect, { tunnel, protocol: 17, ...own }), policy('rest', { kind: 'bypass' }, { tunnel })];
}

/** Bob wants nothing at UDP port 9; alice does not know. */
function refusing(side: 'alice' | 'bob'): PolicyConfig[] {
  if (side === 'alice') return [policy('v4_bob0', protect, { tunnel: 'v4_bob0' })];
  const tunnel = 'v4_alice0';
  return [
    policy('no9', { kind: 'discard' }, { tunnel, protocol: 17, localPort: 9 }),
    policy(tunnel, protect, { tunnel }),
  ];
}
