import { describe, expect, test } from 'vitest';
import { decodeIpv4 } from '../wire/ipv4.ts';
import { decodeIpv6 } from '../wire/ipv6.ts';
import type { SaConfig } from './config.ts';
import { createNet, type Net } from './testing/net.ts';
import { udp } from './testing/packets.ts';
import { SITE_WIRES, sites } from './testing/sites.ts';

const [A4, B4] = ['10.0.0.2', '10.0.1.2'];
const [A6, B6] = ['2001:470:24:c66::2', '2001:470:24:c67::2'];

/** The sites, with this treatment of the outer header by alice. */
function site(outer: 4 | 6, treatment: SaConfig['outer'] = {}): Net {
  const configs = sites({ outer }).map(config =>
    config.name === 'alice' ? { ...config, sas: config.sas.map(sa => ({ ...sa, outer: treatment ?? {} })) } : config,
  );
  return createNet(configs, SITE_WIRES);
}

function outerOf(net: Net): {
  dscpEcn: number;
  dontFragment: boolean | null;
  hopLimit: number;
  flowLabel: number | null;
} {
  const frame = net.seen.findLast(seen => seen.from === 'alice:net0');
  if (frame === undefined) throw new Error('nothing left');
  const octets = frame.octets.subarray(14);
  if ((octets[0] ?? 0) >> 4 === 4) {
    const { dscpEcn, dontFragment, ttl } = decodeIpv4(octets);
    return { dscpEcn, dontFragment, hopLimit: ttl, flowLabel: null };
  }
  const { trafficClass, hopLimit, flowLabel } = decodeIpv6(octets);
  return { dscpEcn: trafficClass, dontFragment: null, hopLimit, flowLabel };
}

describe.each([4, 6] as const)('the outer header of IPv%i, RFC 4301 §5.1.2', outer => {
  test.each([
    ['IPv4', A4, B4],
    ['IPv6', A6, B6],
  ])('DSCP and ECN are copied from %s inside; hop limit and flow label are not', (_, from, to) => {
    const net = site(outer);
    const inner = udp(from, to, [1, 2], 32, { dscpEcn: 0xb9, hopLimit: 9, dontFragment: true });
    if (from === A6) inner.set([0x6b, 0x91, 0x23, 0x45], 0);
    net.send('a1', inner);
    expect(outerOf(net)).toMatchObject({ dscpEcn: 0xb9, hopLimit: 64, flowLabel: outer === 6 ? 0 : null });
    const [received] = net.takeDeliveries('b1');
    expect(received?.[from === A4 ? 8 : 7]).toBe(9 - 2); // alice and bob forward it, the outer path does not count
  });

  test('a fixed DSCP, and Not-ECT, where the SA says so', () => {
    const net = site(outer, { dscp: 10, ecn: 'compatibility' });
    net.send('a1', udp(A4, B4, [1, 2], 32, { dscpEcn: 0xb9 }));
    expect(outerOf(net).dscpEcn).toBe(10 << 2);
  });
});

test.each([
  ['copy', true, true],
  ['copy', false, false],
  ['set', false, true],
  ['clear', true, false],
] as const)('DF: %s where the inner one is %s makes the outer one %s', (dontFragment, inner, expected) => {
  const net = site(4, { dontFragment });
  net.send('a1', udp(A4, B4, [1, 2], 32, { dontFragment: inner }));
  expect(outerOf(net).dontFragment).toBe(expected);
});

test('congestion marked on the way reaches who understands it, and drops what does not, RFC 6040', () => {
  const net = site(4);
  net.alter = ({ from, octets }) => {
    if (from !== 'internet:bob' || octets[23] !== 50) return octets;
    const marked = octets.slice();
    marked[15] = (marked[15] ?? 0) | 3;
    marked.set([0, 0], 24);
    let sum = 0;
    for (let i = 14; i < 34; i += 2) sum += ((marked[i] ?? 0) << 8) | (marked[i + 1] ?? 0);
    while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
    marked.set([(~sum >> 8) & 255, ~sum & 255], 24);
    return marked;
  };
  net.send('a1', udp(A4, B4, [1, 2], 32, { dscpEcn: 2 }), udp(A4, B4, [3, 4], 32, { dscpEcn: 0 }));
  expect(net.takeDeliveries('b1').map(octets => octets[1])).toEqual([3]);
  expect(net.node('bob').status().drops).toEqual({ congestionLost: 1 });
});
