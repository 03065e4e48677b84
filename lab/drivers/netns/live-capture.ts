import { openPacketTap, type PacketTap, type TappedPacket } from '../../../engine/host/packet-tap.ts';
import type { CapturedPacket } from '../../capture/packet.ts';
import type { Cable } from './layout.ts';
import { endName, namespaceFile } from './names.ts';

/** Batches from one end before other work gets its turn. */
const ROUNDS_MAX = 8;

interface Ear {
  /** The end that sends what this one hears. */
  readonly from: string;
  readonly tap: PacketTap;
}

/**
 * Hears every link at both ends. What an end sends is heard where it comes in: at the far end of its cable. (On its own side
 * the engine's transmissions, which go past the queueing discipline, are invisible.) So a packet is seen as it was sent:
 * before the impairments of a link through the middle, and never twice.
 */
export class LiveCapture {
  readonly #onPacket: (packet: CapturedPacket) => void;
  readonly #ears = new Map<string, readonly Ear[]>();

  /** Listens from now on; the interfaces need not be up. */
  constructor(cables: readonly Cable[], onPacket: (packet: CapturedPacket) => void) {
    this.#onPacket = onPacket;
    for (const { link, ends } of cables) {
      const ears = ends.map(({ end, far }) => ({
        from: endName(end),
        tap: openPacketTap({ interface: far.interface, netns: namespaceFile(far.netns) }),
      }));
      this.#ears.set(link.name, ears);
      for (const { tap } of ears) tap.watch(() => this.#drain(link.name, ears));
    }
  }

  /** Passes on what the kernel still holds for us. */
  flush(): void {
    for (const [link, ears] of this.#ears) this.#drain(link, ears);
  }

  losses(): Readonly<Record<string, number>> {
    const sums = [...this.#ears].map(([link, ears]) => [link, ears.reduce((sum, { tap }) => sum + tap.losses(), 0)]);
    return Object.fromEntries(sums) as Record<string, number>;
  }

  close(): void {
    for (const ears of this.#ears.values()) for (const { tap } of ears) tap.close();
  }

  /** Both directions together, so that a question comes before its answer. */
  #drain(link: string, ears: readonly Ear[]): void {
    for (let round = 0; round < ROUNDS_MAX; round++) {
      const heard: (TappedPacket & { readonly from: string })[] = [];
      for (const { from, tap } of ears) {
        const packets: TappedPacket[] = [];
        tap.receive(packets);
        for (const packet of packets) heard.push({ ...packet, from });
      }
      if (heard.length === 0) return;
      heard.sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0));
      for (const { at, octets, from } of heard) this.#onPacket({ link, from, at, octets });
    }
  }
}
