import { type Fragment, joinFragments, readFragment, stripAtomicFragment } from './fragment.ts';
import type { Instant } from './instant.ts';
import { octetsEqual } from './octets.ts';

export interface ReassemblyLimits {
  /** Packets in the making. */
  readonly maxBuffers: number;
  /** Memory for all of them together; each fragment is charged a little more than its length. */
  readonly maxOctets: number;
  /** From a packet's first fragment to arrive: 60 s in RFC 8200 §4.5, 15 s in RFC 791 §3.2. */
  readonly timeoutNs: number;
}

/** Why a fragment (and mostly its whole set) went away. */
export type ReassemblyDrop =
  /** RFC 5722 §4; applied to IPv4 as well. An exact duplicate is no overlap. */
  | 'overlap'
  /** A fragment that is not the last must have a multiple of 8 octets; none may be empty. */
  | 'badLength'
  /** The whole would be longer than IP allows. */
  | 'tooLong'
  | 'tooManyFragments'
  /** RFC 7112: the first fragment ends within the headers. */
  | 'headersIncomplete'
  /** RFC 3168 §5.3: Congestion Experienced and Not-ECT in one packet. */
  | 'ecnMismatch'
  /** A late fragment of a set that overlapped. */
  | 'setDiscarded'
  | 'outOfMemory';

/** A whole packet (which the caller owns, or the argument itself where nothing had to be done), null for "not yet", or a drop. */
export type Reassembled = Uint8Array | null | { readonly drop: ReassemblyDrop };

/** No path needs more: 65535 octets in IPv4 packets of 68 (RFC 791 §3.2). */
const FRAGMENTS_MAX = 1366;
/** What a stored fragment costs besides its octets. */
const FRAGMENT_OVERHEAD_OCTETS = 128;

/**
 * Puts fragments of IPv4 (RFC 791 §3.2) and IPv6 (RFC 8200 §4.5) together. Bounded in packets, octets and time; the oldest
 * set makes room. What RFC 8900 warns of (overlaps, tiny fragments, floods) ends here.
 */
export class Reassembly {
  readonly #limits: ReassemblyLimits;
  /** In order of arrival, which is the order of expiry: the timeout is one for all. */
  readonly #sets = new Map<string, FragmentSet>();
  #octets = 0;

  constructor(limits: ReassemblyLimits) {
    this.#limits = limits;
  }

  /** Takes one whole IP packet, fragment or not; copies what it keeps. Throws `WireError` for a malformed one. */
  add(octets: Uint8Array, now: Instant): Reassembled {
    const fragment = readFragment(octets);
    if (fragment === null) return stripAtomicFragment(octets);
    const drop = illegal(fragment);
    if (drop !== null) return { drop };
    const set = this.#sets.get(fragment.key) ?? this.#open(fragment.key, now);
    if (set.isDiscarded) return { drop: 'setDiscarded' };
    return this.#insert(set, fragment, octets);
  }

  /** Forgets the sets that are due; of each, the first fragment if it came: its sender is owed an ICMP Time Exceeded. */
  expire(now: Instant): Uint8Array[] {
    const firsts: Uint8Array[] = [];
    for (const set of this.#sets.values()) {
      if (set.expiresAt > now) break;
      const first = set.pieces[0];
      if (first !== undefined && first.offset === 0) firsts.push(first.octets);
      this.#close(set);
    }
    return firsts;
  }

  /** When to call `expire`; null when nothing waits. */
  expiresAt(): Instant | null {
    return this.#sets.values().next().value?.expiresAt ?? null;
  }

  /** Packets in the making, those discarded but not forgotten included. */
  size(): number {
    return this.#sets.size;
  }

  /** The charge for all stored fragments; never above `maxOctets`. */
  octets(): number {
    return this.#octets;
  }

  #open(key: string, now: Instant): FragmentSet {
    while (this.#sets.size >= this.#limits.maxBuffers) this.#dropOldest();
    const expiresAt = now + this.#limits.timeoutNs;
    const set: FragmentSet = {
      key,
      expiresAt,
      pieces: [],
      received: 0,
      end: null,
      ecnSeen: 0,
      octets: 0,
      isDiscarded: false,
    };
    this.#sets.set(key, set);
    return set;
  }

