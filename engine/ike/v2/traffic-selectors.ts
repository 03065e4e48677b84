import { hasPorts, isIcmp, rangeOf } from '../../ipsec/selector.ts';
import type { FlowQuery } from '../../node/node.ts';
import { type Address, parseAddress } from '../../wire/address.ts';
import type { TrafficSelector } from '../../wire/ike/payload.ts';
import { parsePrefix } from '../../wire/prefix.ts';
import type { ChildConfig, TrafficSelectorConfig } from '../config.ts';
import { remembered } from '../../wire/remembered.ts';
import {
  ANY_PORT,
  ANY_PROTOCOL,
  areCovered,
  type Box,
  boxOf,
  contains,
  type Interval,
  intersection,
  isSingleAddress,
  numberOf,
  OPAQUE_PORT,
  selectorOf,
  withoutRedundant,
} from './selector-box.ts';

/** What `dynamic` stands for: the outer address of that side, its virtual ones, or anything while it waits for one. */
export type Dynamic = readonly Address[] | 'any';

/** Configured selectors, without duplicates. Throws for text that is no address: configuration was validated. */
export function selectorsOf(configs: readonly TrafficSelectorConfig[], dynamic: Dynamic): readonly TrafficSelector[] {
  return isStatic(configs) ? staticSelectors(configs) : boxesOf(configs, dynamic).map(selectorOf);
}

/** Whether they say all themselves. */
export const isStatic = (configs: readonly TrafficSelectorConfig[]): boolean =>
  configs.every(({ addresses }) => addresses !== 'dynamic');

const staticSelectors = remembered((configs: readonly TrafficSelectorConfig[]) => boxesOf(configs, []).map(selectorOf));

/**
 * The same with those of a packet in front, RFC 7296 §2.9: the responder has to keep these when it narrows. `source` is the
 * side of the packet's sender.
 */
export function withPacket(
  selectors: readonly TrafficSelector[],
  flow: FlowQuery,
  side: 'source' | 'destination',
): TrafficSelector[] {
  // What the policy wants an SA for may be more than this child is for: then it does not help to ask for it.
  return select(selectors, flow, side) ? [selectorOf(packetBox(flow, side)), ...selectors] : [...selectors];
}

/** Whether a packet is among those that are selected, by its own end of that side. */
export function select(
  selectors: readonly TrafficSelector[],
  flow: FlowQuery,
  side: 'source' | 'destination',
): boolean {
  const box = packetBox(flow, side);
  return boxesIn(selectors).some(one => contains(one, box));
}

/** Whether what a child is for has a place for this packet; `ends` is what `dynamic` stands for. */
export function canCarry(
  { local, remote }: Pick<ChildConfig, 'local' | 'remote'>,
  ends: { readonly local: Dynamic; readonly remote: Dynamic },
  flow: FlowQuery,
): boolean {
  return (
    select(selectorsOf(local, ends.local), flow, 'source') &&
    select(selectorsOf(remote, ends.remote), flow, 'destination')
  );
}

function packetBox(flow: FlowQuery, side: 'source' | 'destination'): Box {
  const address = parseAddress(side === 'source' ? flow.source : flow.destination);
  if (address === null) throw new Error(`a packet between ${flow.source} and ${flow.destination}`);
  const number = numberOf(address);
  return {
    family: address.length === 4 ? 4 : 6,
    protocol: [BigInt(flow.protocol), BigInt(flow.protocol)],
    port: packetPort(flow, side),
    address: [number, number],
  };
}

export interface SelectorPair {
  readonly tsi: readonly TrafficSelector[];
  readonly tsr: readonly TrafficSelector[];
}

export type Narrowing =
  | (SelectorPair & {
      readonly kind: 'narrowed';
      /** ADDITIONAL_TS_POSSIBLE: more would have been acceptable, in an SA of its own. */
      readonly isMorePossible: boolean;
    })
  /** TS_UNACCEPTABLE. */
  | { readonly kind: 'unacceptable' }
  /** SINGLE_PAIR_REQUIRED: each pair of addresses needs an SA of its own, and none is in front. */
  | { readonly kind: 'singlePairRequired' };

/**
 * The responder's narrowing, RFC 7296 §2.9: all of the initiator's traffic that is allowed, which includes its first choices
 * where they are. With `pairs` an SA is for one pair of addresses alone: that of the first selectors.
 */
export function narrow(offered: SelectorPair, allowed: SelectorPair, granularity: 'whole' | 'pairs'): Narrowing {
  const [wholeTsi, wholeTsr] = compatible(common(offered.tsi, allowed.tsi), common(offered.tsr, allowed.tsr));
  if (wholeTsi.length === 0 || wholeTsr.length === 0) return { kind: 'unacceptable' };
  if (granularity === 'whole') return narrowed(wholeTsi, wholeTsr, false);
  const [tsi, tsr] = [pairSide(offered.tsi, wholeTsi), pairSide(offered.tsr, wholeTsr)];
  if (tsi === null || tsr === null) return { kind: 'singlePairRequired' };
  const isMorePossible = !areCovered(wholeTsi, tsi) || !areCovered(wholeTsr, tsr);
  return narrowed(tsi, tsr, isMorePossible);
}

