import type { FilterAction, FilterCondition, FilterEndpoint, FilterPorts, FilterRule } from '../rule.ts';
import type { PacketModel } from './packets.ts';

/** Whole numbers below `below`, the same for the same seed. */
export type Draw = (below: number) => number;

/** xorshift32. */
export function drawFrom(seed: number): Draw {
  let state = seed === 0 ? 1 : seed | 0;
  return below => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

const V4 = ['10.0.0.1', '10.0.0.2', '10.0.1.1', '10.0.3.255', '192.0.2.1', '224.0.0.5', '255.255.255.254'];
const V6 = ['2001:db8::1', '2001:db8::2', '2001:db8:1::1', 'fe80::1', 'ff02::5', '::1'];
const PREFIXES4 = [...V4, '10.0.0.0/24', '10.0.1.0/22', '10.0.0.0/8', '0.0.0.0/0', '10.0.0.2-10.0.1.7', '224.0.0.0/4'];
const PREFIXES6 = [...V6, '2001:db8::/32', '2001:db8::/64', 'fe80::/10', '::/0', '2001:db8::2-2001:db8:1::1'];
const PROTOCOLS = [1, 6, 17, 50, 58];
const PORTS = [0, 1, 22, 80, 1023, 1024, 65535];
const CONDITIONS: readonly FilterCondition['kind'][] = [
  'ipopts',
  'v6hdrs',
  'frag',
  'frag-body',
  'low-ttl',
  'multicast',
];
const ANY = [null, null, null] as const;
export const INTERFACES: readonly string[] = ['net0', 'net1', 'tun0'];

/** Rules that meet the packets of `randomPacket` often enough; groups lead only to later ones. */
export function randomRules(draw: Draw, count: number): FilterRule[] {
  return Array.from({ length: count }, (_, line) => randomRule(draw, line + 1));
}

export function randomPacket(draw: Draw): PacketModel {
  const isV6 = draw(2) === 0;
  const protocol = pick(draw, PROTOCOLS);
  const addresses = isV6 ? V6 : V4;
  const isFragment = draw(8) === 0;
  const headers = draw(8) > 0 ? [] : isV6 ? pick(draw, [[0], [60], [43, 60]]) : pick(draw, [[7], [131, 137], [148]]);
  return {
    source: pick(draw, addresses),
    destination: pick(draw, addresses),
    protocol,
    ports: [pick(draw, PORTS), pick(draw, PORTS)],
    flags: pick(draw, [2, 0x12, 0x10, 0x18, 0x11, 4]),
    icmp: [pick(draw, [0, 3, 8, 128, 129, 135]), draw(4)],
    tos: pick(draw, [0, 0, 16]),
    ttl: pick(draw, [64, 64, 3, 255]),
    payloadOctets: 16,
    headers,
    ...(isFragment ? { fragment: { offset: draw(2) * 1480, more: draw(2) === 0, identification: draw(4) } } : {}),
  };
}

function randomRule(draw: Draw, line: number): FilterRule {
  const family = pick(draw, [null, null, null, null, 4, 6] as const);
  const protocols = pick(draw, [...ANY, ...ANY, [6], [17], [6, 17], [1], [58], [50]]);
  const isTcp = protocols?.length === 1 && protocols[0] === 6;
  const group = draw(2) === 0 ? 1 + draw(3) : 0;
  const head = group < 3 && draw(2) === 0 ? group + 1 + draw(3 - group) : 0;
  return {
    text: `rule ${line}`,
    file: 'ipf.conf',
    line,
    direction: pick(draw, ['in', 'out'] as const),
    action: randomAction(draw),
    log: null,
    quick: draw(5) === 0,
    interface: pick(draw, [...ANY, ...ANY, ...INTERFACES]),
    family,
    tos: draw(12) === 0 ? 16 : null,
    ttl: draw(12) === 0 ? 3 : null,
    protocols,
    source: randomEndpoint(draw),
    destination: randomEndpoint(draw),
    flags:
      isTcp && draw(2) === 0
        ? pick(draw, [
            { set: 2, mask: 0x12 },
            { set: 2, mask: 0x3f },
            { set: 0, mask: 4 },
          ])
        : null,
    icmp: protocols !== null && draw(4) === 0 ? { types: [8, 128], codes: pick(draw, [null, [0, 1]]) } : null,
    conditions: draw(8) > 0 ? [] : [randomCondition(draw)],
    keepState: null,
    keepFragments: null,
    head: head === 0 ? null : String(head),
    group: group === 0 ? null : String(group),
  };
}

function randomAction(draw: Draw): FilterAction {
  return pick<FilterAction>(draw, [
    { kind: 'pass' },
    { kind: 'pass' },
    { kind: 'block', answer: null },
    { kind: 'block', answer: null },
    { kind: 'count' },
    { kind: 'log' },
    { kind: 'skip', rules: draw(4) },
  ]);
}

function randomEndpoint(draw: Draw): FilterEndpoint {
  const ports = draw(8) > 0 ? null : randomPorts(draw);
  if (draw(3) > 0) return { negated: false, addresses: null, ports };
  const all = pick(draw, [PREFIXES4, PREFIXES6, [...PREFIXES4, ...PREFIXES6]]);
  return { negated: draw(4) === 0, addresses: Array.from({ length: 1 + draw(3) }, () => pick(draw, all)), ports };
}

function randomPorts(draw: Draw): FilterPorts {
  const [a, b] = [pick(draw, PORTS), pick(draw, PORTS)];
  const [low, high] = [Math.min(a, b), Math.max(a, b)];
  return pick<FilterPorts>(draw, [
    { kind: 'compare', operator: pick(draw, ['=', '!=', '<', '<=', '>', '>='] as const), port: a },
    { kind: 'range', operator: pick(draw, ['><', '<>', ':'] as const), low, high },
    {
      kind: 'list',
      ranges: [
        { low, high: low },
        { low: high, high },
      ],
    },
  ]);
}

function randomCondition(draw: Draw): FilterCondition {
  const kind = pick(draw, CONDITIONS);
  const numbers =
    kind === 'ipopts' ? [[], [7], [131, 137]] : kind === 'v6hdrs' ? [[], [60], [0], [43, 60], [44]] : [[]];
  return { negated: draw(2) === 0, kind, numbers: pick<number[]>(draw, numbers) };
}

function pick<T>(draw: Draw, from: readonly T[]): T {
  const value = from[draw(from.length)];
  if (value === undefined) throw new Error('nothing to choose from');
  return value;
}
