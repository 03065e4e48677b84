import { IpProtocol } from '../wire/ip-protocol.ts';
import { type Instant, NS_PER_S } from '../wire/instant.ts';
import type { CompiledRule } from './compiled-rule.ts';
import type { PacketView } from './packet-view.ts';
import {
  destinationOf,
  isForwardOf,
  isOfFlow,
  isOnItsWay,
  isTrackable,
  kindOf,
  type Queue,
  repliesOf,
  secondsOf,
  type Sighting,
  sourceOf,
  type StateEntry,
} from './state-entry.ts';
import { isOpening, TcpTrack } from './tcp-track.ts';

/** Everybody can make entries: this many, and no more. */
export const STATES_MAX = 16_384;

export type StateMatch = 'none' | 'outOfWindow' | StateEntry;

/** What has become of flows since the table was made. */
export interface StateFigures {
  readonly tcp: number;
  readonly udp: number;
  readonly icmp: number;
  readonly other: number;
  /** Packets that belonged to a flow, and those that did not. */
  readonly hits: number;
  readonly misses: number;
  readonly expired: number;
  /** TCP connections that came to their end before they expired from idleness. */
  readonly closed: number;
  /** How often there was no room for an entry. */
  readonly refused: number;
}

/**
 * The flows that `keep state` lets through. Bounded: when it is full, the entry that waits longest for its first reply goes.
 * An expired entry is forgotten when it is met, or when room is needed: there is nothing to run by the clock.
 */
export class StateTable {
  readonly #figures = { tcp: 0, udp: 0, icmp: 0, other: 0, hits: 0, misses: 0, expired: 0, closed: 0, refused: 0 };
  readonly #seed: number;
  readonly #byHash = new Map<number, StateEntry>();
  readonly #queues = new Map<number, Queue>();
  #size = 0;

  /** `seed` makes it hard to fill one chain with chosen addresses. */
  constructor(seed: number) {
    this.#seed = seed | 0;
  }

  /** Expired entries that nobody has met since are among them. */
  get size(): number {
    return this.#size;
  }

  figures(): StateFigures {
    return { ...this.#figures };
  }

  /** The flow of a packet that may pass because of it. `isDry`: nothing is changed. */
  match(packet: PacketView, sighting: Sighting, isDry: boolean): StateMatch {
    const found = this.#match(packet, sighting, isDry);
    if (!isDry) this.#figures[typeof found === 'string' ? 'misses' : 'hits']++;
    return found;
  }

  #match(packet: PacketView, sighting: Sighting, isDry: boolean): StateMatch {
    const entry = this.#find(packet, sighting.now, isDry);
    if (entry === null) return 'none';
    const isForward = isForwardOf(entry, packet);
    if (!isOnItsWay(entry, isForward, sighting)) return 'none';
    if (entry.tcp !== null) {
      if (isForward && entry.tcp.phase === 'closed' && isOpening(packet)) {
        if (!isDry) this.#remove(entry);
        return 'none';
      }
      if (!entry.tcp.accepts(packet, isForward, isDry)) return 'outOfWindow';
    }
    if (!isDry) this.#touch(entry, isForward, sighting);
    return entry;
  }

  /** The flow that an ICMP error is about, if the error comes the way that its replies do. */
  matchQuoted(quoted: PacketView, error: PacketView, sighting: Sighting): StateEntry | null {
    const entry = this.#find(quoted, sighting.now, true);
    if (entry === null || entry.rule.rule.keepState?.icmpErrors !== true) return null;
    const isForward = isForwardOf(entry, quoted);
    for (let i = 0; i < 4; i++) if (error.addresses[4 + i] !== quoted.addresses[i]) return null;
    if (!isOnItsWay(entry, !isForward, sighting)) return null;
    return entry.tcp === null || entry.tcp.mayQuote(quoted, isForward) ? entry : null;
  }

