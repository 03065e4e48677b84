import type { Instant } from '../../../../../engine/wire/instant.ts';
import { OctetRing } from '../octet-ring.ts';
import { Congestion, type Flight } from './congestion.ts';
import { NO_OCTETS } from './contract.ts';
import type { RoundTrip } from './round-trip.ts';
import type { Sequence } from './sequence.ts';

/** After so many timeouts without a word from the peer it is given up: about 9 minutes (RFC 9293 §3.8.3, R2). */
const TIMEOUTS_MAX = 12;

/** A segment's share of what is to be sent. */
export interface Portion {
  readonly sequence: Sequence;
  readonly payload: Uint8Array;
  readonly fin: boolean;
  /** The last of what the program has written so far. */
  readonly push: boolean;
}

/** What a segment with ACK said. */
export interface Acknowledgment {
  readonly number: Sequence;
  /** Of the segment itself. */
  readonly sequence: Sequence;
  /** In octets, scaled. */
  readonly window: number;
  /** Without data, SYN or FIN. */
  readonly isBare: boolean;
}

/**
 * The sending half of a connection after the handshake: octets not yet acknowledged and not yet sent, the peer's window, what may
 * leave now, and the one timer, which sends again (RFC 6298 §5) or probes a closed window (RFC 9293 §3.8.6.1).
 */
export class Sender {
  readonly #buffer: OctetRing;
  readonly #congestion: Congestion;
  readonly #roundTrip: RoundTrip;
  #mss: number;
  #una: Sequence;
  #nxt: Sequence;
  #max: Sequence;
  /** One past the last octet written; the FIN has this number. */
  #dataEnd: Sequence;
  #isEnded = false;
  #window: number;
  #windowMax: number;
  /** The segment from which the window was taken: SND.WL1 and SND.WL2. */
  #windowFrom: { readonly sequence: Sequence; readonly number: Sequence };
  /** The one segment whose round trip is being measured. */
  #timed: { readonly end: Sequence; readonly sentAt: Instant } | null = null;
  #timerAt: Instant | null = null;
  #silentTimeouts = 0;
  /** The first unacknowledged segment goes out next, whatever the windows say. */
  #isResending = false;

  /** `first` acknowledged our SYN: its number is the sequence number of the first octet of data. */
  constructor(first: Acknowledgment, capacity: number, mss: number, roundTrip: RoundTrip) {
    this.#buffer = new OctetRing(capacity);
    this.#congestion = new Congestion(mss);
    this.#roundTrip = roundTrip;
    this.#mss = mss;
    this.#una = first.number;
    this.#nxt = first.number;
    this.#max = first.number;
    this.#dataEnd = first.number;
    this.#window = first.window;
    this.#windowMax = first.window;
    this.#windowFrom = first;
  }

  get una(): Sequence {
    return this.#una;
  }

  get nxt(): Sequence {
    return this.#nxt;
  }

  /** Octets that `write` would take. */
  get room(): number {
    return this.#isEnded ? 0 : this.#buffer.room;
  }

  /** `end` was called, and the peer has acknowledged everything, the FIN included. */
  get finished(): boolean {
    return this.#una > this.#dataEnd;
  }

  get timerAt(): Instant | null {
    return this.#timerAt;
  }

