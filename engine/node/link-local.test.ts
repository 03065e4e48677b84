import { describe, expect, test } from 'vitest';
import type { NodeConfig } from './config.ts';
import { createNet, type Net } from './testing/net.ts';
import { ping } from './testing/packets.ts';
import { line, traffic } from './testing/read.ts';
import { nodeConfig, port, route, SITE_WIRES, sites, tunnel } from './testing/sites.ts';

const ALICE = 'fe80::102:304';
const BOB = 'fe80::506:708';

describe('link-local addresses on a tunnel', () => {
  test.each(['tunnel', 'transport'] as const)('a ping between them goes through ESP (%s mode)', protect => {
    const net = createNet(sites({ protect }), SITE_WIRES);
    expect(net.node('alice').sourceFor(BOB)).toBe(ALICE);
    net.send('alice', ping(ALICE, BOB));
    expect(net.takeDeliveries('alice').map(line)).toEqual([`${BOB} > ${ALICE} | icmp 129/0`]);
    expect(traffic(net, 'alice:net0')).toEqual(['1.2.3.4 > 5.6.7.8 | esp 4096 1']);
    expect(traffic(net, 'internet:alice')).toEqual(['5.6.7.8 > 1.2.3.4 | esp 4097 1']);
  });

  test('over IPv6, ends that differ in their prefix alone have different ones', () => {
    const configs = sites({ outer: 6 }).map(config => ({
      ...config,
      interfaces: config.interfaces.map(each => ({ ...each, addresses: each.addresses.map(sameHost) })),
      tunnels: config.tunnels.map(each => ({ ...each, local: sameHost(each.local), remote: sameHost(each.remote) })),
      sas: config.sas.map(each => ({
        ...each,
        source: sameHost(each.source),
        destination: sameHost(each.destination),
      })),
    }));
    const net = createNet(configs, SITE_WIRES);
    const [alice, bob] = [own(net, 'alice', 'v4_bob0'), own(net, 'bob', 'v4_alice0')];
    expect(alice).not.toBe(bob);
    net.send('alice', ping(alice, bob));
    expect(net.takeDeliveries('alice').map(line)).toEqual([`${bob} > ${alice} | icmp 129/0`]);
  });

  test('in the clear they are not accepted, not from another link either', () => {
    const net = createNet(sites(), SITE_WIRES);
    net.injectPackets('bob', 'net0', ping(ALICE, BOB));
    expect(traffic(net, 'bob:net0')).toEqual([]);
    net.injectPackets('bob', 'net0', ping(ALICE, own(net, 'bob', 'net0')));
    expect(traffic(net, 'bob:net0').filter(text => text.includes('esp'))).toEqual([]);
    expect(net.takeDeliveries('bob')).toEqual([]);
  });

  test('two tunnels from one address: each answers through itself', () => {
    const hub = nodeConfig('hub', {
      forwarding: true,
      interfaces: [port('e', ['10.0.0.1/24'])],
      tunnels: [tunnel('a0', '10.0.0.1', '10.0.0.2'), tunnel('b0', '10.0.0.1', '10.0.0.3')],
      routes: [],
    });
    for (const [name, address, mine] of [
      ['a', '10.0.0.2', 'fe80::a00:2'],
      ['b', '10.0.0.3', 'fe80::a00:3'],
    ] as const) {
      const net = createNet([hub, spoke(name, address)], [[`hub:e`, `${name}:e`]]);
      net.send(name, ping(mine, 'fe80::a00:1'));
      expect(net.takeDeliveries(name).map(line)).toEqual([`fe80::a00:1 > ${mine} | icmp 129/0`]);
    }
  });
});

describe('link-local addresses on Ethernet', () => {
  test('are answered on the link that asked', () => {
    const net = createNet(sites(), SITE_WIRES);
    const [a1, alice] = [own(net, 'a1', 'eth0'), own(net, 'alice', 'net1')];
    net.send('a1', ping(a1, alice));
    expect(net.takeDeliveries('a1').map(line)).toEqual([`${alice} > ${a1} | icmp 129/0`]);
    expect(net.node('a1').sourceFor(alice)).toBe(a1);
  });
});

function spoke(name: string, address: string): NodeConfig {
  return nodeConfig(name, {
    interfaces: [port('e', [`${address}/24`])],
    tunnels: [tunnel('hub0', address, '10.0.0.1')],
    routes: [route('192.0.2.0/24', null, 'hub0')],
  });
}

function own(net: Net, node: string, name: string): string {
  const found = net
    .node(node)
    .status()
    .interfaces.find(each => each.name === name);
  const address = found?.addresses.find(text => text.startsWith('fe80:'));
  if (address === undefined) throw new Error(`${node} has no link-local address on ${name}`);
  return address.slice(0, address.indexOf('/'));
}

/** The same lower 64 bits at both gateways. */
function sameHost(text: string): string {
  return text.replace(/^2001:db8:([ab])::[48]\b/, '2001:db8:$1::9');
}
