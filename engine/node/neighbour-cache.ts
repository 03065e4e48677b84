import { type Address, addressKey } from '../wire/address.ts';
import { type Instant, NS_PER_S } from '../wire/instant.ts';
import { octetsEqual } from '../wire/octets.ts';
import type { EthernetInterface } from './interfaces.ts';

/** How long a confirmation holds: REACHABLE_TIME of RFC 4861 §10, and the minute of RFC 1122 §2.3.2.1 for ARP. */
const REACHABLE_NS = { 4: 60 * NS_PER_S, 6: 30 * NS_PER_S } as const;
/** RETRANS_TIMER, MAX_MULTICAST_SOLICIT and MAX_UNICAST_SOLICIT of RFC 4861 §10; ARP follows them. */
const RETRANSMIT_NS = NS_PER_S;
/** DELAY_FIRST_PROBE_TIME: how long a neighbour that was only heard of is believed before it is asked. */
const FIRST_PROBE_DELAY_NS = 5 * NS_PER_S;
const SOLICITATIONS_MAX = 3;
const NEIGHBOURS_MAX = 512;
const PENDING_PER_NEIGHBOUR_MAX = 64;
const PENDING_MAX = 1024;
const PENDING_OCTETS_MAX = 4 * 2 ** 20;

/** A frame that waits for its destination MAC address, with whatever its sender wants to know if that never comes. */
export interface PendingFrame<Origin> {
  readonly octets: Uint8Array;
  readonly origin: Origin;
}

/**
 * One neighbour on one link. `reachable` past its deadline is RFC 4861's STALE; `probing` is its DELAY and PROBE in one, in
 * which the known MAC address goes on being used.
 */
export interface Neighbour<Origin> {
  readonly link: EthernetInterface;
  readonly address: Address;
  state: 'incomplete' | 'reachable' | 'probing' | 'forgotten';
  /** Meaningful in `reachable` and `probing`. */
  mac: Uint8Array;
  /** `reachable`: until then nothing needs to be asked. Otherwise: when to ask again, or give up. */
  deadline: Instant;
  solicitations: number;
  /** Something was sent to it, or was to be: it is here because we want it, not because it spoke. */
  isUsed: boolean;
  pending: PendingFrame<Origin>[];
}

/** What `expire` found to be due. */
export type NeighbourTimeout<Origin> =
  | { readonly kind: 'solicit'; readonly neighbour: Neighbour<Origin> }
  | {
      readonly kind: 'unreachable';
      readonly neighbour: Neighbour<Origin>;
      readonly pending: readonly PendingFrame<Origin>[];
    };

export type Confirmation = {
  readonly link: EthernetInterface;
  readonly address: Address;
  readonly mac: Uint8Array;
  /** The neighbour answered us, so packets reach it, RFC 4861 §7.2.5; otherwise it is only heard of. */
  readonly isAnswer: boolean;
  /** It may replace another MAC address that is known already. */
  readonly overrides: boolean;
  /** It may make a new entry. */
  readonly creates: boolean;
};

/** The neighbour cache of all links, RFC 826 and RFC 4861 §5.1, bounded in entries and in frames that wait. */
export class NeighbourCache<Origin> {
  readonly #entries = new Map<string, Neighbour<Origin>>();
  readonly #onOverflow: (frame: PendingFrame<Origin>) => void;
  #pendingCount = 0;
  #pendingOctets = 0;

  /** `onOverflow` hears of each frame that is thrown out to make room. */
  constructor(onOverflow: (frame: PendingFrame<Origin>) => void) {
    this.#onOverflow = onOverflow;
  }

  get size(): number {
    return this.#entries.size;
  }

  get pendingCount(): number {
    return this.#pendingCount;
  }

  find(link: EthernetInterface, address: Address): Neighbour<Origin> | null {
    return this.#entries.get(keyOf(link, address)) ?? null;
  }

