import { decodeEthernet, EtherType } from '../../engine/wire/ethernet.ts';
import { u16At } from '../../engine/wire/octets.ts';
import { Reassembly } from '../../engine/wire/reassembly.ts';
import type { CapturedPacket } from './packet.ts';
import { unlessMalformed } from './unless-malformed.ts';

const REASSEMBLY_LIMITS = { maxBuffers: 64, maxOctets: 1 << 20, timeoutNs: 30_000_000_000 };

/** The IP packets of a capture, given in order of capture. Fragments are put together for each end of each link. */
export class WholePackets {
  readonly #reassemblies = new Map<string, Reassembly>();
  #origin: bigint | null = null;

  /** Of a fragmented packet the whole, when its last fragment comes; null until then, and for what is no IP packet. */
  take(packet: CapturedPacket): Uint8Array | null {
    const ip = ipPacketIn(packet.octets);
    if (ip === null) return null;
    this.#origin ??= packet.at;
    const now = Number(packet.at - this.#origin);
    const end = `${packet.link} ${packet.from}`;
    const reassembly = this.#reassemblies.get(end) ?? new Reassembly(REASSEMBLY_LIMITS);
    this.#reassemblies.set(end, reassembly);
    reassembly.expire(now);
    const whole = unlessMalformed(() => reassembly.add(ip, now));
    return whole instanceof Uint8Array ? whole : null;
  }
}

/** The IP packet of an Ethernet frame, VLAN tags skipped, padding included; null for anything else. A view. */
export function ipPacketIn(frame: Uint8Array): Uint8Array | null {
  return unlessMalformed(() => {
    let { etherType, payload } = decodeEthernet(frame);
    while (etherType === EtherType.VLAN && payload.length >= 4) {
      etherType = u16At(payload, 2);
      payload = payload.subarray(4);
    }
    return etherType === EtherType.IPV4 || etherType === EtherType.IPV6 ? payload : null;
  });
}
