import { internetChecksum } from '../../engine/wire/checksum.ts';
import { IpProtocol } from '../../engine/wire/ip-protocol.ts';
import { u16At, u32At, u8At } from '../../engine/wire/octets.ts';
import { Reassembly } from '../../engine/wire/reassembly.ts';
import { UDP_HEADER_OCTETS } from '../../engine/wire/udp.ts';
import { UDP_ENCAPSULATION_PORT } from '../../engine/wire/udp-encapsulation.ts';
import { WireError } from '../../engine/wire/wire-error.ts';
import { type ClearVisitor, isExtension, type Place, walkFrame, walkPacket } from './clear-walk.ts';
import type { FlowMatcher } from './flow-match.ts';
import { isDamagedNeighbourDiscovery, isNeighbourDiscovery, looksLikeIke } from './not-flow-traffic.ts';
import type { CapturedPacket } from './packet.ts';

/** Counters of one flow on one link, which the watch moves. */
export interface WatchedFlow {
  readonly matcher: FlowMatcher;
  readonly keep: number;
  readonly offences: { readonly packet: CapturedPacket; readonly how: string }[];
  clearPackets: number;
  espPackets: number;
}

const REASSEMBLY_LIMITS = { maxBuffers: 64, maxOctets: 1 << 20, timeoutNs: 30_000_000_000 };
/** SPIs remembered per link, to know ESP again when its IP header is damaged. */
const SPIS_KEPT = 4096;
/** How long an IV may be, so where a payload that was not encrypted would begin. */
const IV_OCTETS = [0, 8, 16] as const;
/** No algorithm has a longer one, padding included. */
const AH_OCTETS_MAX = 48;
/** Flows that fix fewer address bits are too easily matched by ciphertext. */
const BITS_TO_RECOGNIZE = 16;

/** Looks at one link for the tripwire. */
export class LinkWatch implements ClearVisitor {
  packets = 0;
  espPackets = 0;
  damagedPackets = 0;
  readonly #flows: readonly WatchedFlow[];
  readonly #spis = new Set<number>();
  #hasEspInUdp = false;
  #hasIke = false;
  readonly #reassemblies = new Map<string, Reassembly>();
  #packet: CapturedPacket | null = null;
  #origin: bigint | null = null;
  /** While a packet that was put together is looked at. */
  #isReassembled = false;
  #offendedNow = false;

  constructor(flows: readonly WatchedFlow[]) {
    this.#flows = flows;
  }

  see(packet: CapturedPacket): void {
    this.packets++;
    this.#packet = packet;
    this.#offendedNow = false;
    walkFrame(packet.octets, this);
  }

