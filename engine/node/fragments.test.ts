import { describe, expect, test } from 'vitest';
import { protectBy } from '../ipsec/spd.ts';
import { NS_PER_S } from '../wire/instant.ts';
import { fragmentIpv4 } from '../wire/ipv4.ts';
import { fragmentIpv6 } from '../wire/ipv6-extension.ts';
import type { PolicyConfig } from './config.ts';
import { createNet, type Net } from './testing/net.ts';
import { udp } from './testing/packets.ts';
import { traffic } from './testing/read.ts';
import { policy, saPair, SITE_WIRES, sites } from './testing/sites.ts';

const protect = protectBy('esp', 'tunnel');
const drops = (net: Net, name: string) => net.node(name).status().drops;

/** UDP from port 1 to port 2 is protected, that from port 7 passes, all else is discarded. */
function ports(side: 'alice' | 'bob'): PolicyConfig[] {
  const tunnel = side === 'alice' ? 'v4_bob0' : 'v4_alice0';
  const own = (a: number, b: number) =>
    side === 'alice' ? { localPort: a, remotePort: b } : { localPort: b, remotePort: a };
  return [
    policy(tunnel, protect, { tunnel, protocol: 17, ...own(1, 2) }),
    policy('seven', { kind: 'bypass' }, { tunnel, protocol: 17, ...own(7, 2) }),
  ];
}

function stateful(): Net {
  return createNet(
    sites({ policies: ports }).map(config => ({ ...config, fragments: 'stateful' as const })),
    SITE_WIRES,
  );
}

const FAMILIES = [
  {
    family: 'IPv4',
    whole: (port: number) => udp('10.0.0.2', '10.0.1.2', [port, 2], 3000),
    cut: (octets: Uint8Array) => fragmentIpv4(octets, 1400),
  },
  {
    family: 'IPv6',
    whole: (port: number) => udp('2001:470:24:c66::2', '2001:470:24:c67::2', [port, 2], 3000),
    cut: (octets: Uint8Array) => fragmentIpv6(octets, 1400, 7),
  },
];

describe.each(FAMILIES)('stateful fragment checking of $family', ({ whole, cut }) => {
  test('later fragments follow the first, one packet of ESP each, and arrive', () => {
    const net = stateful();
    net.send('a1', ...cut(whole(1)));
    const esp = traffic(net, 'alice:net0');
    expect(esp).toHaveLength(3);
    expect(esp.every(text => /esp 4096 \d$/.test(text))).toBe(true);
    expect(net.takeDeliveries('b1').map(octets => octets.length)).toEqual([whole(1).length]);
  });

  test('those of a packet that passes in the clear pass in the clear', () => {
    const net = stateful();
    net.send('a1', ...cut(whole(7)));
    expect(traffic(net, 'alice:net0').filter(text => text.includes('esp'))).toEqual([]);
    expect(net.takeDeliveries('b1')).toHaveLength(1);
  });

  test('without a first fragment they go nowhere, nor when the first was discarded', () => {
    const net = stateful();
    const [, second, third] = cut(whole(1));
    const [wrong] = cut(whole(9));
    if (second === undefined || third === undefined || wrong === undefined) throw new Error('three fragments');
    net.send('a1', second, wrong, third);
    expect(traffic(net, 'alice:net0')).toEqual([]);
    expect(drops(net, 'alice')).toEqual({ fragmentRefused: 2, policyDiscard: 1 });
  });

  test('what came in the clear does not complete what an SA brought', () => {
    const net = stateful();
    const [first, ...later] = cut(whole(1));
    if (first === undefined) throw new Error('no fragments');
    net.send('a1', first);
    net.injectPackets('bob', 'net0', ...later);
    expect(traffic(net, 'bob:net1')).toHaveLength(1);
    expect(drops(net, 'bob')).toEqual({ fragmentRefused: 2 });
  });

  test('a second first fragment does not lead the later ones elsewhere', () => {
    const net = stateful();
    const [first, second] = cut(whole(1));
    const [other] = cut(whole(7));
    if (first === undefined || second === undefined || other === undefined) throw new Error('no fragments');
    net.send('a1', first, other, second);
    expect(traffic(net, 'alice:net0').filter(text => !text.includes('esp'))).toEqual([]);
    expect(drops(net, 'alice')).toEqual({ fragmentRefused: 1 });
  });

  test('the first is forgotten in time, and when the SAs change', () => {
    for (const forget of [
      (net: Net) => net.advance(40 * NS_PER_S),
      (net: Net) => net.take('alice', net.node('alice').command({ kind: 'flushSas' }, net.now())),
    ]) {
      const net = stateful();
      const [first, second] = cut(whole(1));
      if (first === undefined || second === undefined) throw new Error('no fragments');
      net.send('a1', first);
      forget(net);
      net.send('a1', second);
      expect(drops(net, 'alice')).toMatchObject({ fragmentRefused: 1 });
    }
  });
});

