import { IpProtocol } from '../../engine/wire/ip-protocol.ts';
import { decodeIpv4 } from '../../engine/wire/ipv4.ts';
import { walkExtensions } from '../../engine/wire/ipv6-extension.ts';
import { decodeIpv6 } from '../../engine/wire/ipv6.ts';
import { u8At } from '../../engine/wire/octets.ts';
import { EspDecryptor, type EspOpening } from './decrypt.ts';
import type { EspSaKeys } from './key-log.ts';
import type { CapturedPacket } from './packet.ts';
import { unlessMalformed } from './unless-malformed.ts';
import { type AhOpening, AhVerifier } from './verify-ah.ts';
import { WholePackets } from './whole-packets.ts';

/** What one layer of ESP or AH showed. */
export type Opening = EspOpening | AhOpening;

const NESTING_MAX = 8;

/**
 * Looks into the ESP and AH of a whole capture: gives packets in order of capture. Fragments are put together for each end of
 * each link; ESP and AH are found in each other, in IP-in-IP, and ESP in UDP.
 */
export class PacketOpener {
  readonly #decryptor: EspDecryptor;
  readonly #verifier: AhVerifier;
  readonly #whole = new WholePackets();

  constructor(keys: () => readonly EspSaKeys[]) {
    this.#decryptor = new EspDecryptor(keys);
    this.#verifier = new AhVerifier(keys);
  }

  /**
   * The layers of ESP and AH of the packet, outermost first; of a fragmented one, when its last fragment comes. Empty when there
   * are none.
   */
  open(packet: CapturedPacket): readonly Opening[] {
    const openings: Opening[] = [];
    let current = this.#whole.take(packet);
    for (let depth = 0; current !== null && depth < NESTING_MAX; depth++) {
      const found = this.#openLayer(current);
      if (found !== null) openings.push(found.opening);
      current = found === null ? tunnelledPacket(current) : found.inner;
    }
    return openings;
  }

  #openLayer(packet: Uint8Array): { readonly opening: Opening; readonly inner: Uint8Array | null } | null {
    const opening = this.#decryptor.open(packet);
    if (opening === null) return this.#verifier.open(packet);
    return { opening, inner: opening.kind === 'opened' ? opening.inner : null };
  }
}

/** The packet that an IP-in-IP packet carries, or null. */
function tunnelledPacket(packet: Uint8Array): Uint8Array | null {
  return unlessMalformed(() => {
    const { protocol, payload } = upperOf(packet);
    return protocol === IpProtocol.IPV4 || protocol === IpProtocol.IPV6 ? payload : null;
  });
}

function upperOf(packet: Uint8Array): { readonly protocol: number; readonly payload: Uint8Array } {
  if (u8At(packet, 0) >> 4 === 4) return decodeIpv4(packet);
  const chain = walkExtensions(decodeIpv6(packet));
  return { protocol: chain.upperProtocol, payload: chain.upper };
}