  esp(place: Place, espAt: number): void {
    if (place.wrapping === 'quoted by an ICMP error') return;
    this.espPackets++;
    for (const flow of this.#flows) if (flow.matcher.matchesAt(place.octets, place.ipAt)) flow.espPackets++;
    if (place.isLaterFragment || place.end - espAt < 8) return;
    if (place.protocol === IpProtocol.UDP) this.#hasEspInUdp = true;
    if (this.#spis.size < SPIS_KEPT) this.#spis.add(u32At(place.octets, espAt) | 0);
    for (const ivOctets of IV_OCTETS) this.#lookInside(place, espAt + 8 + ivOctets);
  }

  clear(place: Place): boolean {
    let isOfFlow = false;
    for (const flow of this.#flows) {
      if (!flow.matcher.matchesAt(place.octets, place.ipAt)) continue;
      if (this.#isNoOffence(place, flow)) continue;
      this.#offend(flow, place.wrapping);
      isOfFlow = true;
    }
    return isOfFlow;
  }

  fragment(place: Place): void {
    if (this.#offendedNow || this.#isReassembled || this.#packet === null) return;
    this.#origin ??= this.#packet.at;
    const now = Number(this.#packet.at - this.#origin);
    const reassembly = this.#reassemblies.get(this.#packet.from) ?? new Reassembly(REASSEMBLY_LIMITS);
    this.#reassemblies.set(this.#packet.from, reassembly);
    reassembly.expire(now);
    const whole = addUnlessMalformed(reassembly, place.octets.subarray(place.ipAt, place.end), now);
    if (whole === null) return;
    this.#isReassembled = true;
    walkPacket(whole, 0, whole.length, this, place.wrapping, place.depth + 1);
    this.#isReassembled = false;
  }

  #isNoOffence(place: Place, flow: WatchedFlow): boolean {
    if (place.isLaterFragment && this.#mayBelongToEsp(place)) return true; // the first fragment or the whole will tell
    if (isNeighbourDiscovery(place)) return true;
    if (flow.matcher.isBetweenHosts && this.#isOfIke(place)) return true;
    if (!this.#isDamagedEsp(place) && !isDamagedNeighbourDiscovery(place)) return false;
    this.damagedPackets++;
    return true;
  }

  /** Later fragments of UDP where hosts have been seen to speak IKE: the first fragment or the whole will tell. */
  #isOfIke(place: Place): boolean {
    if (place.isLaterFragment) return place.wrapping === 'bare' && place.protocol === IpProtocol.UDP && this.#hasIke;
    if (!looksLikeIke(place)) return false;
    this.#hasIke = true;
    return true;
  }

  #mayBelongToEsp({ protocol }: Place): boolean {
    return isExtension(protocol) || protocol === IpProtocol.AH || (protocol === IpProtocol.UDP && this.#hasEspInUdp);
  }

  /**
   * Links may corrupt frames. A packet whose IPv4 checksum is right only with ESP's protocol number was ESP; so was one that
   * begins with a known SPI behind a header that is wrong, or has no checksum: of IPv6, AH, or UDP around ESP.
   */
  #isDamagedEsp(place: Place): boolean {
    const { octets, ipAt, payloadAt, isLaterFragment } = place;
    const isVersion4 = u8At(octets, ipAt) >> 4 === 4;
    const isRight = isVersion4 && ipv4ChecksumHolds(octets, ipAt);
    if (isVersion4 && !isRight && checksumAsksForEsp(octets, ipAt)) return true;
    if (isLaterFragment) return false;
    if (isRight) return mayStandBeforeEsp(place) && this.#hasSpiBetween(octets, payloadAt, payloadAt + AH_OCTETS_MAX);
    // Where the payload begins is as doubtful as the rest.
    const headerEnd = ipAt + (isVersion4 ? 20 : 40);
    return this.#hasSpiBetween(octets, headerEnd, Math.max(payloadAt, headerEnd) + AH_OCTETS_MAX);
  }

  #hasSpiBetween(octets: Uint8Array, first: number, last: number): boolean {
    for (let at = first; at <= last && at + 8 <= octets.length; at += 4) {
      if (this.#spis.has(u32At(octets, at) | 0)) return true;
    }
    return false;
  }

  /** A packet of a flow that stands readable where ESP should have ciphertext. */
  #lookInside(place: Place, at: number): void {
    for (const flow of this.#flows) {
      if (flow.matcher.fixedBits < BITS_TO_RECOGNIZE || !flow.matcher.matchesAt(place.octets, at)) continue;
      if (isHeader(place.octets, at, place.end, place.isFragment)) this.#offend(flow, 'inside ESP, not encrypted');
    }
  }

  #offend(flow: WatchedFlow, how: string): void {
    if (this.#packet === null) throw new Error('an offence without a packet');
    this.#offendedNow = true;
    flow.clearPackets++;
    if (flow.offences.length >= flow.keep) return;
    flow.offences.push({ packet: this.#packet, how: this.#isReassembled ? `${how}, in fragments` : how });
  }
}

/** AH, or UDP with a port that is UDP-encapsulated ESP's, one bit aside. */
function mayStandBeforeEsp({ octets, payloadAt, upperAt, end, protocol }: Place): boolean {
  if (protocol === IpProtocol.AH || upperAt !== payloadAt) return true;
  if (protocol !== IpProtocol.UDP || end - payloadAt < UDP_HEADER_OCTETS) return false;
  return [u16At(octets, payloadAt), u16At(octets, payloadAt + 2)].some(port => {
    const flipped = port ^ UDP_ENCAPSULATION_PORT;
    return (flipped & (flipped - 1)) === 0;
  });
}

function addUnlessMalformed(reassembly: Reassembly, fragment: Uint8Array, now: number): Uint8Array | null {
  try {
    const whole = reassembly.add(fragment, now);
    return whole instanceof Uint8Array ? whole : null;
  } catch (error) {
    if (error instanceof WireError) return null;
    throw error;
  }
}

/** Whether what matched is an IP header and no accident of ciphertext: lengths fit, and IPv4's checksum. */
function isHeader(octets: Uint8Array, at: number, end: number, isFragment: boolean): boolean {
  if (u8At(octets, at) >> 4 === 6) return end - at >= 40 && (isFragment || 40 + u16At(octets, at + 4) <= end - at);
  if (end - at < 20 || (!isFragment && u16At(octets, at + 2) > end - at)) return false;
  return ipv4ChecksumHolds(octets, at);
}

function ipv4ChecksumHolds(octets: Uint8Array, at: number): boolean {
  const headerOctets = (u8At(octets, at) & 15) * 4;
  return headerOctets >= 20 && internetChecksum(octets.subarray(at, at + headerOctets)) === 0;
}

function checksumAsksForEsp(octets: Uint8Array, at: number): boolean {
  const header = octets.slice(at, at + (u8At(octets, at) & 15) * 4);
  header[9] = IpProtocol.ESP;
  return ipv4ChecksumHolds(header, 0);
}
