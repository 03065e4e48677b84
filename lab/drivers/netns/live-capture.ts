import { openPacketTap, type PacketTap, type TappedPacket } from '../../../engine/host/packet-tap.ts';
import type { CapturedPacket } from '../../capture/packet.ts';
import type { Cable, CableEnd } from './layout.ts';
import { endName, namespaceFile } from './names.ts';

/** Packets of one link that are put in order together, before other work gets its turn. */
const ORDERED_MAX = 4096;

interface Ear {
  /** The end that sends what this one hears. */
  readonly from: string;
  readonly tap: PacketTap;
}

interface Ears {
  readonly link: string;
  readonly both: readonly Ear[];
  /** Time of the latest packet passed on. */
  latest: bigint;
}

/**
 * Hears every link at both ends. What an end sends is heard where it comes in: at the far end of its cable. (On its own side
 * the engine's transmissions, which go past the queueing discipline, are invisible.) So a packet is seen as it was sent:
 * before the impairments of a link through the middle, and never twice.
 */
export class LiveCapture {
  readonly #onPacket: ((packet: CapturedPacket) => void) | null;
  readonly #links = new Map<string, Ears>();

  /** Listens from now on; the interfaces need not be up. null: to nothing at all, and never. */
  constructor(cables: readonly Cable[], onPacket: ((packet: CapturedPacket) => void) | null) {
    this.#onPacket = onPacket;
    for (const cable of cables) this.listen(cable);
  }

  /** Also where the link was heard by another cable. */
  listen({ link, ends }: Cable): void {
    if (this.#onPacket === null) return;
    const latest = this.#links.get(link.name)?.latest ?? 0n;
    this.forget(link.name);
    const ears: Ears = { link: link.name, both: ends.map(earFor), latest };
    for (const { tap } of ears.both) tap.watch(() => this.#drain(ears));
    this.#links.set(link.name, ears);
  }

  forget(link: string): void {
    const ears = this.#links.get(link);
    if (ears === undefined) return;
    this.#drain(ears);
    for (const { tap } of ears.both) tap.close();
    this.#links.delete(link);
  }

  /** Passes on what the kernel still holds for us. */
  flush(): void {
    for (const ears of this.#links.values()) this.#drain(ears);
  }

  losses(): Readonly<Record<string, number>> {
    return Object.fromEntries(
      [...this.#links.values()].map(({ link, both }) => [link, both.reduce((sum, { tap }) => sum + tap.losses(), 0)]),
    );
  }

  close(): void {
    for (const { both } of this.#links.values()) for (const { tap } of both) tap.close();
  }

  /**
   * Reads both ends until neither has anything, and only then puts what came in order: a packet that was read has not come
   * before the one that it answers.
   */
  #drain(ears: Ears): void {
    const heard: (TappedPacket & { readonly from: string })[] = [];
    for (let some = true; some && heard.length < ORDERED_MAX; ) {
      some = false;
      for (const { from, tap } of ears.both) {
        const packets: TappedPacket[] = [];
        some = tap.receive(packets) || some;
        for (const { at, octets } of packets) heard.push({ at, octets, from });
      }
    }
    heard.sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0));
    for (const { at, octets, from } of heard) {
      // Two processors can be microseconds apart between looking at the clock and handing over; a file is in order.
      if (at > ears.latest) ears.latest = at;
      this.#onPacket?.({ link: ears.link, from, at: ears.latest, octets });
    }
  }
}

const earFor = ({ end, far }: CableEnd): Ear => ({
  from: endName(end),
  tap: openPacketTap({ interface: far.interface, netns: namespaceFile(far.netns) }),
});
