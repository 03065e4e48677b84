import type { Sequence } from './sequence.ts';

/** What the sender has outstanding, in octets and sequence numbers. */
export interface Flight {
  readonly una: Sequence;
  /** One past the highest ever sent. */
  readonly max: Sequence;
  readonly octets: number;
}

const DUPLICATES_FOR_RETRANSMIT = 3;

/**
 * Slow start, congestion avoidance, fast retransmit and NewReno fast recovery: RFC 5681, RFC 6582, with the initial window of
 * RFC 6928 and Limited Transmit, RFC 3042. Octets throughout.
 */
export class Congestion {
  #mss: number;
  #window: number;
  #threshold = Number.POSITIVE_INFINITY;
  #duplicates = 0;
  #isRecovering = false;
  /** RFC 6582 §3.2 "recover": duplicates about what was sent before this tell nothing new. */
  #recover: Sequence = Number.NEGATIVE_INFINITY;

  constructor(mss: number) {
    this.#mss = mss;
    this.#window = initialWindow(mss);
  }

  get window(): number {
    const limited = this.#isRecovering ? 0 : Math.min(this.#duplicates, 2) * this.#mss;
    return this.#window + limited;
  }

  get recovering(): boolean {
    return this.#isRecovering;
  }

  /** `acked` octets, up to `flight.una`, are new; `flight` is what is left. True: send the first unacknowledged segment again. */
  acknowledged(acked: number, flight: Flight, wasFull: boolean): boolean {
    this.#duplicates = 0;
    if (this.#isRecovering) return this.#acknowledgedInRecovery(acked, flight);
    if (!wasFull) return false; // a window that was not used says nothing about the path, RFC 7661
    if (this.#window < this.#threshold) this.#window += Math.min(acked, this.#mss);
    else this.#window += Math.max(1, Math.floor((this.#mss * this.#mss) / this.#window));
    return false;
  }

  /** A duplicate acknowledgment, RFC 5681 §2. True: fast retransmit. */
  duplicate(flight: Flight): boolean {
    if (this.#isRecovering) {
      this.#window += this.#mss;
      return false;
    }
    this.#duplicates++;
    if (this.#duplicates < DUPLICATES_FOR_RETRANSMIT || flight.una <= this.#recover) return false;
    this.#isRecovering = true;
    this.#recover = flight.max;
    this.#threshold = this.#halved(flight);
    this.#window = this.#threshold + 3 * this.#mss;
    return true;
  }

  /** The retransmission timer expired, RFC 5681 §3.1: begin again with one segment. `isRepeated`: for the same segment. */
  timeout(flight: Flight, isRepeated: boolean): void {
    if (!isRepeated) this.#threshold = this.#halved(flight);
    this.#window = this.#mss;
    this.#duplicates = 0;
    this.#isRecovering = false;
    this.#recover = flight.max;
  }

  /** The path takes smaller segments only, RFC 1191 §6.4: no congestion. */
  reduceMss(mss: number): void {
    this.#mss = mss;
  }

  #acknowledgedInRecovery(acked: number, flight: Flight): boolean {
    if (flight.una >= this.#recover) {
      this.#isRecovering = false;
      this.#window = Math.min(this.#threshold, Math.max(flight.octets, this.#mss) + this.#mss);
      return false;
    }
    // A partial acknowledgment: the next hole is right at its end, RFC 6582 §3.2 step 3.
    this.#window = Math.max(this.#mss, this.#window - acked + (acked >= this.#mss ? this.#mss : 0));
    return true;
  }

  #halved(flight: Flight): number {
    return Math.max(Math.floor(flight.octets / 2), 2 * this.#mss);
  }
}

/** RFC 6928 §2. */
function initialWindow(mss: number): number {
  return Math.min(10 * mss, Math.max(2 * mss, 14_600));
}
