import { describe, expect, test } from 'vitest';
import { formatDiagnostic } from '../config/diagnostic.ts';
import { parseFilter } from '../filter/parse.ts';
import type { FilterConfig } from '../filter/rule.ts';
import { protectBy } from '../ipsec/spd.ts';
import type { NodeConfig } from './config.ts';
import { createNet, type Net } from './testing/net.ts';
import { ipPacket, ping, udp } from './testing/packets.ts';
import { line, traffic } from './testing/read.ts';
import { policy, SITE_WIRES, sites } from './testing/sites.ts';

/**
 * /etc/ipf/ipf.conf of a guide to tunnels on SmartOS, with the /22 that it has in its fourth rule. It regrets that its
 * filter knows IPv4 alone; the second half is what it would have written, and lets the tunnel's own link-local addresses through.
 */
const ALICE = `# Protecting IPv4 between Alice and Bob
block in on v4_bob0 all
block out on v4_bob0 all
block in from 10.0.1.0/24 to 10.0.0.0/24
block out from 10.0.0.0/24 to 10.0.1.0/22
pass in on v4_bob0 from 10.0.1.0/24 to 10.0.0.0/24
pass out on v4_bob0 from 10.0.0.0/24 to 10.0.1.0/24

# The same for IPv6
block in from 2001:470:24:c67::/64 to 2001:470:24:c66::/64
block out from 2001:470:24:c66::/64 to 2001:470:24:c67::/64
pass in on v4_bob0 from 2001:470:24:c67::/64 to 2001:470:24:c66::/64
pass out on v4_bob0 from 2001:470:24:c66::/64 to 2001:470:24:c67::/64
pass in on v4_bob0 from fe80::/10 to any
pass out on v4_bob0 from fe80::/10 to any
`;

/** "Replace Alice specific data with Bob specific data." */
const BOB = `# Protecting IPv4 between Bob and Alice
block in on v4_alice0 all
block out on v4_alice0 all
block in from 10.0.0.0/24 to 10.0.1.0/24
block out from 10.0.1.0/24 to 10.0.0.0/22
pass in on v4_alice0 from 10.0.0.0/24 to 10.0.1.0/24
pass out on v4_alice0 from 10.0.1.0/24 to 10.0.0.0/24

# The same for IPv6
block in from 2001:470:24:c66::/64 to 2001:470:24:c67::/64
block out from 2001:470:24:c67::/64 to 2001:470:24:c66::/64
pass in on v4_alice0 from 2001:470:24:c66::/64 to 2001:470:24:c67::/64
pass out on v4_alice0 from 2001:470:24:c67::/64 to 2001:470:24:c66::/64
pass in on v4_alice0 from fe80::/10 to any
pass out on v4_alice0 from fe80::/10 to any
`;

const FAMILIES = [
  { family: 'IPv4', a1: '10.0.0.2', b1: '10.0.1.2', alice: '10.0.0.1', bob: '10.0.1.1', ipInIp: 4 },
  {
    family: 'IPv6',
    a1: '2001:470:24:c66::2',
    b1: '2001:470:24:c67::2',
    alice: '2001:470:24:c66::1',
    bob: '2001:470:24:c67::1',
    ipInIp: 41,
  },
];

function load(text: string): FilterConfig {
  const { config, diagnostics } = parseFilter('/etc/ipf/ipf.conf', text);
  if (diagnostics.length > 0) throw new Error(diagnostics.map(formatDiagnostic).join('\n'));
  return config;
}

/** Two gateways as in the guide, each with its filter; `without`: what an administrator has not set up yet, or lost. */
function offices(without: 'nothing' | 'ipsec' | 'routes' = 'nothing'): Net {
  const configs = sites({
    protect: without === 'ipsec' ? null : 'tunnel',
    policies: side => {
      const name = side === 'alice' ? 'v4_bob0' : 'v4_alice0';
      return without === 'ipsec' ? [] : [policy(name, protectBy('esp', 'tunnel'), { tunnel: name })];
    },
  });
  return createNet(
    configs.map(config => guarded(config, without === 'routes')),
    SITE_WIRES,
  );
}

function guarded(config: NodeConfig, hasLostRoutes: boolean): NodeConfig {
  if (config.name !== 'alice' && config.name !== 'bob') return config;
  const routes = hasLostRoutes ? config.routes.filter(({ interface: exit }) => exit === null) : config.routes;
  return { ...config, routes, hostModel: 'strong', filter: load(config.name === 'alice' ? ALICE : BOB) };
}

/** As the other gateway's tunnel would send it. */
function inTunnel(protocol: number, inner: Uint8Array): Uint8Array {
  return ipPacket('5.6.7.8', '1.2.3.4', protocol, inner);
}

function filteredBy(net: Net, name: string): number {
  return net.node(name).status().drops['filtered'] ?? 0;
}

test('the files load as they are, and are of both families', () => {
  for (const text of [ALICE, BOB]) {
    const { rules } = load(text);
    expect(rules).toHaveLength(12);
    expect(rules.map(rule => rule.family)).toEqual([null, null, 4, 4, 4, 4, 6, 6, 6, 6, 6, 6]);
  }
  expect(load(ALICE).rules[3]?.destination.addresses).toEqual(['10.0.1.0/22']);
});

