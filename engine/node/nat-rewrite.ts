import { internetChecksum, updateChecksum } from '../wire/checksum.ts';
import { IpProtocol } from '../wire/ip-protocol.ts';
import { setU16, u16At, u32At, u8At } from '../wire/octets.ts';
import type { Endpoint } from './nat-table.ts';

const ICMP_HEADER_OCTETS = 8;

/** The two ends of an IPv4 packet at `at`, which may end after the ports: inside an ICMP error. null: it has no ports. */
export function endpointsAt(octets: Uint8Array, at: number): { source: Endpoint; destination: Endpoint } | null {
  const upper = upperAt(octets, at);
  if (upper === null) return null;
  const protocol = u8At(octets, at + 9);
  const isIcmp = protocol === IpProtocol.ICMP;
  if (!isIcmp && protocol !== IpProtocol.TCP && protocol !== IpProtocol.UDP) return null;
  const [from, to] = isIcmp ? [upper + 4, upper + 4] : [upper, upper + 2];
  return {
    source: { address: u32At(octets, at + 12), port: u16At(octets, from) },
    destination: { address: u32At(octets, at + 16), port: u16At(octets, to) },
  };
}

/** Where the upper layer of an IPv4 packet at `at` begins; null for what is no packet with eight octets of it. */
function upperAt(octets: Uint8Array, at: number): number | null {
  if (octets.length < at + 20 || u8At(octets, at) >> 4 !== 4) return null;
  const header = (u8At(octets, at) & 15) * 4;
  if (header < 20 || octets.length < at + header + 8 || (u16At(octets, at + 6) & 0x1fff) !== 0) return null;
  return at + header;
}

/** Puts another end into the IPv4 packet at `at`, in place, with all checksums that cover it, RFC 1624. */
export function rewriteEnd(octets: Uint8Array, at: number, end: 'source' | 'destination', to: Endpoint): void {
  const upper = upperAt(octets, at);
  if (upper === null) return;
  const protocol = u8At(octets, at + 9);
  const addressAt = at + (end === 'source' ? 12 : 16);
  const checksumAt = transportChecksum(octets, protocol, upper);
  for (const [offset, word] of [
    [0, to.address >>> 16],
    [2, to.address & 0xffff],
  ] as const) {
    const before = u16At(octets, addressAt + offset);
    setU16(octets, addressAt + offset, word);
    update(octets, at + 10, before, word);
    // The checksum of ICMP covers no addresses.
    if (checksumAt !== null && protocol !== IpProtocol.ICMP) update(octets, checksumAt, before, word);
  }
  const portAt = protocol === IpProtocol.ICMP ? upper + 4 : upper + (end === 'source' ? 0 : 2);
  const before = u16At(octets, portAt);
  setU16(octets, portAt, to.port);
  if (checksumAt !== null) update(octets, checksumAt, before, to.port);
  // RFC 768: a UDP checksum that comes out as 0 is sent as all ones.
  if (checksumAt !== null && protocol === IpProtocol.UDP && u16At(octets, checksumAt) === 0)
    setU16(octets, checksumAt, 0xffff);
}

/** Puts another address alone into an IPv4 packet that has no ports, such as an ICMP error. */
export function rewriteAddress(octets: Uint8Array, at: number, end: 'source' | 'destination', address: number): void {
  const addressAt = at + (end === 'source' ? 12 : 16);
  for (const [offset, word] of [
    [0, address >>> 16],
    [2, address & 0xffff],
  ] as const) {
    const before = u16At(octets, addressAt + offset);
    setU16(octets, addressAt + offset, word);
    update(octets, at + 10, before, word);
  }
}

/** The packet that an ICMP error at `upper` quotes; null when it is none. */
export function quotedAt(octets: Uint8Array, upper: number): number | null {
  const type = u8At(octets, upper);
  const isError = type === 3 || type === 4 || type === 11 || type === 12;
  return isError && octets.length >= upper + ICMP_HEADER_OCTETS + 28 ? upper + ICMP_HEADER_OCTETS : null;
}

/** After what an ICMP message quotes was rewritten. */
export function finishIcmp(octets: Uint8Array, upper: number): void {
  setU16(octets, upper + 2, 0);
  setU16(octets, upper + 2, internetChecksum(octets.subarray(upper)));
}

/** null: it has none, or it is not there. */
function transportChecksum(octets: Uint8Array, protocol: number, upper: number): number | null {
  const offset = protocol === IpProtocol.TCP ? 16 : protocol === IpProtocol.UDP ? 6 : 2;
  if (octets.length < upper + offset + 2) return null;
  return protocol === IpProtocol.UDP && u16At(octets, upper + offset) === 0 ? null : upper + offset;
}

function update(octets: Uint8Array, checksumAt: number, before: number, after: number): void {
  setU16(octets, checksumAt, updateChecksum(u16At(octets, checksumAt), before, after));
}
