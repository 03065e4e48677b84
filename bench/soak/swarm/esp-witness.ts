import type { SaConfig } from '../../../engine/node/config.ts';
import type { NodeCommand } from '../../../engine/node/node.ts';
import { u16At, u32At, u8At } from '../../../engine/wire/octets.ts';
import type { Journal } from './journal.ts';

/** What every packet of traffic carries: seen on the wire, it is a leak. */
export const MARK = Buffer.from('THIS IS A SECRET OF THE SWARM');

const FRAME_OCTETS = 14;
const ESP = 50;
const UDP = 17;

interface Outbound {
  readonly sa: SaConfig;
  sequence: number;
  readonly ivs: Set<string>;
}

/**
 * What one gateway does with its SAs: no inbound SPI that is in use is given out again, no key comes twice, and under none a
 * sequence number or an IV; nothing of the protected flows leaves in the clear.
 */
export class EspWitness {
  readonly #name: string;
  readonly #journal: Journal;
  /** Keys of all gateways that were ever used for sending. */
  readonly #keys: Set<string>;
  #inbound = new Map<number, SaConfig>();
  #outbound = new Map<number, Outbound>();
  /** Deleted ones: what they have sealed may still wait for the next hop to be found. */
  readonly #over = new Map<number, Outbound>();
  packets = 0;

  constructor(name: string, keys: Set<string>, journal: Journal) {
    this.#name = name;
    this.#keys = keys;
    this.#journal = journal;
  }

  /** The node has crashed, and its SAs with it. */
  forget(): void {
    this.#inbound = new Map();
    this.#outbound = new Map();
  }

  commanded(command: NodeCommand): void {
    if (command.kind === 'installSa') this.#installed(command.sa);
    if (command.kind === 'deleteSa') {
      const { spi, direction } = command;
      const known = direction === 'inbound' ? this.#inbound : this.#outbound;
      const outbound = this.#outbound.get(spi);
      if (direction === 'outbound' && outbound !== undefined) this.#over.set(spi, outbound);
      if (!known.delete(spi)) this.#journal.find(`${this.#name} deletes ${direction} ${hex(spi)}, which is not there`);
    }
  }

  /** A frame that leaves for where everybody can read it. */
  sent(frame: Uint8Array): void {
    if (Buffer.from(frame.buffer, frame.byteOffset, frame.length).includes(MARK)) {
      this.#journal.find(`${this.#name} sends in the clear what is to be protected`);
    }
    const esp = espIn(frame);
    if (esp === null) return;
    this.packets++;
    const spi = u32At(esp, 0);
    const sequence = u32At(esp, 4);
    const outbound = this.#outbound.get(spi) ?? this.#over.get(spi);
    const what = `${this.#name} sends ESP ${hex(spi)} ${sequence}`;
    if (outbound === undefined) {
      this.#journal.find(`${what} by an SA that never was`);
      return;
    }
    if (sequence <= outbound.sequence) this.#journal.find(`${what} after ${outbound.sequence}`);
    outbound.sequence = sequence;
    const iv = Buffer.from(esp.subarray(8, 16)).toString('hex');
    if (outbound.ivs.has(iv)) this.#journal.find(`${what} with an IV that was used before`);
    outbound.ivs.add(iv);
  }

  #installed(sa: SaConfig): void {
    const { spi, direction, encryptionKey } = sa;
    const what = `${this.#name} installs ${direction} ${hex(spi)}`;
    if (direction === 'inbound') {
      if (this.#inbound.has(spi)) this.#journal.find(`${what}, which is in use`);
      this.#inbound.set(spi, sa);
      return;
    }
    if (this.#keys.has(encryptionKey)) this.#journal.find(`${what} with a key that was used before`);
    this.#keys.add(encryptionKey);
    this.#outbound.set(spi, { sa, sequence: 0, ivs: new Set() });
  }
}

function espIn(frame: Uint8Array): Uint8Array | null {
  if (frame.length < FRAME_OCTETS + 20 || u16At(frame, 12) !== 0x0800) return null;
  const packet = frame.subarray(FRAME_OCTETS, FRAME_OCTETS + u16At(frame, FRAME_OCTETS + 2));
  const payload = packet.subarray((u8At(packet, 0) & 15) * 4);
  if ((u16At(packet, 6) & 0x3fff) !== 0) return null; // a fragment
  if (u8At(packet, 9) === ESP) return payload;
  const isEncapsulated = u8At(packet, 9) === UDP && u16At(payload, 0) === 4500 && payload.length > 24;
  return isEncapsulated && u32At(payload, 8) !== 0 ? payload.subarray(8) : null;
}

const hex = (spi: number): string => spi.toString(16).padStart(8, '0');
