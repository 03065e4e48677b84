import { type Instant, NS_PER_MS, NS_PER_S, NS_PER_US } from '../../../engine/wire/instant.ts';

/**
 * When packets are due that leave at a steady rate. A sender that wakes for each packet would be busy with waking: from 5000 packets/s on
 * it wakes less often, and sends a few at once.
 */
export class Pace {
  readonly burstPackets: number;
  readonly #beganAt: Instant;
  readonly #packets: number;
  readonly #nsPerPacket: number;
  readonly #lateMax: number;
  #sent = 0;
  /** What was due so long ago that it is not made up for: a generator that catches up measures a queue. */
  #skipped = 0;

  /** `rate`: packets/s. `packets`: after so many, sent or skipped, it is over. */
  constructor(beganAt: Instant, rate: number, packets: number) {
    this.#beganAt = beganAt;
    this.#packets = packets;
    this.#nsPerPacket = NS_PER_S / rate;
    this.burstPackets = Math.max(1, Math.round(BURST_NS / this.#nsPerPacket));
    this.#lateMax = Math.max(LATE_PACKETS, Math.round(LATE_NS_MAX / this.#nsPerPacket));
  }

  /** How many are to be sent now. */
  due(now: Instant): number {
    if (now < this.#beganAt) return 0;
    const until = Math.min(this.#packets, Math.floor((now - this.#beganAt) / this.#nsPerPacket) + 1);
    const due = until - this.#sent - this.#skipped;
    if (due <= this.#lateMax) return due;
    this.#skipped += due - this.#lateMax;
    return this.#lateMax;
  }

  /** So many of those that were due have left. */
  left(packets: number): void {
    this.#sent += packets;
  }

  get sent(): number {
    return this.#sent;
  }

  get isOver(): boolean {
    return this.#sent + this.#skipped >= this.#packets;
  }

  /** When there is a burst to send, or what is left of them. */
  get wakeAt(): Instant {
    const last = Math.min(this.#packets, this.#sent + this.#skipped + this.burstPackets) - 1;
    return this.#beganAt + last * this.#nsPerPacket;
  }

  /** When one more after the last would be due. */
  get endsAt(): Instant {
    return this.#beganAt + this.#packets * this.#nsPerPacket;
  }
}

/** How often a sender wakes at most. */
const BURST_NS = 200 * NS_PER_US;
/** How long a sender may have been kept from running and still make up for it, and so many packets in any case. */
const LATE_NS_MAX = 4 * NS_PER_MS;
const LATE_PACKETS = 8;
