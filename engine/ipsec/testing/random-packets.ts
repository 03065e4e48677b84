import type { Address } from '../../wire/address.ts';
import { encodeIpv4 } from '../../wire/ipv4.ts';
import { encodeIpv6 } from '../../wire/ipv6.ts';
import type { Seeded } from './seeded.ts';

/** Protocol numbers: unassigned ones, and the two for experiments at their end. */
const UNASSIGNED = { first: 150, count: 105 } as const;

/** For tests: an address that a host may have, of either family. */
export function randomAddress(version: 4 | 6, random: Seeded): Address {
  const address = random.bytes(version === 4 ? 4 : 16);
  address.set(version === 4 ? [10] : [0x20, 0x01, 0x0d, 0xb8]);
  return address;
}

/** A whole packet between two addresses with random header fields, options or extension headers, and content. */
export function randomPacket(source: Address, destination: Address, random: Seeded): Uint8Array {
  const payload = random.bytes(random.pick([0, 1, random.below(64), random.below(1400)]));
  // Scapy looks into what it knows, and makes of random octets what they are not: these numbers it does not know.
  const protocol = UNASSIGNED.first + random.below(UNASSIGNED.count);
  const hops = 1 + random.below(255);
  const dscpEcn = random.below(256);
  if (source.length === 4) {
    return encodeIpv4({
      dscpEcn,
      identification: random.below(0x10000),
      dontFragment: random.below(2) === 0,
      moreFragments: false,
      fragmentOffset: 0,
      ttl: hops,
      protocol,
      source,
      destination,
      options: random.pick([[], [1, 1, 1, 1], [148, 4, 0, 0]].map(octets => Uint8Array.from(octets))),
      payload,
    });
  }
  // It writes over the Next Header of an extension header that nothing follows.
  const chain = payload.length === 0 ? { first: protocol, octets: [] } : extensionHeaders(protocol, random);
  return encodeIpv6({
    trafficClass: dscpEcn,
    flowLabel: random.below(0x100000),
    nextHeader: chain.first,
    hopLimit: hops,
    source,
    destination,
    payload: Uint8Array.from([...chain.octets, ...payload]),
  });
}

/** Where the halves meet is where mistakes are. */
export function randomSequence(esn: boolean, random: Seeded): bigint {
  const low = BigInt(random.pick([1, 0xffff_ffff, 1 + random.below(0xffff_ffff)]));
  if (!esn) return low;
  const high = BigInt(random.pick([0, 1, 0xffff_fffe, random.below(2 ** 32)]));
  return (high << 32n) | (high > 0n && random.below(4) === 0 ? 0n : low);
}

/** Hop-by-Hop and Destination Options, as RFC 8200 §4.1 orders them. */
function extensionHeaders(protocol: number, random: Seeded): { readonly first: number; readonly octets: number[] } {
  switch (random.below(4)) {
    case 0:
      return { first: 0, octets: optionsHeader(protocol) };
    case 1:
      return { first: 0, octets: [...optionsHeader(60), ...optionsHeader(protocol)] };
    default:
      return { first: protocol, octets: [] };
  }
}

/** Filled up with a PadN. */
const optionsHeader = (nextHeader: number): number[] => [nextHeader, 0, 1, 4, 0, 0, 0, 0];
