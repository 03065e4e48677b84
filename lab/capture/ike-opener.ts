import { dissectPacket, findLayer } from '../../engine/wire/dissect.ts';
import { IkeDecryptor, type IkeOpening } from './ike-decrypt.ts';
import { IsakmpDecryptor, type IsakmpOpening } from './isakmp-decrypt.ts';
import type { IkeSaKeys } from './key-log.ts';
import type { CapturedPacket } from './packet.ts';
import { WholePackets } from './whole-packets.ts';

/**
 * Looks into the IKE messages of both versions in a whole capture: takes packets in order of capture, fragments of IP and of IKE
 * put together.
 */
export class IkeOpener {
  readonly #decryptor: IkeDecryptor;
  readonly #isakmpDecryptor: IsakmpDecryptor;
  readonly #whole = new WholePackets();

  constructor(keys: () => readonly IkeSaKeys[]) {
    this.#decryptor = new IkeDecryptor(keys);
    this.#isakmpDecryptor = new IsakmpDecryptor(keys);
  }

  /** null: the packet is none of IKE's, has nothing encrypted, or is a fragment of IP that others must follow. */
  open(packet: CapturedPacket): IkeOpening | IsakmpOpening | null {
    const whole = this.#whole.take(packet);
    const ike = whole === null ? null : findLayer(dissectPacket(whole), 'ike');
    if (ike === null) return null;
    return this.#decryptor.open(ike.octets) ?? this.#isakmpDecryptor.open(ike.octets);
  }
}
