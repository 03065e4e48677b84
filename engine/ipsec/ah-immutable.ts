import { IpProtocol } from '../wire/ip-protocol.ts';
import { IPV4_HEADER_OCTETS } from '../wire/ipv4.ts';
import { decodeIpv6, IPV6_HEADER_OCTETS } from '../wire/ipv6.ts';
import { FRAGMENT_HEADER_OCTETS, walkExtensions, type ExtensionHeader } from '../wire/ipv6-extension.ts';
import { setU16, setU32, u16At, u8At } from '../wire/octets.ts';
import { WireError } from '../wire/wire-error.ts';

/**
 * What AH authenticates of the headers before it, RFC 4302 §3.3.3.1 and appendix A: fields that change on the way count as
 * 0, and those whose end is known count as they will arrive. Nothing is left out, so that no length can change either.
 */

/**
 * `head` is an IP header with its options or extension headers, as it is sent and as it arrives, the Protocol already that
 * of AH and the lengths those of the whole packet. A copy; null when nobody can know what will arrive: options or headers
 * that are no such thing, or a Routing header of an unknown type on its way.
 */
export function immutableHead(head: Uint8Array): Uint8Array | null {
  return u8At(head, 0) >>> 4 === 4 ? immutableIpv4(head) : immutableIpv6(head);
}

function immutableIpv4(head: Uint8Array): Uint8Array | null {
  const seen = new Uint8Array(head); // a Buffer's slice would be a view
  seen[1] = 0; // DSCP and ECN
  setU16(seen, 6, 0); // flags and fragment offset
  seen[8] = 0; // TTL
  setU16(seen, 10, 0); // header checksum
  for (let at = IPV4_HEADER_OCTETS; at < head.length; ) {
    const type = u8At(head, at);
    if (type === Option.END) break; // what follows is padding, and immutable
    const length = type === Option.NO_OPERATION ? 1 : optionLength(head, at);
    if (length === null) return null;
    if (SOURCE_ROUTES.has(type)) predictDestination(head.subarray(at, at + length), seen);
    if (!IMMUTABLE_OPTIONS.has(type)) seen.fill(0, at, at + length);
    at += length;
  }
  return seen;
}

/** null: the option runs out of the header. */
function optionLength(head: Uint8Array, at: number): number | null {
  if (at + 1 >= head.length) return null;
  const length = u8At(head, at + 1);
  return length < 2 || at + length > head.length ? null : length;
}

/** While a source route has hops to go, its last one is where the packet will arrive, RFC 791 §3.1. */
function predictDestination(option: Uint8Array, seen: Uint8Array): void {
  const pointer = u8At(option, 2);
  const lastAt = option.length - 4;
  if (option.length >= 7 && pointer <= option.length) seen.set(option.subarray(lastAt), DESTINATION_AT);
}

function immutableIpv6(head: Uint8Array): Uint8Array | null {
  const headers = extensionsOf(head);
  if (headers === null) return null;
  const seen = new Uint8Array(head); // a Buffer's slice would be a view
  setU32(seen, 0, 6 << 28); // DSCP, ECN and flow label: the last for the sake of older implementations
  seen[7] = 0; // hop limit
  for (const { type, octets, offset } of headers) {
    const at = IPV6_HEADER_OCTETS + offset;
    const copy = seen.subarray(at, at + octets.length);
    const isKnown =
      type === IpProtocol.ROUTING ? predictRoute(copy, seen) : type === IpProtocol.FRAGMENT || zeroOptions(copy);
    if (!isKnown) return null;
  }
  return withoutFragmentHeader(seen, headers);
}

function extensionsOf(head: Uint8Array): readonly ExtensionHeader[] | null {
  const alone = new Uint8Array(head);
  setU16(alone, 4, head.length - IPV6_HEADER_OCTETS);
  try {
    return walkExtensions(decodeIpv6(alone)).headers;
  } catch (error) {
    if (error instanceof WireError) return null;
    throw error;
  }
}

/** Of Hop-by-Hop and Destination Options: the data of those whose type says that it may change, RFC 8200 §4.2. */
function zeroOptions(header: Uint8Array): boolean {
  for (let at = 2; at < header.length; ) {
    const type = u8At(header, at);
    if (type === PAD1) {
      at += 1;
      continue;
    }
    const end = at + 1 < header.length ? at + 2 + u8At(header, at + 1) : Infinity;
    if (end > header.length) return false;
    if ((type & MAY_CHANGE) !== 0) header.fill(0, at + 2, end);
    at = end;
  }
  return true;
}

/**
 * Types 0 (RFC 2460 §4.4) and 2 (RFC 6275 §6.4) as they arrive: each hop swaps the destination with the next address. In
 * place, in `header` and in the destination of `seen`.
 */
function predictRoute(header: Uint8Array, seen: Uint8Array): boolean {
  const segmentsLeft = u8At(header, 3);
  if (segmentsLeft === 0) return true;
  const count = (header.length - 8) / 16;
  if (!SWAPPING_ROUTES.has(u8At(header, 2)) || segmentsLeft > count || header.length % 16 !== 8) return false;
  const destination = seen.subarray(24, 40);
  for (let index = count - segmentsLeft; index < count; index++) {
    const next = header.subarray(8 + index * 16, 24 + index * 16);
    const hop = new Uint8Array(next);
    next.set(destination);
    destination.set(hop);
  }
  header[3] = 0;
  return true;
}

/** An atomic fragment counts as the packet that it is, appendix A2. */
function withoutFragmentHeader(seen: Uint8Array, headers: readonly ExtensionHeader[]): Uint8Array {
  const index = headers.findIndex(header => header.type === IpProtocol.FRAGMENT);
  const fragment = headers[index];
  if (fragment === undefined) return seen;
  const before = headers[index - 1];
  const at = IPV6_HEADER_OCTETS + fragment.offset;
  seen[before === undefined ? 6 : IPV6_HEADER_OCTETS + before.offset] = u8At(fragment.octets, 0);
  setU16(seen, 4, u16At(seen, 4) - FRAGMENT_HEADER_OCTETS);
  seen.copyWithin(at, at + FRAGMENT_HEADER_OCTETS);
  return seen.subarray(0, seen.length - FRAGMENT_HEADER_OCTETS);
}

const DESTINATION_AT = 16;

/** Option types of IPv4, with their copied flag and class, RFC 791 §3.1. */
const Option = {
  END: 0,
  NO_OPERATION: 1,
  SECURITY: 130,
  LOOSE_SOURCE_ROUTE: 131,
  EXTENDED_SECURITY: 133,
  COMMERCIAL_SECURITY: 134,
  STRICT_SOURCE_ROUTE: 137,
  ROUTER_ALERT: 148,
  SENDER_DIRECTED_DELIVERY: 149,
} as const;

/** Appendix A1; all others are zeroed whole, also those that nobody knows (§3.3.3.1). */
const IMMUTABLE_OPTIONS: ReadonlySet<number> = new Set([
  Option.END,
  Option.NO_OPERATION,
  Option.SECURITY,
  Option.EXTENDED_SECURITY,
  Option.COMMERCIAL_SECURITY,
  Option.ROUTER_ALERT,
  Option.SENDER_DIRECTED_DELIVERY,
]);
const SOURCE_ROUTES: ReadonlySet<number> = new Set([Option.LOOSE_SOURCE_ROUTE, Option.STRICT_SOURCE_ROUTE]);

const PAD1 = 0;
/** The third bit of an IPv6 option type, RFC 8200 §4.2. */
const MAY_CHANGE = 0x20;
const SWAPPING_ROUTES: ReadonlySet<number> = new Set([0, 2]);