  /** The entry to send to, and whether a solicitation for it is due now. */
  resolve(
    link: EthernetInterface,
    address: Address,
    now: Instant,
  ): { neighbour: Neighbour<Origin>; mustSolicit: boolean } {
    const known = this.find(link, address);
    if (known === null) return { neighbour: this.#create(link, address, 'incomplete', now), mustSolicit: true };
    known.isUsed = true;
    if (known.state === 'reachable' && now >= known.deadline) {
      known.state = 'probing';
      known.solicitations = 1;
      known.deadline = now + RETRANSMIT_NS;
      return { neighbour: known, mustSolicit: true };
    }
    return { neighbour: known, mustSolicit: false };
  }

  /** Keeps a frame until the neighbour is known; the oldest goes when there are too many (RFC 4861 §7.2.2). */
  hold(neighbour: Neighbour<Origin>, frame: PendingFrame<Origin>): void {
    if (neighbour.pending.length === PENDING_PER_NEIGHBOUR_MAX) this.#dropFirst(neighbour);
    while (
      this.#pendingCount > 0 &&
      (this.#pendingCount === PENDING_MAX || this.#pendingOctets + frame.octets.length > PENDING_OCTETS_MAX)
    ) {
      this.#dropFirst(this.#firstWithPending() ?? neighbour);
    }
    neighbour.pending.push(frame);
    this.#pendingCount++;
    this.#pendingOctets += frame.octets.length;
  }

  /** Takes in what a neighbour said of itself; the frames that waited for it, which the caller sends. */
  confirm(said: Confirmation, now: Instant): readonly PendingFrame<Origin>[] {
    const known = this.find(said.link, said.address);
    if (known === null) {
      if (said.creates) this.#learn(this.#create(said.link, said.address, 'reachable', now), said, now);
      return [];
    }
    const isOther = known.state !== 'incomplete' && !octetsEqual(known.mac, said.mac);
    if (isOther && !said.overrides) {
      if (known.state === 'reachable') known.deadline = Math.min(known.deadline, now);
      return [];
    }
    // Hearing the same address again without an answer confirms nothing.
    if (known.state === 'incomplete' || isOther || said.isAnswer) this.#learn(known, said, now);
    return this.#takePending(known);
  }

  /** Moves every entry that is due. */
  expire(now: Instant): NeighbourTimeout<Origin>[] {
    const timeouts: NeighbourTimeout<Origin>[] = [];
    for (const neighbour of this.#entries.values()) {
      if (neighbour.state === 'reachable' || neighbour.deadline > now) continue;
      if (neighbour.solicitations < SOLICITATIONS_MAX) {
        neighbour.solicitations++;
        neighbour.deadline = now + RETRANSMIT_NS;
        timeouts.push({ kind: 'solicit', neighbour });
      } else {
        timeouts.push({ kind: 'unreachable', neighbour, pending: this.#forget(neighbour) });
      }
    }
    return timeouts;
  }

  /** When to call `expire`; null when nothing waits for an answer. */
  expiresAt(): Instant | null {
    let earliest: Instant | null = null;
    for (const { state, deadline } of this.#entries.values()) {
      if (state !== 'reachable' && (earliest === null || deadline < earliest)) earliest = deadline;
    }
    return earliest;
  }

  /** Forgets a link's neighbours, when it goes down; with the frames that waited for each. */
  clear(
    link: EthernetInterface,
  ): { readonly neighbour: Neighbour<Origin>; readonly pending: readonly PendingFrame<Origin>[] }[] {
    const gone = [...this.#entries.values()].filter(neighbour => neighbour.link === link);
    return gone.map(neighbour => ({ neighbour, pending: this.#forget(neighbour) }));
  }

  #learn(neighbour: Neighbour<Origin>, said: Confirmation, now: Instant): void {
    neighbour.state = 'reachable';
    neighbour.mac = said.mac.slice();
    neighbour.solicitations = 0;
    neighbour.deadline = now + (said.isAnswer ? REACHABLE_NS[said.address.length === 4 ? 4 : 6] : FIRST_PROBE_DELAY_NS);
  }

  #create(link: EthernetInterface, address: Address, state: 'incomplete' | 'reachable', now: Instant) {
    if (this.#entries.size >= NEIGHBOURS_MAX) this.#evict(state);
    const neighbour: Neighbour<Origin> = {
      link,
      address: address.slice(),
      state,
      mac: new Uint8Array(6),
      deadline: now + RETRANSMIT_NS,
      solicitations: 1,
      isUsed: state === 'incomplete',
      pending: [],
    };
    this.#entries.set(keyOf(link, address), neighbour);
    return neighbour;
  }

  /**
   * Makes room for an entry of this state. A scan of a subnet must not push out the neighbours that exist, so those who never
   * answered go first; nor a flood of announcements those that we send to, so there it is those that we never needed.
   */
  #evict(state: 'incomplete' | 'reachable'): void {
    const isSpare = (neighbour: Neighbour<Origin>) =>
      state === 'incomplete' ? neighbour.state === 'incomplete' : !neighbour.isUsed;
    let victim: Neighbour<Origin> | null = null;
    for (const neighbour of this.#entries.values()) {
      victim ??= neighbour;
      if (!isSpare(neighbour)) continue;
      victim = neighbour;
      break;
    }
    if (victim === null) return;
    for (const frame of this.#forget(victim)) this.#onOverflow(frame);
  }

  #forget(neighbour: Neighbour<Origin>): readonly PendingFrame<Origin>[] {
    neighbour.state = 'forgotten';
    this.#entries.delete(keyOf(neighbour.link, neighbour.address));
    return this.#takePending(neighbour);
  }

  #takePending(neighbour: Neighbour<Origin>): readonly PendingFrame<Origin>[] {
    const { pending } = neighbour;
    if (pending.length === 0) return pending;
    this.#pendingCount -= pending.length;
    for (const { octets } of pending) this.#pendingOctets -= octets.length;
    neighbour.pending = [];
    return pending;
  }

  #dropFirst(neighbour: Neighbour<Origin>): void {
    const frame = neighbour.pending.shift();
    if (frame === undefined) return;
    this.#pendingCount--;
    this.#pendingOctets -= frame.octets.length;
    this.#onOverflow(frame);
  }

  #firstWithPending(): Neighbour<Origin> | null {
    for (const neighbour of this.#entries.values()) if (neighbour.pending.length > 0) return neighbour;
    return null;
  }
}

/** Whether packets may go there without a thought. */
export function isFresh(neighbour: Neighbour<unknown>, now: Instant): boolean {
  return neighbour.state === 'reachable' && now < neighbour.deadline;
}

function keyOf(link: EthernetInterface, address: Address): string {
  return `${link.name} ${addressKey(address)}`;
}