  /**
   * Tracks the flow of a packet that a rule lets pass; false where that is not possible. ICMP messages without replies
   * (errors, discovery) are no flow: there is nothing to track.
   */
  add(packet: PacketView, rule: CompiledRule, sighting: Sighting): boolean {
    if (!isTrackable(packet)) return false;
    if (packet.icmpType >= 0 && !repliesOf(packet.version).has(packet.icmpType)) return true;
    this.#expire(sighting.now);
    const limit = rule.rule.keepState?.limit ?? Number.POSITIVE_INFINITY;
    if (rule.states >= limit || (this.#size >= STATES_MAX && !this.#evict())) {
      this.#figures.refused++;
      return false;
    }
    const { direction, interfaceName } = sighting;
    const isTcp = packet.protocol === IpProtocol.TCP;
    const entry: StateEntry = {
      hash: this.#hash(packet),
      rule,
      version: packet.version,
      protocol: packet.protocol,
      addresses: packet.addresses.slice(),
      sourcePort: sourceOf(packet),
      destinationPort: destinationOf(packet),
      request: packet.icmpType,
      tcp: isTcp ? new TcpTrack(packet, rule.rule.keepState?.strict === true) : null,
      arrival: direction === 'in' ? interfaceName : null,
      exit: direction === 'out' ? interfaceName : null,
      isReplied: false,
      expiresAt: 0,
      next: null,
      queue: null,
      older: null,
      newer: null,
    };
    entry.next = this.#byHash.get(entry.hash) ?? null;
    this.#byHash.set(entry.hash, entry);
    this.#size++;
    rule.states++;
    this.#figures[kindOf(packet)]++;
    this.#touch(entry, true, sighting);
    return true;
  }

  #find(packet: PacketView, now: Instant, isDry: boolean): StateEntry | null {
    for (let entry = this.#byHash.get(this.#hash(packet)) ?? null; entry !== null; entry = entry.next) {
      if (!isOfFlow(entry, packet)) continue;
      if (entry.expiresAt > now) return entry;
      if (!isDry) this.#forget(entry);
      return null;
    }
    return null;
  }

  /** The same for both directions of a flow. */
  #hash(packet: PacketView): number {
    const { addresses, version } = packet;
    const words = version === 4 ? 1 : 4;
    let source = this.#seed ^ sourceOf(packet);
    let destination = this.#seed ^ destinationOf(packet);
    for (let i = 0; i < words; i++) {
      source = Math.imul(source ^ (addresses[i] as number), 0x9e3779b1) ^ (source >>> 15);
      destination = Math.imul(destination ^ (addresses[4 + i] as number), 0x9e3779b1) ^ (destination >>> 15);
    }
    return ((source ^ (source >>> 16)) + (destination ^ (destination >>> 16)) + packet.protocol) | 0;
  }

  #touch(entry: StateEntry, isForward: boolean, { direction, interfaceName, now }: Sighting): void {
    if ((direction === 'in') === isForward) entry.arrival ??= interfaceName;
    else entry.exit ??= interfaceName;
    if (!isForward) entry.isReplied = true;
    const seconds = secondsOf(entry, isForward);
    entry.expiresAt = now + seconds * NS_PER_S;
    this.#unqueue(entry);
    const queue = this.#queue(seconds, entry.isReplied);
    entry.queue = queue;
    entry.older = queue.newest;
    if (queue.newest === null) queue.oldest = entry;
    else queue.newest.newer = entry;
    queue.newest = entry;
  }

  /** Their number is that of the different timeouts: what rules say, and a few. */
  #queue(seconds: number, isReplied: boolean): Queue {
    const key = seconds * 2 + (isReplied ? 1 : 0);
    let queue = this.#queues.get(key);
    if (queue === undefined) {
      queue = { seconds, isReplied, oldest: null, newest: null };
      this.#queues.set(key, queue);
    }
    return queue;
  }

  #unqueue(entry: StateEntry): void {
    const { queue, older, newer } = entry;
    if (queue === null) return;
    if (older === null) queue.oldest = newer;
    else older.newer = newer;
    if (newer === null) queue.newest = older;
    else newer.older = older;
    entry.queue = null;
    entry.older = null;
    entry.newer = null;
  }

  #expire(now: Instant): void {
    for (const queue of this.#queues.values()) {
      while (queue.oldest !== null && queue.oldest.expiresAt <= now) this.#forget(queue.oldest);
    }
  }

  #forget(entry: StateEntry): void {
    this.#figures[entry.tcp?.phase === 'closed' ? 'closed' : 'expired']++;
    this.#remove(entry);
  }

  /** Makes room by the flow that has waited longest for its first reply; false when all have had one. */
  #evict(): boolean {
    let longest: StateEntry | null = null;
    let since = Number.POSITIVE_INFINITY;
    for (const { isReplied, oldest, seconds } of this.#queues.values()) {
      if (isReplied || oldest === null) continue;
      const touchedAt = oldest.expiresAt - seconds * NS_PER_S;
      if (touchedAt >= since) continue;
      longest = oldest;
      since = touchedAt;
    }
    if (longest === null) return false;
    this.#remove(longest);
    return true;
  }

  #remove(entry: StateEntry): void {
    this.#unqueue(entry);
    const first = this.#byHash.get(entry.hash) ?? null;
    if (first === entry) {
      if (entry.next === null) this.#byHash.delete(entry.hash);
      else this.#byHash.set(entry.hash, entry.next);
    } else {
      for (let each = first; each !== null; each = each.next) if (each.next === entry) each.next = entry.next;
    }
    this.#size--;
    entry.rule.states--;
  }
}
