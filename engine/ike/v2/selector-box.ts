import type { Address } from '../../wire/address.ts';
import { TsType } from '../../wire/ike/registry.ts';
import type { TrafficSelector } from '../../wire/ike/payload.ts';
import { remembered } from '../../wire/remembered.ts';

/** Both ends inclusive, low first. */
export type Interval = readonly [bigint, bigint];

/**
 * A traffic selector as the set of what it is for, RFC 7296 §3.13.1, so that selectors can be cut and compared: a box with the
 * sides protocol, port (type and code of ICMP) and address, of one family. The port -1 stands for OPAQUE: a packet that does
 * not show it.
 */
export interface Box {
  readonly family: 4 | 6;
  readonly protocol: Interval;
  readonly port: Interval;
  readonly address: Interval;
}

/** `[0, 255]` is protocol 0, any; no other range of protocols can be written. */
export const ANY_PROTOCOL: Interval = [0n, 255n];
/** 0 to 65535 on the wire: also those that are not shown. */
export const ANY_PORT: Interval = [-1n, 65535n];
export const OPAQUE_PORT: Interval = [-1n, -1n];

/** null: of a type that we do not know (which RFC 7296 §2.9 passes over), or with its ends the wrong way round. */
export const boxOf = remembered((selector: TrafficSelector): Box | null => {
  const { tsType, protocol, startPort, endPort, start, end } = selector;
  const octets = tsType === TsType.TS_IPV4_ADDR_RANGE ? 4 : tsType === TsType.TS_IPV6_ADDR_RANGE ? 16 : 0;
  if (octets === 0 || start.length !== octets || end.length !== octets) return null;
  const address: Interval = [numberOf(start), numberOf(end)];
  const port = portsOf(startPort, endPort);
  if (port === null || address[0] > address[1]) return null;
  const family = octets === 4 ? 4 : 6;
  return { family, protocol: protocol === 0 ? ANY_PROTOCOL : [BigInt(protocol), BigInt(protocol)], port, address };
});

export function selectorOf({ family, protocol, port, address }: Box): TrafficSelector {
  const isAny = protocol[0] !== protocol[1];
  const isOpaque = port[1] < 0n;
  return {
    tsType: family === 4 ? TsType.TS_IPV4_ADDR_RANGE : TsType.TS_IPV6_ADDR_RANGE,
    protocol: isAny ? 0 : Number(protocol[0]),
    startPort: isOpaque ? 65535 : Math.max(0, Number(port[0])),
    endPort: isOpaque ? 0 : Number(port[1]),
    start: addressOf(address[0], family),
    end: addressOf(address[1], family),
  };
}

/** null: nothing is in both. */
export function intersection(a: Box, b: Box): Box | null {
  if (a.family !== b.family) return null;
  const [protocol, port, address] = [
    overlap(a.protocol, b.protocol),
    overlap(a.port, b.port),
    overlap(a.address, b.address),
  ];
  if (protocol === null || port === null || address === null) return null;
  return { family: a.family, protocol, port, address };
}

/** Whether all that is in `inner` is in `outer`. */
export function contains(outer: Box, inner: Box): boolean {
  if (outer.family !== inner.family) return false;
  return SIDES.every(side => outer[side][0] <= inner[side][0] && inner[side][1] <= outer[side][1]);
}

/** Whether all that is in `inner` is in one of `outer` or another. */
export function areCovered(inner: readonly Box[], outer: readonly Box[]): boolean {
  // Most are what was asked for, and within one alone.
  let left = inner.filter(one => !outer.some(box => contains(box, one)));
  for (const box of outer) left = left.flatMap(one => difference(one, box));
  return left.length === 0;
}

/** Each once, and none that is within another; the order of what remains is kept. */
export function withoutRedundant(boxes: readonly Box[]): Box[] {
  return boxes.filter(
    (box, i) => !boxes.some((other, j) => i !== j && contains(other, box) && (j < i || !contains(box, other))),
  );
}

export const isSingleAddress = ({ address }: Box): boolean => address[0] === address[1];

/** Of 4 or 16 octets. */
export function numberOf(address: Address): bigint {
  let number = 0n;
  const words = new DataView(address.buffer, address.byteOffset, address.length);
  for (let at = 0; at < address.length; at += 4) number = (number << 32n) | BigInt(words.getUint32(at));
  return number;
}

export function addressOf(number: bigint, family: 4 | 6): Address {
  const address = new Uint8Array(family === 4 ? 4 : 16);
  const words = new DataView(address.buffer);
  let rest = number;
  for (let at = address.length - 4; at >= 0; at -= 4) {
    words.setUint32(at, Number(BigInt.asUintN(32, rest)));
    rest >>= 32n;
  }
  return address;
}

const SIDES = ['protocol', 'port', 'address'] as const;

/** What of `a` is not in `b`, as boxes that do not overlap. */
function difference(a: Box, b: Box): Box[] {
  const both = intersection(a, b);
  if (both === null) return [a];
  const pieces: Box[] = [];
  let rest = a;
  for (const side of SIDES) {
    const [low, high] = rest[side];
    const [from, to] = both[side];
    if (low < from) pieces.push({ ...rest, [side]: [low, from - 1n] });
    if (to < high) pieces.push({ ...rest, [side]: [to + 1n, high] });
    rest = { ...rest, [side]: [from, to] };
  }
  return pieces;
}

function overlap(a: Interval, b: Interval): Interval | null {
  const low = a[0] > b[0] ? a[0] : b[0];
  const high = a[1] < b[1] ? a[1] : b[1];
  return low <= high ? [low, high] : null;
}

function portsOf(start: number, end: number): Interval | null {
  if (start === 0 && end === 65535) return ANY_PORT;
  if (start === 65535 && end === 0) return OPAQUE_PORT;
  return start <= end ? [BigInt(start), BigInt(end)] : null;
}