  /** How many octets there was room for. */
  write(octets: Uint8Array): number {
    if (this.#isEnded) return 0;
    const count = this.#buffer.append(octets);
    this.#dataEnd += count;
    return count;
  }

  /** No more will be written: a FIN follows the last octet. */
  end(): void {
    this.#isEnded = true;
  }

  /** The next portion that may leave now, from here on counted as sent; null: nothing may. */
  take(now: Instant): Portion | null {
    const portion = this.#isResending ? this.#portion(this.#una, this.#resendOctets()) : this.#nextPortion();
    this.#isResending = false;
    if (portion !== null) this.#noteSent(portion, now);
    else if (this.#max === this.#una && this.#hasUnsent()) this.#timerAt ??= now + this.#roundTrip.timeoutNs;
    return portion;
  }

  /** False: it acknowledges what was never sent, RFC 9293 §3.10.7.4. */
  acknowledge(acknowledgment: Acknowledgment, now: Instant): boolean {
    const { number, window, isBare } = acknowledgment;
    if (number > this.#max) return false;
    this.#silentTimeouts = 0;
    const isOutstanding = number === this.#una && this.#max > this.#una;
    const isDuplicate = isOutstanding && isBare && window === this.#window && window > 0;
    this.#updateWindow(acknowledgment);
    if (number > this.#una) this.#advance(number, now);
    else if (isDuplicate && this.#congestion.duplicate(this.#flight())) this.#isResending = true;
    return true;
  }

  /** The timer is due. False: the peer is given up. */
  expire(now: Instant): boolean {
    if (this.#silentTimeouts >= TIMEOUTS_MAX) return false;
    this.#silentTimeouts++;
    const isOutstanding = this.#max > this.#una;
    if (isOutstanding) {
      if (this.#window > 0) this.#congestion.timeout(this.#flight(), this.#roundTrip.backOffs > 0);
      this.#nxt = this.#una;
    }
    this.#timed = null;
    this.#roundTrip.backOff();
    this.#isResending = isOutstanding || this.#hasUnsent();
    this.#timerAt = this.#isResending ? now + this.#roundTrip.timeoutNs : null;
    return true;
  }

  /** ICMP says that segments of the old size do not fit: what is outstanding goes again in smaller ones, RFC 1191 §6.4. */
  reduceMss(mss: number): void {
    if (mss >= this.#mss) return;
    this.#mss = mss;
    this.#congestion.reduceMss(mss);
    this.#nxt = this.#una;
    this.#timed = null;
  }

  #hasUnsent(): boolean {
    return this.#nxt < this.#dataEnd + (this.#isEnded ? 1 : 0);
  }

  #flight(): Flight {
    return { una: this.#una, max: this.#max, octets: this.#max - this.#una };
  }

  /** A closed window is probed with one octet. */
  #resendOctets(): number {
    return Math.max(1, Math.min(this.#mss, this.#window));
  }

  #nextPortion(): Portion | null {
    if (!this.#hasUnsent()) return null;
    const available = Math.max(0, this.#dataEnd - this.#nxt);
    if (available === 0) return this.#portion(this.#nxt, 0);
    const usable = this.#una + Math.min(this.#congestion.window, this.#window) - this.#nxt;
    const octets = Math.min(this.#mss, available, usable);
    if (octets <= 0) return null;
    // Silly windows, RFC 9293 §3.8.6.2.1: a full segment, or all there is, or half of the largest window seen.
    const isSilly = octets < this.#mss && octets < available && octets < this.#windowMax / 2;
    return isSilly ? null : this.#portion(this.#nxt, octets);
  }

  #portion(from: Sequence, octetsMax: number): Portion | null {
    const octets = Math.max(0, Math.min(octetsMax, this.#dataEnd - from));
    const bufferStart = this.#dataEnd - this.#buffer.length;
    const payload = octets === 0 ? NO_OCTETS : this.#buffer.peek(from - bufferStart, octets);
    const isLast = from + octets === this.#dataEnd;
    const fin = this.#isEnded && isLast;
    return octets === 0 && !fin ? null : { sequence: from, payload, fin, push: isLast };
  }

  #noteSent(portion: Portion, now: Instant): void {
    const end = portion.sequence + portion.payload.length + (portion.fin ? 1 : 0);
    // Karn: a round trip is that of something sent once.
    if (portion.sequence < this.#max) this.#timed = null;
    else this.#timed ??= { end, sentAt: now };
    this.#nxt = Math.max(this.#nxt, end);
    this.#max = Math.max(this.#max, end);
    this.#timerAt ??= now + this.#roundTrip.timeoutNs;
  }

  #advance(number: Sequence, now: Instant): void {
    const acked = number - this.#una;
    const wasFull = this.#max - this.#una + this.#mss > this.#congestion.window;
    const bufferStart = this.#dataEnd - this.#buffer.length;
    this.#buffer.discard(Math.min(number, this.#dataEnd) - bufferStart);
    this.#una = number;
    this.#nxt = Math.max(this.#nxt, number);
    if (this.#timed !== null && number >= this.#timed.end) {
      this.#roundTrip.sample(this.#timed.sentAt, now);
      this.#timed = null;
    }
    this.#roundTrip.progress();
    if (this.#congestion.acknowledged(acked, this.#flight(), wasFull)) this.#isResending = true;
    this.#timerAt = this.#max > number ? now + this.#roundTrip.timeoutNs : null;
  }

  /** RFC 9293 §3.10.7.4: only from a segment that is not older than the last one used. */
  #updateWindow({ sequence, number, window }: Acknowledgment): void {
    const from = this.#windowFrom;
    if (sequence < from.sequence || (sequence === from.sequence && number < from.number)) return;
    if (this.#window === 0 && window > 0) {
      // Open again: what the probes did to the timer says nothing about the path.
      this.#roundTrip.progress();
      this.#timerAt = null;
      this.#nxt = this.#una;
    }
    this.#window = window;
    this.#windowMax = Math.max(this.#windowMax, window);
    this.#windowFrom = { sequence, number };
  }
}
