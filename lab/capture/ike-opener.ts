import { dissectPacket, findLayer } from '../../engine/wire/dissect.ts';
import { IkeDecryptor, type IkeOpening } from './ike-decrypt.ts';
import type { IkeSaKeys } from './key-log.ts';
import type { CapturedPacket } from './packet.ts';
import { WholePackets } from './whole-packets.ts';

/** Looks into the IKE messages of a whole capture: gives packets in order of capture, fragments of IP and of IKE put together. */
export class IkeOpener {
  readonly #decryptor: IkeDecryptor;
  readonly #whole = new WholePackets();

  constructor(keys: () => readonly IkeSaKeys[]) {
    this.#decryptor = new IkeDecryptor(keys);
  }

  /** null: the packet is none of IKEv2's, has nothing encrypted, or is a fragment of IP that others must follow. */
  open(packet: CapturedPacket): IkeOpening | null {
    const whole = this.#whole.take(packet);
    const ike = whole === null ? null : findLayer(dissectPacket(whole), 'ike');
    return ike === null ? null : this.#decryptor.open(ike.octets);
  }
}
