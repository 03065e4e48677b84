import { IpProtocol } from './ip-protocol.ts';
import { decodeIpv6, encodeIpv6, IPV6_HEADER_OCTETS, type Ipv6Packet } from './ipv6.ts';
import { setU16, setU32, u16At, u32At, u8At } from './octets.ts';
import { WireError } from './wire-error.ts';

export interface ExtensionHeader {
  /** Its own protocol number (not that of the next). */
  readonly type: number;
  /** The whole header, from its Next Header octet. */
  readonly octets: Uint8Array;
  /** In octets from the start of `packet.payload`. */
  readonly offset: number;
}

export interface FragmentHeader {
  /** In octets, a multiple of 8. */
  readonly offset: number;
  readonly more: boolean;
  readonly identification: number;
}

/** The header chain of RFC 8200 §4, up to what is not an extension header. ESP and AH end it: they protect what follows. */
export interface ExtensionChain {
  readonly headers: readonly ExtensionHeader[];
  /** `NO_NEXT` when nothing follows. Of a fragment after the first: what its Fragment header announces. */
  readonly upperProtocol: number;
  /** A view. Of a fragment after the first: a piece from the middle, with no header. */
  readonly upper: Uint8Array;
  /** In octets from the start of `packet.payload`. */
  readonly upperOffset: number;
  /** null without a Fragment header. */
  readonly fragment: FragmentHeader | null;
}

export const FRAGMENT_HEADER_OCTETS = 8;

/** Longer chains are an attack, RFC 8504 §5.3. */
const HEADERS_MAX = 16;

/** Throws `WireError` (offsets from the start of `packet.payload`) for headers cut short, out of place or too many. */
export function walkExtensions(packet: Ipv6Packet): ExtensionChain {
  const { payload } = packet;
  const headers: ExtensionHeader[] = [];
  let type = packet.nextHeader;
  let offset = 0;
  let fragment: FragmentHeader | null = null;
  while (isExtensionHeader(type)) {
    if (headers.length === HEADERS_MAX)
      throw new WireError('IPv6 extension header', offset, `more than ${HEADERS_MAX}`);
    if (type === IpProtocol.HOPOPT && headers.length > 0)
      throw new WireError('IPv6 Hop-by-Hop', offset, 'not the first');
    if (type === IpProtocol.FRAGMENT && fragment !== null) throw new WireError('IPv6 Fragment', offset, 'a second one');
    const octets = payload.subarray(offset, offset + extensionLength(type, payload, offset));
    headers.push({ type, octets, offset });
    if (type === IpProtocol.FRAGMENT) fragment = fragmentHeader(octets);
    offset += octets.length;
    type = u8At(octets, 0);
    if (fragment !== null && fragment.offset > 0) break;
  }
  return { headers, upperProtocol: type, upper: payload.subarray(offset), upperOffset: offset, fragment };
}

/**
 * Cuts a packet of our own into fragments of at most `mtu` octets, RFC 8200 §4.5; the packet itself when it fits. Headers up
 * to the Routing header (or Hop-by-Hop) go into each. `WireError` for a bad packet, RangeError when it is a fragment already
 * or where not even 8 octets of payload fit.
 */
export function fragmentIpv6(octets: Uint8Array, mtu: number, identification: number): Uint8Array[] {
  const whole = decodeIpv6(octets);
  if (IPV6_HEADER_OCTETS + whole.payload.length <= mtu) return [octets];
  const chain = walkExtensions(whole);
  if (chain.fragment !== null) throw new RangeError('an IPv6 fragment is not fragmented again');
  const head = perFragmentPart(whole, chain);
  const room = (mtu - IPV6_HEADER_OCTETS - head.octets.length - FRAGMENT_HEADER_OCTETS) & ~7;
  if (room < 8) throw new RangeError(`an MTU of ${mtu} holds no fragment`);
  const body = whole.payload.subarray(head.octets.length);
  const fragments: Uint8Array[] = [];
  for (let at = 0; at < body.length; at += room) {
    const piece = body.subarray(at, at + room);
    const payload = new Uint8Array(head.octets.length + FRAGMENT_HEADER_OCTETS + piece.length);
    payload.set(head.octets, 0);
    payload[head.octets.length] = head.fragmentable;
    setU16(payload, head.octets.length + 2, at | (at + room < body.length ? 1 : 0));
    setU32(payload, head.octets.length + 4, identification);
    payload.set(piece, head.octets.length + FRAGMENT_HEADER_OCTETS);
    fragments.push(encodeIpv6({ ...whole, nextHeader: head.nextHeader, payload }));
  }
  return fragments;
}

function isExtensionHeader(type: number): boolean {
  return (
    type === IpProtocol.HOPOPT ||
    type === IpProtocol.ROUTING ||
    type === IpProtocol.FRAGMENT ||
    type === IpProtocol.DSTOPTS
  );
}

function extensionLength(type: number, payload: Uint8Array, offset: number): number {
  const present = payload.length - offset;
  if (present < 8) throw new WireError('IPv6 extension header', offset, `needs 8 octets, ${present} are left`);
  const length = type === IpProtocol.FRAGMENT ? FRAGMENT_HEADER_OCTETS : (u8At(payload, offset + 1) + 1) * 8;
  if (length > present) throw new WireError('IPv6 Hdr Ext Len', offset + 1, `${length} octets, ${present} are left`);
  return length;
}

function fragmentHeader(octets: Uint8Array): FragmentHeader {
  const field = u16At(octets, 2);
  return { offset: field & 0xfff8, more: (field & 1) !== 0, identification: u32At(octets, 4) };
}

/** What each fragment repeats, its last Next Header turned to Fragment; and the protocol number of what comes after. */
function perFragmentPart(whole: Ipv6Packet, chain: ExtensionChain) {
  const last = chain.headers.findLast(h => h.type === IpProtocol.HOPOPT || h.type === IpProtocol.ROUTING);
  if (last === undefined) {
    return { octets: new Uint8Array(0), nextHeader: IpProtocol.FRAGMENT, fragmentable: whole.nextHeader };
  }
  const octets = new Uint8Array(whole.payload.subarray(0, last.offset + last.octets.length));
  octets[last.offset] = IpProtocol.FRAGMENT;
  return { octets, nextHeader: whole.nextHeader, fragmentable: u8At(last.octets, 0) };
}
