import { describe, expect, test } from 'vitest';
import { createNet } from './testing/net.ts';
import { udp } from './testing/packets.ts';
import { line } from './testing/read.ts';
import { SITE_WIRES, sites, type SitesOptions } from './testing/sites.ts';

const CASES: readonly SitesOptions[] = ([4, 6] as const).flatMap(outer =>
  (['esp', 'ah', 'bundle', 'udp'] as const).flatMap(by =>
    (by === 'ah' ? ['sha256', 'aes128gmac'] : ['aes256gcm16', 'aes128-sha256']).map(suite => ({ outer, by, suite })),
  ),
);

const FAMILIES = [
  { family: 'IPv4', from: '10.0.0.2', to: '10.0.1.2', headers: 28 },
  { family: 'IPv6', from: '2001:470:24:c66::2', to: '2001:470:24:c67::2', headers: 48 },
];

describe.each(CASES)('$by with $suite over IPv$outer', options => {
  test.each(FAMILIES)('$family: the MTU that a sender is told is what fits, to the octet', ({ from, to, headers }) => {
    const net = createNet(sites(options), SITE_WIRES);
    const sized = (octets: number) => udp(from, to, [1, 2], octets - headers, { dontFragment: true });
    net.send('a1', sized(1500));
    const [told = ''] = net.takeDeliveries('a1').map(line);
    const mtu = Number(/mtu ([0-9]+)/.exec(told)?.[1]);
    expect(mtu).toBeGreaterThan(1300);
    const status = net.node('alice').status();
    expect(status.interfaces.find(each => each.name === 'v4_bob0')?.mtu).toBe(mtu);
    net.send('a1', sized(mtu), sized(mtu + 1));
    expect(net.takeDeliveries('b1').map(octets => octets.length)).toEqual([mtu]);
    const sent = net.seen.filter(frame => frame.from === 'alice:net0').map(frame => frame.octets.length);
    expect(Math.max(...sent)).toBeLessThanOrEqual(1514);
    expect(Math.max(...sent)).toBeGreaterThan(1514 - 16);
  });

  test.each(FAMILIES)('$family: explain says how long the frame will be', ({ from, to }) => {
    const net = createNet(sites(options), SITE_WIRES);
    const flow = { source: from, destination: to, protocol: 17, sourcePort: 1, destinationPort: 2 };
    const { frameOctets } = net.node('alice').explain(flow);
    net.send('a1', udp(from, to, [1, 2], 64));
    expect(net.seen.findLast(frame => frame.from === 'alice:net0')?.octets.length).toBe(frameOctets);
  });
});
