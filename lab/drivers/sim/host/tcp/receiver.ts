import { type Instant, NS_PER_MS } from '../../../../../engine/wire/instant.ts';
import { OctetRing } from '../octet-ring.ts';
import type { Sequence } from './sequence.ts';

/** RFC 9293 §3.8.6.3 allows 500 ms; less than the peer's shortest retransmission timeout. */
const ACK_DELAY_NS = 40 * NS_PER_MS;
/** Pieces that wait for what is missing before them. */
const PIECES_MAX = 512;

interface Piece {
  readonly start: Sequence;
  readonly octets: Uint8Array;
}

/**
 * The receiving half of a connection: what has arrived in order and waits to be read, what has arrived ahead of it (bounded by
 * the window, and by count), the window to announce, and whether an acknowledgment is owed.
 */
export class Receiver {
  readonly #ready: OctetRing;
  #nxt: Sequence;
  /** Sorted, without overlap, all past `#nxt`. */
  #ahead: Piece[] = [];
  #finAt: Sequence | null = null;
  /** One past the last octet that the peer was told it may send. */
  #announcedEnd: Sequence;
  readonly #mss: number;
  #unacknowledged = 0;
  #ackAt: Instant | null = null;

  /** `nxt` is the first sequence number of data. */
  constructor(nxt: Sequence, capacity: number, mss: number) {
    this.#ready = new OctetRing(capacity);
    this.#nxt = nxt;
    this.#announcedEnd = nxt;
    this.#mss = mss;
  }

  /** The next sequence number expected; past the FIN once everything has arrived. */
  get nxt(): Sequence {
    return this.#nxt;
  }

  /** Octets that can be read now. */
  get readable(): number {
    return this.#ready.length;
  }

  /** Everything up to the peer's FIN has arrived. */
  get finished(): boolean {
    return this.#finAt !== null && this.#nxt > this.#finAt;
  }

  /** Octets past `nxt` that there is room for. Data uses up what it was announced, so the window's end never moves back. */
  get window(): number {
    return this.#ready.room;
  }

  /** When an acknowledgment must be sent; null: none is owed. */
  get ackAt(): Instant | null {
    return this.#ackAt;
  }

  /** Takes the part of a segment that lies in the window. `octets` is copied where it is kept. */
  accept(start: Sequence, octets: Uint8Array, hasFin: boolean, now: Instant): void {
    const end = start + octets.length;
    const windowEnd = this.#nxt + this.window;
    if (hasFin && end <= windowEnd) this.#finAt ??= end;
    const from = Math.max(start, this.#nxt);
    const to = Math.min(end, windowEnd, this.#finAt ?? Number.POSITIVE_INFINITY);
    const isInOrder = start <= this.#nxt && this.#ahead.length === 0;
    if (to > from) this.#keep(from, octets.subarray(from - start, to - start));
    this.#takeFin();
    this.#owe(octets.length, isInOrder && !hasFin, now);
  }

  /** Up to `max` octets in order; the caller owns the array. */
  read(max: number): Uint8Array {
    const octets = this.#ready.peek(0, Math.min(max, this.#ready.length));
    this.#ready.discard(octets.length);
    return octets;
  }

  /** After reading: the window has grown so much that the peer should know, RFC 9293 §3.8.6.2.2. */
  get owesWindowUpdate(): boolean {
    const growth = this.#nxt + this.#ready.room - this.#announcedEnd;
    return (
      growth >= Math.min(this.#ready.capacity / 2, 2 * this.#mss) && this.#announcedEnd - this.#nxt < 2 * this.#mss
    );
  }

  /** An acknowledgment leaves now, and announces this window. */
  acknowledging(announced: number): void {
    this.#announcedEnd = Math.max(this.#announcedEnd, this.#nxt + announced);
    this.#unacknowledged = 0;
    this.#ackAt = null;
  }

  /** At once for what is out of order or the second segment (RFC 5681 §4.2), otherwise a little later. */
  #owe(octets: number, isInOrder: boolean, now: Instant): void {
    this.#unacknowledged += octets;
    const isAtOnce = !isInOrder || this.#unacknowledged >= 2 * this.#mss;
    this.#ackAt = isAtOnce ? now : (this.#ackAt ?? now + ACK_DELAY_NS);
  }

  #keep(start: Sequence, octets: Uint8Array): void {
    if (start > this.#nxt) {
      this.#keepAhead(start, octets);
      return;
    }
    this.#nxt += this.#ready.append(octets);
    while (this.#ahead.length > 0) {
      const piece = this.#ahead[0] as Piece;
      if (piece.start > this.#nxt) return;
      this.#ahead.shift();
      const rest = piece.octets.subarray(this.#nxt - piece.start);
      if (rest.length > 0) this.#nxt += this.#ready.append(rest);
    }
  }

  /** Keeps only what no other piece has. */
  #keepAhead(start: Sequence, octets: Uint8Array): void {
    let at = start;
    const end = start + octets.length;
    const added: Piece[] = [];
    for (const piece of this.#ahead) {
      if (piece.start >= end) break;
      if (piece.start > at) added.push({ start: at, octets: octets.slice(at - start, piece.start - start) });
      at = Math.max(at, piece.start + piece.octets.length);
    }
    if (at < end) added.push({ start: at, octets: octets.slice(at - start) });
    if (added.length === 0 || this.#ahead.length + added.length > PIECES_MAX) return;
    this.#ahead = [...this.#ahead, ...added].sort((a, b) => a.start - b.start);
  }

  #takeFin(): void {
    if (this.#finAt === this.#nxt) this.#nxt++;
  }
}
