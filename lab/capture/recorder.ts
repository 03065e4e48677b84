import type { CapturedPacket } from './packet.ts';

export interface RecorderLimits {
  /** Octets of packets that one link's history may hold. */
  readonly maxOctetsPerLink: number;
  readonly maxPacketsPerLink: number;
}

const DEFAULT_LIMITS: RecorderLimits = { maxOctetsPerLink: 8 << 20, maxPacketsPerLink: 65_536 };

export interface LinkRecord {
  readonly link: string;
  /** Since the beginning, pushed out ones included. */
  readonly packets: number;
  readonly octets: number;
  /** Old ones that had to make room. */
  readonly pushedOutPackets: number;
  readonly pushedOutOctets: number;
}

/** Gets packets in order, from inside `record`: it must not throw, and not wait. */
export type PacketListener = (packet: CapturedPacket) => void;

/**
 * The last packets of every link, bounded, and everything as it comes for those who subscribe. Who subscribes from the
 * start misses nothing between history and present.
 */
export class Recorder {
  readonly #limits: RecorderLimits;
  readonly #links = new Map<string, LinkHistory>();
  readonly #listeners = new Set<{ readonly link: string | null; readonly listener: PacketListener }>();
  #next = 0;

  constructor(limits: RecorderLimits = DEFAULT_LIMITS) {
    this.#limits = limits;
  }

  /** Keeps the packet as it is: its octets must not change any more. */
  record(packet: CapturedPacket): void {
    const history = this.#links.get(packet.link) ?? new LinkHistory(this.#limits);
    this.#links.set(packet.link, history);
    history.add({ position: this.#next++, packet });
    for (const { link, listener } of this.#listeners) {
      if (link === null || link === packet.link) listener(packet);
    }
  }

  /** A position in time: `since(mark())` holds what comes from now on. */
  mark(): number {
    return this.#next;
  }

  /** What is still held, in order of arrival; `link` null: of all links. */
  since(mark: number, link: string | null): CapturedPacket[] {
    const histories = link === null ? [...this.#links.values()] : [this.#links.get(link)];
    const held = histories.flatMap(history => history?.since(mark) ?? []);
    if (link === null) held.sort((a, b) => a.position - b.position);
    return held.map(entry => entry.packet);
  }

  history(link: string | null): CapturedPacket[] {
    return this.since(0, link);
  }

  /** Calls the listener for what is held (`from: 'start'`) before this returns, then for each packet. Call the result to end it. */
  subscribe(
    order: { readonly link: string | null; readonly from: 'start' | 'live' },
    listener: PacketListener,
  ): () => void {
    if (order.from === 'start') for (const packet of this.history(order.link)) listener(packet);
    const subscription = { link: order.link, listener };
    this.#listeners.add(subscription);
    return () => void this.#listeners.delete(subscription);
  }

  /** In order of each link's first packet. */
  records(): LinkRecord[] {
    return [...this.#links].map(([link, history]) => ({ link, ...history.counters() }));
  }
}

interface Entry {
  /** Counts the packets of all links. */
  readonly position: number;
  readonly packet: CapturedPacket;
}

/** A queue that forgets at its front. */
class LinkHistory {
  readonly #limits: RecorderLimits;
  #entries: Entry[] = [];
  /** Index of the oldest entry: moving it is cheaper than moving all others. */
  #first = 0;
  #heldOctets = 0;
  #packets = 0;
  #octets = 0;

  constructor(limits: RecorderLimits) {
    this.#limits = limits;
  }

  add(entry: Entry): void {
    const { length } = entry.packet.octets;
    this.#entries.push(entry);
    this.#packets++;
    this.#octets += length;
    this.#heldOctets += length;
    while (this.#isOverLimit()) this.#dropOldest();
  }

  since(mark: number): Entry[] {
    let [low, high] = [this.#first, this.#entries.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#entries[middle]?.position ?? 0) < mark) low = middle + 1;
      else high = middle;
    }
    return this.#entries.slice(low);
  }

  counters() {
    const held = this.#entries.length - this.#first;
    return {
      packets: this.#packets,
      octets: this.#octets,
      pushedOutPackets: this.#packets - held,
      pushedOutOctets: this.#octets - this.#heldOctets,
    };
  }

  #isOverLimit(): boolean {
    const held = this.#entries.length - this.#first;
    return held > this.#limits.maxPacketsPerLink || this.#heldOctets > this.#limits.maxOctetsPerLink;
  }

  #dropOldest(): void {
    this.#heldOctets -= this.#entries[this.#first]?.packet.octets.length ?? 0;
    this.#first++;
    if (this.#first * 2 <= this.#entries.length) return;
    this.#entries = this.#entries.slice(this.#first);
    this.#first = 0;
  }
}
