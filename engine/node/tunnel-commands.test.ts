import { describe, expect, test } from 'vitest';
import { protectBy } from '../ipsec/spd.ts';
import type { NodeConfig } from './config.ts';
import type { NodeCommand } from './node.ts';
import { createNet, type Net } from './testing/net.ts';
import { ping, udp } from './testing/packets.ts';
import { line, traffic } from './testing/read.ts';
import { policy, route, saPair, SITE_WIRES, sites, TO_ALICE, TO_BOB } from './testing/sites.ts';

type Side = 'alice' | 'bob';
const TUNNEL = { alice: 'v4_bob0', bob: 'v4_alice0' } as const;
const OUTER = { alice: '1.2.3.4', bob: '5.6.7.8' } as const;
const INNER = { alice: '10.0.0.1', bob: '10.0.1.1' } as const;
const LINK_LOCAL = { alice: 'fe80::102:304', bob: 'fe80::506:708' } as const;
const SUBNETS = {
  alice: ['10.0.0.0/24', '2001:470:24:c66::/64'],
  bob: ['10.0.1.0/24', '2001:470:24:c67::/64'],
} as const;
const far = (side: Side): Side => (side === 'alice' ? 'bob' : 'alice');

/** Two offices whose gateways have no tunnel yet, nor routes to one. */
function bare(): NodeConfig[] {
  return sites({ protect: null }).map(config => ({
    ...config,
    tunnels: [],
    routes: config.routes.filter(each => each.interface === null),
  }));
}

function command(net: Net, side: string, ...commands: readonly NodeCommand[]): void {
  for (const each of commands) net.take(side, net.node(side).command(each, net.now()));
}

const tunnelOf = (side: Side): NodeCommand => ({
  kind: 'addTunnel',
  tunnel: {
    name: TUNNEL[side],
    local: OUTER[side],
    remote: OUTER[far(side)],
    mtu: null,
    addresses: [],
    linkLocal: false,
  },
});

const addressOf = (side: Side): NodeCommand => ({
  kind: 'addAddress',
  interface: TUNNEL[side],
  address: INNER[side],
  isPreferred: false,
  peer: INNER[far(side)],
});

const routesOf = (side: Side): NodeCommand[] => [
  { kind: 'addRoute', route: route(SUBNETS[far(side)][0], INNER[far(side)], TUNNEL[side]) },
  { kind: 'addRoute', route: route(SUBNETS[far(side)][1], LINK_LOCAL[far(side)], TUNNEL[side]) },
];

/** What the guide has its readers type, from the tunnel to the routes. */
function connect(net: Net): void {
  for (const side of ['alice', 'bob'] as const) {
    const addrconf = { kind: 'setAddrconf', tunnel: TUNNEL[side], on: true } as const;
    command(net, side, tunnelOf(side), addressOf(side), addrconf, ...routesOf(side));
  }
}

const protection = (side: Side) => policy('vpn', protectBy('esp', 'tunnel'), { tunnel: TUNNEL[side] });

/** At bob first: what waits at alice leaves as soon as she can send it. */
function install(net: Net): void {
  for (const side of ['bob', 'alice'] as const) {
    const [mine, theirs] = side === 'alice' ? [TO_BOB, TO_ALICE] : [TO_ALICE, TO_BOB];
    const [out] = saPair(mine, OUTER[side], OUTER[far(side)], ['vpn', 'vpn']);
    const [, into] = saPair(theirs, OUTER[far(side)], OUTER[side], ['vpn', 'vpn']);
    command(net, side, { kind: 'installSa', sa: into }, { kind: 'installSa', sa: out });
  }
}

const tunnelStatus = (net: Net, side: Side) =>
  net
    .node(side)
    .status()
    .interfaces.find(({ name }) => name === TUNNEL[side]);

