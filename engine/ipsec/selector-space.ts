import type { Address } from '../wire/address.ts';
import { OPAQUE_NUMBER, OPAQUE_PROTOCOL } from './flow-key.ts';
import { difference, has, includes, intersection, overlaps, type RangeSet, rangeSet } from './range-set.ts';
import type { AddressRange, Direction, Flow, NumberSet } from './selector.ts';
import type { Policy } from './spd.ts';

/**
 * A part of all flows, in both directions: those whose every field is in that field's set. What a packet does not show is one
 * more number, above all others. `version` is that of the addresses, which are numbers too.
 */
export interface Region {
  readonly version: 4 | 6;
  /** 0 outbound, 1 inbound. */
  readonly direction: RangeSet;
  readonly local: RangeSet;
  readonly remote: RangeSet;
  readonly protocol: RangeSet;
  readonly localPort: RangeSet;
  readonly remotePort: RangeSet;
  readonly icmp: RangeSet;
}

/** In the order in which regions are cut: what is left of one when a smaller one is taken out reads best so. */
export const REGION_FIELDS = ['local', 'remote', 'protocol', 'remotePort', 'localPort', 'icmp', 'direction'] as const;
export type RegionField = (typeof REGION_FIELDS)[number];

const BOTH_DIRECTIONS: RangeSet = [[0n, 1n]];
const OUTBOUND: RangeSet = [[0n, 0n]];
const INBOUND: RangeSet = [[1n, 1n]];
export const ANY_PROTOCOL: RangeSet = [[0n, BigInt(OPAQUE_PROTOCOL)]];
export const ANY_NUMBER: RangeSet = [[0n, BigInt(OPAQUE_NUMBER)]];
export const OPAQUE: RangeSet = [[BigInt(OPAQUE_NUMBER), BigInt(OPAQUE_NUMBER)]];
const ANY_ADDRESS = { 4: rangeSet([[0n, 2n ** 32n - 1n]]), 6: rangeSet([[0n, 2n ** 128n - 1n]]) } as const;

export function anyAddress(version: 4 | 6): RangeSet {
  return ANY_ADDRESS[version];
}

/** All flows of a version. */
export function everything(version: 4 | 6): Region {
  const any = ANY_ADDRESS[version];
  const ports = { localPort: ANY_NUMBER, remotePort: ANY_NUMBER, icmp: ANY_NUMBER };
  return { version, direction: BOTH_DIRECTIONS, local: any, remote: any, protocol: ANY_PROTOCOL, ...ports };
}

/** The flows that an SPD entry matches: one region a version; none where it matches nothing. */
export function regionsOf({ selector, direction }: Pick<Policy, 'selector' | 'direction'>): Region[] {
  const { protocol } = selector;
  const value = BigInt(protocol === 'opaque' ? OPAQUE_PROTOCOL : protocol === 'any' ? 0 : protocol);
  const upper = {
    protocol: protocol === 'any' ? ANY_PROTOCOL : rangeSet([[value, value]]),
    localPort: numbersOf(selector.localPort),
    remotePort: numbersOf(selector.remotePort),
    icmp: numbersOf(selector.icmp),
  };
  const regions = ([4, 6] as const).map(version => ({
    version,
    direction: direction === 'both' ? BOTH_DIRECTIONS : direction === 'outbound' ? OUTBOUND : INBOUND,
    local: addressesOf(selector.local, version),
    remote: addressesOf(selector.remote, version),
    ...upper,
  }));
  return regions.filter(region => REGION_FIELDS.every(field => region[field].length > 0));
}

export function regionsOverlap(a: Region, b: Region): boolean {
  return a.version === b.version && REGION_FIELDS.every(field => overlaps(a[field], b[field]));
}

/** Whether all of `inner` is in `outer`. */
export function regionIncludes(outer: Region, inner: Region): boolean {
  return outer.version === inner.version && REGION_FIELDS.every(field => includes(outer[field], inner[field]));
}

/** The flows that are in both; null: none. */
export function intersect(a: Region, b: Region): Region | null {
  if (!regionsOverlap(a, b)) return null;
  const both = (field: RegionField) => (a[field] === b[field] ? a[field] : intersection(a[field], b[field]));
  return {
    version: a.version,
    direction: both('direction'),
    local: both('local'),
    remote: both('remote'),
    protocol: both('protocol'),
    localPort: both('localPort'),
    remotePort: both('remotePort'),
    icmp: both('icmp'),
  };
}

/** The flows of `a` that are not in `b`, as regions of which no two overlap: at most one for each field. */
export function subtract(a: Region, b: Region): Region[] {
  if (!regionsOverlap(a, b)) return [a];
  const rest: Region[] = [];
  let inside = a;
  for (const field of REGION_FIELDS) {
    const outside = difference(a[field], b[field]);
    if (outside.length === 0) continue;
    rest.push({ ...inside, [field]: outside });
    inside = { ...inside, [field]: intersection(a[field], b[field]) };
  }
  return rest;
}

export function regionHas(region: Region, flow: Flow, direction: Direction): boolean {
  const out = direction === 'outbound';
  const [local, remote] = out ? [flow.source, flow.destination] : [flow.destination, flow.source];
  const [localPort, remotePort] = out
    ? [flow.sourcePort, flow.destinationPort]
    : [flow.destinationPort, flow.sourcePort];
  return (
    has(region.direction, out ? 0n : 1n) &&
    local.length === (region.version === 4 ? 4 : 16) &&
    has(region.local, numberOf(local)) &&
    has(region.remote, numberOf(remote)) &&
    has(region.protocol, BigInt(flow.protocol ?? OPAQUE_PROTOCOL)) &&
    has(region.localPort, BigInt(localPort ?? OPAQUE_NUMBER)) &&
    has(region.remotePort, BigInt(remotePort ?? OPAQUE_NUMBER)) &&
    has(region.icmp, BigInt(flow.icmp ?? OPAQUE_NUMBER))
  );
}

/** An address as a number, big-endian. */
export function numberOf(address: Address): bigint {
  return address.reduce((number, octet) => (number << 8n) | BigInt(octet), 0n);
}

/** The other way. */
export function addressOf(number: bigint, version: 4 | 6): Address {
  const address = new Uint8Array(version === 4 ? 4 : 16);
  for (let i = address.length - 1, rest = number; i >= 0; i--, rest >>= 8n) address[i] = Number(rest & 255n);
  return address;
}

function addressesOf(ranges: readonly AddressRange[] | 'any', version: 4 | 6): RangeSet {
  if (ranges === 'any') return ANY_ADDRESS[version];
  const own = ranges.filter(({ low }) => low.length === (version === 4 ? 4 : 16));
  return rangeSet(own.map(({ low, high }) => [numberOf(low), numberOf(high)]));
}

function numbersOf(set: NumberSet): RangeSet {
  if (set === 'any') return ANY_NUMBER;
  if (set === 'opaque') return OPAQUE;
  return rangeSet(set.map(([low, high]) => [BigInt(low), BigInt(high)]));
}