test('a first fragment too short for its ports, and one that overlaps it, are refused', () => {
  const net = stateful();
  const whole = udp('10.0.0.2', '10.0.1.2', [1, 2], 3000);
  const [first, second] = fragmentIpv4(whole, 1400);
  if (first === undefined || second === undefined) throw new Error('no fragments');
  const overlapping = fragmentIpv4(whole, 28)[1];
  if (overlapping === undefined) throw new Error('no fragment');
  net.send('a1', first, overlapping);
  expect(drops(net, 'alice')).toEqual({ fragmentRefused: 1 });
  const tcp = whole.slice(0, 22);
  tcp.set([0, 22, 0, 9, 0x20, 0], 2);
  tcp.set([0, 0], 10);
  let sum = 0;
  for (let i = 0; i < 20; i += 2) sum += ((tcp[i] ?? 0) << 8) | (tcp[i + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  tcp.set([(~sum >> 8) & 255, ~sum & 255], 10);
  net.send('a1', tcp);
  expect(drops(net, 'alice')).toEqual({ fragmentRefused: 2 });
});

describe('an SA of its own for later fragments (OPAQUE ports)', () => {
  test('carries them, and the first ones go by theirs', () => {
    const net = opaque();
    net.send('a1', ...fragmentIpv4(udp('10.0.0.2', '10.0.1.2', [1, 2], 3000), 1400));
    expect(traffic(net, 'alice:net0').map(text => text.replace(/^.*esp/, 'esp'))).toEqual([
      'esp 4096 1',
      'esp 6000 1',
      'esp 6000 2',
    ]);
    expect(net.takeDeliveries('b1')).toHaveLength(1);
  });

  test('refuses one that begins where the ports of the first may be', () => {
    const net = opaque();
    const pieces = fragmentIpv4(udp('10.0.0.2', '10.0.1.2', [1, 2], 100), 20 + 64);
    net.send('a1', ...pieces);
    expect(drops(net, 'bob')).toEqual({ fragmentRefused: 1 });
  });
});

function opaque(): Net {
  const [out, into] = saPair(6000, '1.2.3.4', '5.6.7.8', ['later', 'later']);
  const extra = new Map([
    ['alice', out],
    ['bob', into],
  ]);
  const configs = sites({ policies: withOpaque }).map(config => {
    const sa = extra.get(config.name);
    return sa === undefined ? config : { ...config, sas: [...config.sas, sa] };
  });
  return createNet(configs, SITE_WIRES);
}

function withOpaque(side: 'alice' | 'bob'): PolicyConfig[] {
  const tunnel = side === 'alice' ? 'v4_bob0' : 'v4_alice0';
  return [
    policy('later', protect, { tunnel, protocol: 17, localPort: 'opaque', remotePort: 'opaque' }),
    ...ports(side),
  ];
}
