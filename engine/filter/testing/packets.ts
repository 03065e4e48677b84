import { encodeIpv4 } from '../../wire/ipv4.ts';
import { encodeIpv6 } from '../../wire/ipv6.ts';
import { setU16, setU32 } from '../../wire/octets.ts';
import { addressOf } from '../../wire/testing/must.ts';
import type { FilterSurroundings } from '../filter.ts';

/** A packet as a test thinks of it. */
export interface PacketModel {
  readonly source: string;
  readonly destination: string;
  readonly protocol: number;
  readonly ports?: readonly [number, number];
  /** Of TCP. */
  readonly flags?: number;
  readonly sequence?: number;
  readonly acknowledgment?: number;
  readonly window?: number;
  /** TCP options, a multiple of 4 octets. */
  readonly options?: readonly number[];
  readonly icmp?: readonly [type: number, code: number];
  /** ICMP: Identifier. */
  readonly identifier?: number;
  /** ICMP errors: the packet that they quote. */
  readonly quoted?: Uint8Array;
  readonly tos?: number;
  readonly ttl?: number;
  readonly payloadOctets?: number;
  readonly fragment?: { readonly offset: number; readonly more: boolean; readonly identification: number };
  /** Type octets of IPv4 options without a value; extension header types for IPv6. */
  readonly headers?: readonly number[];
}

/** Checksums of the upper layer are left out: no filter looks at them. */
export function packetOf(model: PacketModel): Uint8Array {
  const [source, destination] = [addressOf(model.source), addressOf(model.destination)];
  const payload = upperOf(model);
  const { tos = 0, ttl = 64, fragment } = model;
  if (source.length === 4) {
    return encodeIpv4({
      dscpEcn: tos,
      identification: fragment?.identification ?? 0,
      dontFragment: false,
      moreFragments: fragment?.more ?? false,
      fragmentOffset: fragment?.offset ?? 0,
      ttl,
      protocol: model.protocol,
      source,
      destination,
      options: optionsOf(model.headers ?? []),
      payload,
    });
  }
  const types = [...(model.headers ?? []), ...(fragment === undefined ? [] : [44])];
  const chain = types.map((type, i) => extension(type, types[i + 1] ?? model.protocol, fragment));
  return encodeIpv6({
    trafficClass: tos,
    flowLabel: 0,
    nextHeader: types[0] ?? model.protocol,
    hopLimit: ttl,
    source,
    destination,
    payload: Uint8Array.from([...chain.flatMap(header => [...header]), ...payload]),
  });
}

export const NO_SURROUNDINGS: FilterSurroundings = {
  seed: 1,
  isBadSource: () => false,
  isBroadcast: () => false,
  onLog: () => {},
};

function upperOf(model: PacketModel): Uint8Array {
  const { protocol, fragment, payloadOctets = 0 } = model;
  if (fragment !== undefined && fragment.offset > 0) return new Uint8Array(payloadOctets);
  if (protocol === 6) return tcp(model);
  if (protocol === 17) {
    const udp = new Uint8Array(8 + payloadOctets);
    setU16(udp, 0, model.ports?.[0] ?? 0);
    setU16(udp, 2, model.ports?.[1] ?? 0);
    setU16(udp, 4, udp.length);
    return udp;
  }
  if (protocol === 1 || protocol === 58) {
    const icmp = Uint8Array.from([...new Uint8Array(8 + payloadOctets), ...(model.quoted ?? [])]);
    icmp[0] = model.icmp?.[0] ?? 8;
    icmp[1] = model.icmp?.[1] ?? 0;
    if (model.identifier !== undefined) setU16(icmp, 4, model.identifier);
    return icmp;
  }
  return new Uint8Array(8 + payloadOctets);
}

function tcp(model: PacketModel): Uint8Array {
  const { options = [], payloadOctets = 0 } = model;
  const segment = new Uint8Array(20 + options.length + payloadOctets);
  setU16(segment, 0, model.ports?.[0] ?? 0);
  setU16(segment, 2, model.ports?.[1] ?? 0);
  setU32(segment, 4, model.sequence ?? 0);
  setU32(segment, 8, model.acknowledgment ?? 0);
  segment[12] = (5 + options.length / 4) << 4;
  segment[13] = model.flags ?? 0x10;
  setU16(segment, 14, model.window ?? 65535);
  segment.set(options, 20);
  return segment;
}

function optionsOf(types: readonly number[]): Uint8Array {
  const octets = types.flatMap(type => (type === 1 ? [1] : [type, 2]));
  while (octets.length % 4 !== 0) octets.push(octets.length === 0 ? 0 : 1);
  return Uint8Array.from(octets);
}

function extension(type: number, next: number, fragment: PacketModel['fragment']): Uint8Array {
  const header = new Uint8Array(8);
  header[0] = next;
  if (type === 44 && fragment !== undefined) {
    setU16(header, 2, fragment.offset | (fragment.more ? 1 : 0));
    setU32(header, 4, fragment.identification);
  }
  return header;
}
