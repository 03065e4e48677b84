import { type Instant, NS_PER_MS, NS_PER_S } from '../../../../../engine/wire/instant.ts';

/** As in Linux. RFC 6298 §2.4 would have 1 s, which makes every tail loss in an interactive lab a second long. */
const RTO_MIN_NS = 200 * NS_PER_MS;
const RTO_MAX_NS = 60 * NS_PER_S;
/** RFC 6298 §2.1. */
const RTO_INITIAL_NS = NS_PER_S;
/** RFC 6298 §5.7: after a SYN that was lost. */
const RTO_AFTER_LOST_SYN_NS = 3 * NS_PER_S;

/** The retransmission timeout of one connection, RFC 6298. Durations in nanoseconds. */
export class RoundTrip {
  #smoothed: number | null = null;
  #variation = 0;
  #timeout = RTO_INITIAL_NS;
  #backOffs = 0;

  get timeoutNs(): number {
    return Math.min(RTO_MAX_NS, this.#timeout * 2 ** this.#backOffs);
  }

  /** How often in a row the timer has expired. */
  get backOffs(): number {
    return this.#backOffs;
  }

  /** A round trip of something that was sent once only (Karn's rule is the caller's). */
  sample(sentAt: Instant, ackedAt: Instant): void {
    const roundTrip = Math.max(0, ackedAt - sentAt);
    if (this.#smoothed === null) {
      this.#smoothed = roundTrip;
      this.#variation = roundTrip / 2;
    } else {
      this.#variation = 0.75 * this.#variation + 0.25 * Math.abs(this.#smoothed - roundTrip);
      this.#smoothed = 0.875 * this.#smoothed + 0.125 * roundTrip;
    }
    const timeout = Math.round(this.#smoothed + 4 * this.#variation);
    this.#timeout = Math.min(RTO_MAX_NS, Math.max(RTO_MIN_NS, timeout));
  }

  /** The timer expired, RFC 6298 §5.5. */
  backOff(): void {
    this.#backOffs = Math.min(this.#backOffs + 1, 30);
  }

  /** New data was acknowledged: the path works. */
  progress(): void {
    this.#backOffs = 0;
  }

  /** The handshake is done, but only after a SYN had to be sent again, RFC 6298 §5.7. */
  startAfterLostSyn(): void {
    this.#backOffs = 0;
    this.#timeout = RTO_AFTER_LOST_SYN_NS;
  }
}
