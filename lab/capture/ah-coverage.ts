import { IpProtocol } from '../../engine/wire/ip-protocol.ts';
import { decodeIpv4, encodeIpv4, type Ipv4Packet } from '../../engine/wire/ipv4.ts';
import { decodeIpv6, encodeIpv6 } from '../../engine/wire/ipv6.ts';
import { type ExtensionHeader, walkExtensions } from '../../engine/wire/ipv6-extension.ts';
import { u16At, u8At } from '../../engine/wire/octets.ts';

/**
 * The headers before an AH as its ICV covers them, RFC 4302 §3.3.3.1, built anew from their fields: what the judges hold against
 * the engine's own way. `packet` is whole, and its AH begins at `ahAt`. Throws `WireError` for what is no packet. null for a
 * Routing header on its way whose type is not known.
 */
export function coveredHeaders(packet: Uint8Array, ahAt: number): Uint8Array | null {
  return u8At(packet, 0) >> 4 === 4 ? coveredIpv4(decodeIpv4(packet), ahAt) : coveredIpv6(packet, ahAt);
}

function coveredIpv4(packet: Ipv4Packet, ahAt: number): Uint8Array {
  const { options, destination } = coveredOptions(packet);
  const still = { dscpEcn: 0, dontFragment: false, moreFragments: false, fragmentOffset: 0, ttl: 0 };
  const covered = encodeIpv4({ ...packet, ...still, options, destination });
  covered.fill(0, 10, 12); // the checksum
  return covered.subarray(0, ahAt);
}

/** Options whole or not at all, appendix A1; and the end of a source route. */
function coveredOptions({ options, destination }: Ipv4Packet) {
  const covered = new Uint8Array(options.length);
  let end = destination;
  let at = 0;
  while (at < options.length && options[at] !== 0) {
    const type = u8At(options, at);
    const length = type === 1 ? 1 : Math.max(2, u8At(options, at + 1));
    const option = options.subarray(at, at + length);
    if (IMMUTABLE.has(type)) covered.set(option, at);
    const isOnItsWay = SOURCE_ROUTE.has(type) && option.length >= 7 && u8At(option, 2) <= option.length;
    if (isOnItsWay) end = option.subarray(-4);
    at += length;
  }
  covered.set(options.subarray(at), at); // End of Options List, and what follows it
  return { options: covered, destination: end };
}

function coveredIpv6(octets: Uint8Array, ahAt: number): Uint8Array | null {
  const packet = decodeIpv6(octets);
  let { destination } = packet;
  const headers: { readonly type: number; readonly octets: Uint8Array }[] = [];
  for (const header of walkExtensions(packet).headers) {
    if (header.type === IpProtocol.FRAGMENT) continue; // an atomic one: AH never saw it, appendix A2
    if (header.type !== IpProtocol.ROUTING) {
      headers.push({ type: header.type, octets: withoutChangingOptions(header.octets) });
      continue;
    }
    const arrived = arrivedRoute(header, destination);
    if (arrived === null) return null;
    destination = arrived.destination;
    headers.push({ type: header.type, octets: arrived.header });
  }
  for (const [i, header] of headers.entries()) header.octets[0] = headers[i + 1]?.type ?? IpProtocol.AH;
  const rest = octets.subarray(ahAt, 40 + u16At(octets, 4));
  const payload = Buffer.concat([...headers.map(header => header.octets), rest]);
  const nextHeader = headers[0]?.type ?? IpProtocol.AH;
  const covered = encodeIpv6({
    ...packet,
    trafficClass: 0,
    flowLabel: 0,
    hopLimit: 0,
    nextHeader,
    destination,
    payload,
  });
  return covered.subarray(0, covered.length - rest.length);
}

function withoutChangingOptions(header: Uint8Array): Uint8Array {
  const covered = new Uint8Array(header);
  for (let at = 2; at < covered.length; ) {
    const type = u8At(covered, at);
    const length = type === 0 ? 1 : 2 + u8At(covered, at + 1);
    if ((type & 0x20) !== 0) covered.fill(0, at + 2, at + length);
    at += length;
  }
  return covered;
}

/** The route as its end sees it: the visited addresses in the order of the visits. */
function arrivedRoute({ octets }: ExtensionHeader, destination: Uint8Array) {
  const header = new Uint8Array(octets);
  const left = u8At(header, 3);
  if (left === 0) return { header, destination };
  const addresses = Array.from({ length: (header.length - 8) >> 4 }, (_, i) =>
    octets.subarray(8 + 16 * i, 24 + 16 * i),
  );
  if ((octets[2] !== 0 && octets[2] !== 2) || left > addresses.length) return null;
  const visits = [destination, ...addresses.slice(addresses.length - left)];
  const arrived = [...addresses.slice(0, addresses.length - left), ...visits.slice(0, -1)];
  for (const [i, address] of arrived.entries()) header.set(address, 8 + 16 * i);
  header[3] = 0;
  return { header, destination: visits.at(-1) ?? destination };
}

/** NOP, Security, Extended Security, Commercial Security, Router Alert, Sender Directed Delivery: with copied flag and class. */
const IMMUTABLE: ReadonlySet<number> = new Set([1, 0x82, 0x85, 0x86, 0x94, 0x95]);
/** Loose and strict. */
const SOURCE_ROUTE: ReadonlySet<number> = new Set([0x83, 0x89]);