describe('a tunnel that is made while the node runs', () => {
  test('has no address before it is given one, then reaches the far end, then what is behind it', () => {
    const net = createNet(bare(), SITE_WIRES);
    command(net, 'alice', tunnelOf('alice'));
    expect(tunnelStatus(net, 'alice')).toMatchObject({
      kind: 'tunnel',
      addresses: [],
      tunnel: { local: '1.2.3.4', remote: '5.6.7.8', remoteLinkLocal: 'fe80::506:708' },
    });
    net.send('alice', ping('10.0.0.1', '10.0.1.1'));
    expect(net.takeDeliveries('alice')).toEqual([]);
    command(net, 'alice', addressOf('alice'));
    command(net, 'bob', tunnelOf('bob'), addressOf('bob'));
    net.send('alice', ping('10.0.0.1', '10.0.1.1'));
    expect(net.takeDeliveries('alice').map(line)).toEqual(['10.0.1.1 > 10.0.0.1 | icmp 0/0']);
    expect(net.node('alice').sourceFor('10.0.1.1')).toBe('10.0.0.1');
    for (const side of ['alice', 'bob'] as const) command(net, side, ...routesOf(side));
    net.send('a1', ping('10.0.0.2', '10.0.1.2'));
    expect(net.takeDeliveries('a1').map(line)).toEqual(['10.0.1.2 > 10.0.0.2 | icmp 0/0']);
  });

  test('has a link-local address while it is told to, and carries IPv6 by it', () => {
    const net = createNet(bare(), SITE_WIRES);
    connect(net);
    expect(tunnelStatus(net, 'alice')?.addresses).toEqual(['10.0.0.1/32', 'fe80::102:304/64']);
    net.send('alice', ping('fe80::102:304', 'fe80::506:708'));
    expect(net.takeDeliveries('alice').map(line)).toEqual(['fe80::506:708 > fe80::102:304 | icmp 129/0']);
    net.send('a1', ping('2001:470:24:c66::2', '2001:470:24:c67::2'));
    expect(net.takeDeliveries('a1')).toHaveLength(1);
    command(net, 'bob', { kind: 'setAddrconf', tunnel: 'v4_alice0', on: false });
    expect(tunnelStatus(net, 'bob')?.addresses).toEqual(['10.0.1.1/32']);
    net.send('alice', ping('fe80::102:304', 'fe80::506:708'));
    expect(net.takeDeliveries('alice')).toEqual([]);
  });

  test('begins the policy that has waited for it, and leaves it waiting when it goes', () => {
    const net = createNet(bare(), SITE_WIRES);
    for (const side of ['alice', 'bob'] as const) {
      command(net, side, { kind: 'setPolicies', policies: [protection(side)] });
    }
    net.send('a1', ping('10.0.0.2', '1.2.3.1'));
    expect(net.takeDeliveries('a1')).toHaveLength(0); // the internet knows no way back: but it left
    expect(traffic(net, 'alice:net0')).toEqual(['10.0.0.2 > 1.2.3.1 | icmp 8/0']);
    connect(net);
    net.seen.length = 0;
    net.send('a1', ping('10.0.0.2', '10.0.1.2'));
    expect(traffic(net, 'alice:net0')).toEqual([]);
    expect(net.takeEvents('alice').map(({ kind }) => kind)).toContain('saWanted');
    install(net);
    net.send('a1', ping('10.0.0.2', '10.0.1.2'), ping('2001:470:24:c66::2', '2001:470:24:c67::2'));
    expect(net.takeDeliveries('a1')).toHaveLength(2);
    const lines = traffic(net, 'alice:net0');
    expect(lines.filter(each => each.includes('| esp '))).toHaveLength(lines.length);
    command(net, 'alice', { kind: 'removeTunnel', name: 'v4_bob0' });
    const { sas, policies, interfaces, routes } = net.node('alice').status();
    expect(sas).toEqual([]);
    expect(policies.map(({ name }) => name)).toEqual(['vpn']);
    expect(interfaces.map(({ name }) => name)).toEqual(['net0', 'net1']);
    expect(routes.filter(each => each.interface === 'v4_bob0')).toEqual([]);
  });

  test('can go and come again with other ends, also as what its policy protects', () => {
    const net = createNet(bare(), SITE_WIRES);
    for (const side of ['alice', 'bob'] as const) {
      command(net, side, { kind: 'setPolicies', policies: [protection(side)] });
    }
    connect(net);
    install(net);
    for (const side of ['alice', 'bob'] as const) command(net, side, { kind: 'removeTunnel', name: TUNNEL[side] });
    net.send('a1', udp('10.0.0.2', '10.0.1.2', [1, 2]));
    expect(net.takeDeliveries('b1')).toEqual([]);
    connect(net);
    install(net);
    net.send('a1', udp('10.0.0.2', '10.0.1.2', [1, 2]));
    expect(net.takeDeliveries('b1')).toHaveLength(1);
  });

  test('is refused where its name or its ends are another one’s', () => {
    const net = createNet(bare(), SITE_WIRES);
    command(net, 'alice', tunnelOf('alice'));
    expect(() => command(net, 'alice', tunnelOf('alice'))).toThrow('alice has an interface v4_bob0 already');
    const twin = tunnelOf('alice') as Extract<NodeCommand, { kind: 'addTunnel' }>;
    const other = { ...twin, tunnel: { ...twin.tunnel, name: 'other0' } };
    expect(() => command(net, 'alice', other)).toThrow('v4_bob0 leads from 1.2.3.4 to 5.6.7.8 already');
    expect(() => command(net, 'alice', { kind: 'setAddrconf', tunnel: 'net1', on: true })).toThrow('no tunnel net1');
    command(net, 'alice', { kind: 'removeTunnel', name: 'nothing0' });
  });
});

test('the strong host model comes at runtime, for one family and for the other', () => {
  const net = createNet(bare(), SITE_WIRES);
  const knock = () => net.send('a1', ping('10.0.0.2', '1.2.3.4'), ping('2001:470:24:c66::2', '2001:db8:a::4'));
  knock();
  expect(net.takeDeliveries('a1')).toHaveLength(2);
  command(net, 'alice', { kind: 'setHostModel', family: 4, model: 'strong' });
  expect(net.node('alice').status().hostModel).toEqual({ 4: 'strong', 6: 'weak' });
  knock();
  expect(net.takeDeliveries('a1').map(line)).toEqual(['2001:db8:a::4 > 2001:470:24:c66::2 | icmp 129/0']);
  command(net, 'alice', { kind: 'setHostModel', family: 6, model: 'strong' });
  knock();
  expect(net.takeDeliveries('a1')).toEqual([]);
  command(net, 'alice', { kind: 'setHostModel', family: 4, model: 'weak' });
  knock();
  expect(net.takeDeliveries('a1')).toHaveLength(1);
});

test('a node learns that somebody negotiates: the first packet waits from then on', () => {
  const net = createNet(bare(), SITE_WIRES);
  for (const side of ['alice', 'bob'] as const) {
    command(net, side, { kind: 'setPolicies', policies: [protection(side)] });
  }
  connect(net);
  net.send('a1', udp('10.0.0.2', '10.0.1.2', [1, 2]));
  install(net);
  expect(net.takeDeliveries('b1')).toEqual([]);
  for (const side of ['alice', 'bob'] as const) command(net, side, { kind: 'flushSas' });
  command(net, 'alice', { kind: 'setNegotiation', negotiation: { ports: [500] } });
  net.send('a1', udp('10.0.0.2', '10.0.1.2', [1, 2]));
  expect(net.takeDeliveries('b1')).toEqual([]);
  install(net);
  expect(net.takeDeliveries('b1')).toHaveLength(1);
});
