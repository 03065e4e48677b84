import { isMulticast } from '../wire/address.ts';
import { IpProtocol } from '../wire/ip-protocol.ts';
import { IPV6_HEADER_OCTETS } from '../wire/ipv6.ts';
import { u8At } from '../wire/octets.ts';
import type { Packet } from './packet.ts';

/** What the node does about an option that it does not know, RFC 8200 §4.2. */
export interface UnknownOption {
  /** Of its type, in octets from the start of the packet. */
  readonly pointer: number;
  /** Whether the sender is told. */
  readonly isReported: boolean;
}

const PAD1 = 0;
/** Pad1 and PadN; the Tunnel Encapsulation Limit (RFC 2473 §4.1.1) and Router Alert (RFC 2711) ask nothing of a destination. */
const KNOWN: ReadonlySet<number> = new Set([PAD1, 1, 4, 5]);

/**
 * The first option of Hop-by-Hop or Destination Options headers that forbids to go on without knowing it; null: none. The upper
 * two bits of its type say so. `packet` is whole, and was parsed: its extension headers are sound.
 */
export function unknownOption({ version, octets, upperOffset, destination }: Packet): UnknownOption | null {
  if (version === 4 || upperOffset === IPV6_HEADER_OCTETS) return null;
  for (let at = IPV6_HEADER_OCTETS, type = u8At(octets, 6); at + 2 <= upperOffset; ) {
    const length = type === IpProtocol.FRAGMENT ? 8 : (u8At(octets, at + 1) + 1) * 8;
    if (type === IpProtocol.HOPOPT || type === IpProtocol.DSTOPTS) {
      const pointer = forbidding(octets, at + 2, Math.min(at + length, upperOffset));
      if (pointer !== null) return { pointer, isReported: isReported(u8At(octets, pointer) >> 6, destination) };
    }
    type = u8At(octets, at);
    at += length;
  }
  return null;
}

function forbidding(octets: Uint8Array, start: number, end: number): number | null {
  for (let at = start; at < end; ) {
    const type = u8At(octets, at);
    if (!KNOWN.has(type) && type >> 6 !== 0) return at;
    at += type === PAD1 || at + 1 >= end ? 1 : 2 + u8At(octets, at + 1);
  }
  return null;
}

/** 01: silence; 10: an error even about what was sent to many; 11: only about what was sent to one. */
function isReported(action: number, destination: Uint8Array): boolean {
  return action === 2 || (action === 3 && !isMulticast(destination));
}