/** The initiator's look at an answer: something, and nothing that was not offered. */
export function isWithin(answer: SelectorPair, offered: SelectorPair): boolean {
  return (['tsi', 'tsr'] as const).every(side => {
    const boxes = boxesIn(answer[side]);
    return boxes.length > 0 && boxes.length === answer[side].length && areCovered(boxes, boxesIn(offered[side]));
  });
}

/** Whether both are for the same traffic, however it is written. */
export function areEqual(a: readonly TrafficSelector[], b: readonly TrafficSelector[]): boolean {
  return areCovered(boxesIn(a), boxesIn(b)) && areCovered(boxesIn(b), boxesIn(a));
}

/** Those of types that we know, RFC 7296 §2.9. */
export function boxesIn(selectors: readonly TrafficSelector[]): Box[] {
  return selectors.map(boxOf).filter(box => box !== null);
}

function narrowed(tsi: readonly Box[], tsr: readonly Box[], isMorePossible: boolean): Narrowing {
  return { kind: 'narrowed', tsi: tsi.map(selectorOf), tsr: tsr.map(selectorOf), isMorePossible };
}

/** What is in both lists, in the order of the first. */
function common(offered: readonly TrafficSelector[], allowed: readonly TrafficSelector[]): Box[] {
  const ours = boxesIn(allowed);
  const both = boxesIn(offered).flatMap(box => ours.map(own => intersection(box, own)).filter(one => one !== null));
  return withoutRedundant(both);
}

/** Without what has no partner on the other side: traffic is from an address of TSi to one of the same family in TSr. */
function compatible(tsi: readonly Box[], tsr: readonly Box[]): [Box[], Box[]] {
  return [tsi.filter(box => tsr.some(isPartner(box))), tsr.filter(box => tsi.some(isPartner(box)))];
}

/** Whether there is traffic between the two. */
export function isPartner({ family, protocol }: Box): (other: Box) => boolean {
  return other => other.family === family && other.protocol[0] <= protocol[1] && protocol[0] <= other.protocol[1];
}

/** What is allowed of the address that is asked for first; null: that is more than one. */
function pairSide(offered: readonly TrafficSelector[], allowed: readonly Box[]): Box[] | null {
  const candidates = [boxesIn(offered)[0], ...(allowed.length === 1 ? allowed : [])];
  for (const wanted of candidates) {
    if (wanted === undefined || !isSingleAddress(wanted)) continue;
    const of = { ...wanted, protocol: ANY_PROTOCOL, port: ANY_PORT };
    const boxes = allowed.map(box => intersection(box, of)).filter(box => box !== null);
    if (boxes.length > 0) return boxes;
  }
  return null;
}

function boxesOf(configs: readonly TrafficSelectorConfig[], dynamic: Dynamic): Box[] {
  return withoutRedundant(
    configs.flatMap(({ addresses, protocol, ports }) => {
      const protocolSide: Interval = protocol === 'any' ? ANY_PROTOCOL : [BigInt(protocol), BigInt(protocol)];
      return addressesOf(addresses, dynamic).map(({ family, address }) => ({
        family,
        protocol: protocolSide,
        port: portInterval(ports),
        address,
      }));
    }),
  );
}

function portInterval(ports: TrafficSelectorConfig['ports']): Interval {
  if (ports === 'any') return ANY_PORT;
  if (ports === 'opaque') return OPAQUE_PORT;
  const [low, high] = ports;
  return low === 0 && high === 65535 ? ANY_PORT : [BigInt(low), BigInt(high)];
}

function addressesOf(text: string, dynamic: Dynamic): Pick<Box, 'family' | 'address'>[] {
  if (text === 'dynamic') {
    if (dynamic === 'any') return ['0.0.0.0/0', '::/0'].flatMap(all => addressesOf(all, []));
    return dynamic.map(address => between(address, address));
  }
  const prefix = parsePrefix(text);
  if (prefix !== null) {
    const { low, high } = rangeOf(prefix);
    return [between(low, high)];
  }
  const [low = null, high = null] = text.split('-').map(parseAddress);
  if (low === null || high === null || low.length !== high.length) throw new Error(`${text} is no range of addresses`);
  return [between(low, high)];
}

function between(low: Address, high: Address): Pick<Box, 'family' | 'address'> {
  return { family: low.length === 4 ? 4 : 6, address: [numberOf(low), numberOf(high)] };
}

/** Of ICMP type and code on both sides, RFC 7296 §3.13.1; what a packet should show and does not is OPAQUE. */
function packetPort(
  { protocol, sourcePort, destinationPort, icmp }: FlowQuery,
  side: 'source' | 'destination',
): Interval {
  const port = isIcmp(protocol)
    ? icmp === undefined
      ? null
      : icmp.type * 256 + icmp.code
    : side === 'source'
      ? sourcePort
      : destinationPort;
  if (port !== null) return [BigInt(port), BigInt(port)];
  return hasPorts(protocol) ? OPAQUE_PORT : ANY_PORT;
}