  #insert(set: FragmentSet, fragment: Fragment, octets: Uint8Array): Reassembled {
    const place = placeFor(set, fragment);
    if (place === 'duplicate') return null;
    if (place === 'overlap') return this.#discard(set, fragment, 'overlap');
    if (set.pieces.length === FRAGMENTS_MAX) return this.#discard(set, fragment, 'tooManyFragments');
    const charge = octets.length + FRAGMENT_OVERHEAD_OCTETS;
    set.pieces.splice(place, 0, pieceOf(fragment, octets));
    set.received += fragment.data.length;
    set.ecnSeen |= 1 << fragment.ecn;
    if (!fragment.more) set.end = fragment.offset + fragment.data.length;
    set.octets += charge;
    this.#octets += charge;
    if (set.received === set.end) return this.#complete(set);
    return this.#makeRoom(set) ? null : { drop: 'outOfMemory' };
  }

  #complete(set: FragmentSet): Reassembled {
    const [first] = set.pieces;
    if (first === undefined || set.end === null) throw new Error('a complete set without fragments');
    this.#close(set);
    if (set.end > first.room) return { drop: 'tooLong' };
    const ecn = ecnOf(set.ecnSeen, first.ecn);
    if (ecn === null) return { drop: 'ecnMismatch' };
    return joinFragments(
      first.octets,
      set.pieces.map(piece => piece.data),
      ecn,
    );
  }

  /**
   * IPv6: the fragments not yet received go the same way (RFC 5722 §4), so the set stays, empty, until its time is up. An
   * IPv4 identification is soon used again (RFC 4963): there the next fragment begins afresh.
   */
  #discard(set: FragmentSet, fragment: Fragment, drop: ReassemblyDrop): Reassembled {
    this.#octets -= set.octets;
    set.octets = 0;
    set.pieces = [];
    set.isDiscarded = true;
    if (fragment.version === 4) this.#close(set);
    return { drop };
  }

  /** Drops the oldest sets until the memory suffices; false when that took the given one. */
  #makeRoom(set: FragmentSet): boolean {
    while (this.#octets > this.#limits.maxOctets) this.#dropOldest();
    return this.#sets.get(set.key) === set;
  }

  #dropOldest(): void {
    const oldest = this.#sets.values().next().value;
    if (oldest === undefined) throw new Error('reassembly limits leave room for nothing');
    this.#close(oldest);
  }

  #close(set: FragmentSet): void {
    this.#sets.delete(set.key);
    this.#octets -= set.octets;
    set.octets = 0;
  }
}

interface FragmentSet {
  readonly key: string;
  readonly expiresAt: Instant;
  /** By offset; they never overlap. */
  pieces: Piece[];
  /** Octets of data in `pieces`. */
  received: number;
  /** Octets of data in the whole, once the last fragment is there. */
  end: number | null;
  /** Bit n: ECN field n was seen. */
  ecnSeen: number;
  octets: number;
  isDiscarded: boolean;
}

interface Piece {
  readonly octets: Uint8Array;
  readonly data: Uint8Array;
  readonly offset: number;
  readonly room: number;
  readonly ecn: number;
}

function illegal(fragment: Fragment): ReassemblyDrop | null {
  if (fragment.data.length === 0 || (fragment.more && fragment.data.length % 8 !== 0)) return 'badLength';
  if (fragment.offset + fragment.data.length > fragment.room) return 'tooLong';
  return fragment.hasHeaders ? null : 'headersIncomplete';
}

/** The index at which the fragment belongs. What contradicts a known end counts as overlap. */
function placeFor(set: FragmentSet, fragment: Fragment): number | 'duplicate' | 'overlap' {
  const end = fragment.offset + fragment.data.length;
  let place = set.pieces.length;
  while (place > 0 && (set.pieces[place - 1] as Piece).offset >= fragment.offset) place--;
  const [before, after] = [set.pieces[place - 1], set.pieces[place]];
  if (after !== undefined && after.offset === fragment.offset && octetsEqual(after.data, fragment.data)) {
    const wasLast = set.end === end;
    return wasLast === !fragment.more ? 'duplicate' : 'overlap';
  }
  if (before !== undefined && before.offset + before.data.length > fragment.offset) return 'overlap';
  if (after !== undefined && after.offset < end) return 'overlap';
  const isPastEnd = set.end !== null && (end > set.end || !fragment.more);
  const isEndTooSoon = !fragment.more && after !== undefined;
  return isPastEnd || isEndTooSoon ? 'overlap' : place;
}

function pieceOf(fragment: Fragment, octets: Uint8Array): Piece {
  const copy = new Uint8Array(octets); // not slice(): that of a Buffer shares its memory
  // The data's place in the copy is its place in the original: a view of the same length at the same distance.
  const at = fragment.data.byteOffset - octets.byteOffset;
  const data = copy.subarray(at, at + fragment.data.length);
  return { octets: copy, data, offset: fragment.offset, room: fragment.room, ecn: fragment.ecn };
}

/** RFC 3168 §5.3: Congestion Experienced on any fragment is kept; null when another one is Not-ECT. */
function ecnOf(seen: number, first: number): number | null {
  const [notEct, congestion] = [1 << 0, 1 << 3];
  if ((seen & congestion) === 0) return first;
  return (seen & notEct) !== 0 ? null : 3;
}
