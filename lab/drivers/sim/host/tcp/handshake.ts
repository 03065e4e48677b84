import type { Instant } from '../../../../../engine/wire/instant.ts';
import type { TcpOption, TcpSegment } from '../../../../../engine/wire/tcp.ts';
import type { RoundTrip } from './round-trip.ts';

/** 2^20 octets in the 16 bits of a window. */
const WINDOW_SHIFT = 5;
/** RFC 7323 §2.3. */
const WINDOW_SHIFT_MAX = 14;
/** RFC 9293 §3.7.1. */
const MSS_DEFAULT = 536;
const MSS_MIN = 64;
const TIMEOUTS_MAX = 6;

/** How one end opens: what the two SYNs agree on, and the timer that repeats ours. */
export class Handshake {
  readonly #roundTrip: RoundTrip;
  #sends = 0;
  #sentAt: Instant = 0;
  #resendAt: Instant | null = null;
  #peerMss = MSS_DEFAULT;
  #peerShift = 0;
  #localShift = 0;

  constructor(roundTrip: RoundTrip) {
    this.#roundTrip = roundTrip;
  }

  get resendAt(): Instant | null {
    return this.#resendAt;
  }

  /** The largest segment that the peer takes. */
  get peerMss(): number {
    return this.#peerMss;
  }

  /** By how many bits the peer's windows, and ours, are shifted after the SYN: 0 unless both asked for it. */
  get shifts(): { readonly peer: number; readonly local: number } {
    return { peer: this.#peerShift, local: this.#localShift };
  }

  takeSyn(syn: TcpSegment): void {
    for (const option of syn.options) {
      if (option.type === 'mss') this.#peerMss = Math.max(MSS_MIN, option.octets);
      if (option.type === 'windowScale') {
        this.#peerShift = Math.min(option.shift, WINDOW_SHIFT_MAX);
        this.#localShift = WINDOW_SHIFT;
      }
    }
  }

  /** The options of our SYN, which leaves now. An answer scales windows only where the peer's SYN did. */
  sendSyn(localMss: number, isAnswer: boolean, now: Instant): TcpOption[] {
    this.#sends++;
    this.#sentAt = now;
    this.#resendAt = now + this.#roundTrip.timeoutNs;
    const mss: TcpOption = { type: 'mss', octets: localMss };
    return isAnswer && this.#localShift === 0 ? [mss] : [mss, { type: 'windowScale', shift: WINDOW_SHIFT }];
  }

  /** The timer is due. False: the peer does not answer. */
  expire(): boolean {
    if (this.#sends > TIMEOUTS_MAX) return false;
    this.#roundTrip.backOff();
    return true;
  }

  /** Our SYN is acknowledged. */
  finish(now: Instant): void {
    if (this.#sends > 1) this.#roundTrip.startAfterLostSyn();
    else this.#roundTrip.sample(this.#sentAt, now);
    this.cancel();
  }

  cancel(): void {
    this.#resendAt = null;
  }
}