describe.each(FAMILIES)('two offices with the filters of the guide, $family', ({ a1, b1, alice, bob, ipInIp }) => {
  test('the tunnel carries what is between the private nets, and it alone', () => {
    const net = offices();
    net.send('a1', ping(a1, b1), udp(a1, b1, [1000, 53]));
    net.send('b1', udp(b1, a1, [53, 1000]));
    expect(net.takeDeliveries('b1').map(line)).toContain(`${a1} > ${b1} | udp 1000 > 53`);
    expect(net.takeDeliveries('a1').map(text => line(text).split(' | ')[0])).toEqual([
      `${b1} > ${a1}`,
      `${b1} > ${a1}`,
    ]);
    expect(traffic(net, 'alice:net0').every(text => text.includes('esp'))).toBe(true);
    expect([filteredBy(net, 'alice'), filteredBy(net, 'bob')]).toEqual([0, 0]);
  });

  test('a clear packet between the private nets is refused on every interface', () => {
    const net = offices();
    for (const [name, port, from, to] of [
      ['alice', 'net0', b1, a1],
      ['alice', 'net1', b1, a1],
      ['bob', 'net0', a1, b1],
      ['bob', 'net1', a1, b1],
    ] as const) {
      const before = filteredBy(net, name);
      net.injectPackets(name, port, udp(from, to, [1, 2]), ping(from, to));
      expect(filteredBy(net, name) - before).toBe(2);
    }
    expect([...net.takeDeliveries('a1'), ...net.takeDeliveries('b1')]).toEqual([]);
  });

  test('nor does one leave in the clear when the routes into the tunnel are gone', () => {
    const net = offices('routes');
    net.send('a1', udp(a1, b1, [1, 2]));
    net.send('b1', udp(b1, a1, [1, 2]));
    expect([filteredBy(net, 'alice'), filteredBy(net, 'bob')]).toEqual([1, 1]);
    expect([...traffic(net, 'alice:net0'), ...traffic(net, 'bob:net0')]).toEqual([]);
  });

  test('through the tunnel comes and goes only what is between the private nets', () => {
    const net = offices('ipsec');
    const stranger = a1.includes(':') ? '2001:db8:7::7' : '10.9.9.9';
    net.injectPackets(
      'alice',
      'net0',
      inTunnel(ipInIp, udp(stranger, a1, [1, 2])),
      inTunnel(ipInIp, udp(b1, stranger, [1, 2])),
    );
    expect(filteredBy(net, 'alice')).toBe(2);
    net.injectPackets('alice', 'net0', inTunnel(ipInIp, udp(b1, a1, [1, 2])));
    expect(net.takeDeliveries('a1').map(line)).toEqual([`${b1} > ${a1} | udp 1 > 2`]);
    net.injectPackets('alice', 'net1', udp(stranger, b1, [1, 2]));
    expect(filteredBy(net, 'alice')).toBe(3);
  });

  test('the gateways reach each other through the tunnel', () => {
    const net = offices();
    net.send('alice', ping(alice, bob));
    // IPv6 has no address of that net on the tunnel, and a strong host takes it there alone where it has it.
    const isOnTunnel = ipInIp === 4;
    expect(net.takeDeliveries('alice')).toHaveLength(isOnTunnel ? 1 : 0);
    expect(net.node('alice').status().drops).toEqual(isOnTunnel ? {} : { wrongInterface: 1 });
  });

  test('explain says which rule decides, on the link and on the tunnel', () => {
    const net = offices();
    const flow = { source: a1, destination: b1, protocol: 17, sourcePort: 1, destinationPort: 2 };
    const { steps, rule, verdict } = net.node('alice').explain(flow);
    expect(verdict).toBe('protect');
    expect(rule).toMatch(/^pass out on v4_bob0 from /);
    expect(steps.filter(step => step.startsWith('filter'))).toEqual([
      'filter in on net1: no rule matches: pass',
      expect.stringMatching(/^filter out on v4_bob0: \/etc\/ipf\/ipf.conf:\d+: pass out on v4_bob0 from .*: pass$/),
      'filter out on net0: no rule matches: pass',
    ]);
  });
});

test('the slip in the guide does what it says: /22 is the net behind Alice as well, and she cannot speak to it', () => {
  const net = offices();
  net.send('a1', ping('10.0.0.2', '10.0.0.1'));
  expect(net.takeDeliveries('a1')).toEqual([]);
  expect(
    net
      .takeEvents('alice')
      .map(event => event.detail)
      .join('\n'),
  ).toMatch(
    /^10\.0\.0\.1 > 10\.0\.0\.2 protocol 1.* out on net1: \/etc\/ipf\/ipf\.conf:5: block out from 10\.0\.0\.0\/24 to 10\.0\.1\.0\/22$/,
  );
});

test('link-local addresses pass on the tunnel, where the files say so', () => {
  const net = offices();
  const own = net
    .node('alice')
    .status()
    .interfaces.find(each => each.name === 'v4_bob0')
    ?.addresses.find(each => each.startsWith('fe80'));
  const theirs = net
    .node('bob')
    .status()
    .interfaces.find(each => each.name === 'v4_alice0')
    ?.addresses.find(each => each.startsWith('fe80'));
  const [from = '', to = ''] = [own, theirs].map(text => text?.split('/')[0]);
  net.send('alice', ping(from, to));
  expect(net.takeDeliveries('alice').map(line)).toEqual([`${to} > ${from} | icmp 129/0`]);
});
