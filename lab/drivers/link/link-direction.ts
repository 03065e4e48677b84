import { type Instant, NS_PER_MS, NS_PER_S } from '../../../engine/wire/instant.ts';
import type { Impairment } from '../../topology/model.ts';
import { TransmitQueue } from './transmit-queue.ts';

/** A frame that reaches the far end of a link. */
export interface LinkDelivery {
  readonly at: Instant;
  readonly octets: Uint8Array;
}

/** Frames. `pushed` = `delivered` - `duplicated` + `lost` + `queueDropped` + `tooBig`. */
export interface LinkCounters {
  readonly pushed: number;
  readonly delivered: number;
  readonly lost: number;
  readonly duplicated: number;
  readonly reordered: number;
  readonly corrupted: number;
  /** No room to wait for the rate. */
  readonly queueDropped: number;
  /** Larger than the MTU. */
  readonly tooBig: number;
}

/** Where chance comes from: numbers in [0, 1). */
export interface Uniform {
  uniform(): number;
}

/** Ethernet header and one VLAN tag: what a port takes above its MTU, as Linux does. */
const HEADER_OCTETS_MAX = 14 + 4;
/** How long a reordered frame is held back where the link's own delay and jitter are smaller than this. */
const HOLD_BACK_MIN_NS = NS_PER_MS;

/**
 * One direction of a link. In this order: MTU, the queue for the rate (drop-tail), loss, corruption, delay and jitter, reordering,
 * duplication. So a lost frame has used its share of the rate, and a queue that is full loses more than chance alone.
 *
 * - Jitter adds a uniform share of ± `jitterNs` to the delay, and alone never reorders: no frame overtakes the one before it.
 * - A reordered frame is held back by up to delay + jitter (at least 1 ms) more, and those behind it pass.
 * - A corrupted frame has one bit flipped, anywhere.
 * - A duplicate arrives right behind its original.
 *
 * Every frame draws the same count of numbers whatever happens to it: raising one rate leaves the other accidents in their places.
 */
export class LinkDirection {
  readonly #impairment: Impairment;
  readonly #random: Uniform;
  readonly #frameOctetsMax: number;
  readonly #queue: TransmitQueue | null;
  readonly #perfect: boolean;
  readonly #counters = {
    pushed: 0,
    delivered: 0,
    lost: 0,
    duplicated: 0,
    reordered: 0,
    corrupted: 0,
    queueDropped: 0,
    tooBig: 0,
  };
  #lastArrival: Instant = Number.NEGATIVE_INFINITY;

  constructor(impairment: Impairment, random: Uniform, mtu: number | null) {
    const { delayNs, jitterNs, loss, duplicate, reorder, corrupt, rateBitsPerSecond, queueFrames } = impairment;
    this.#impairment = impairment;
    this.#random = random;
    this.#frameOctetsMax = mtu === null ? Number.POSITIVE_INFINITY : mtu + HEADER_OCTETS_MAX;
    this.#queue = rateBitsPerSecond === null ? null : new TransmitQueue(rateBitsPerSecond / NS_PER_S, queueFrames);
    this.#perfect = delayNs + jitterNs + loss + duplicate + reorder + corrupt === 0 && rateBitsPerSecond === null;
  }

  push(octets: Uint8Array, now: Instant): readonly LinkDelivery[] {
    const counters = this.#counters;
    counters.pushed++;
    if (octets.length > this.#frameOctetsMax) {
      counters.tooBig++;
      return [];
    }
    if (this.#perfect) {
      counters.delivered++;
      return [{ at: now, octets }];
    }
    const sent = this.#queue === null ? now : this.#queue.push(octets.length, now);
    if (sent === null) {
      counters.queueDropped++;
      return [];
    }
    return this.#travel(octets, sent);
  }

  counters(): LinkCounters {
    return { ...this.#counters };
  }

  #travel(octets: Uint8Array, sent: Instant): readonly LinkDelivery[] {
    const { delayNs, jitterNs, loss, duplicate, reorder, corrupt } = this.#impairment;
    const counters = this.#counters;
    const isLost = this.#random.uniform() < loss;
    const isCorrupted = this.#random.uniform() < corrupt;
    const corruptedBit = Math.floor(this.#random.uniform() * octets.length * 8);
    const jitter = (2 * this.#random.uniform() - 1) * jitterNs;
    const isReordered = this.#random.uniform() < reorder;
    const holdBack = this.#random.uniform();
    const isDuplicated = this.#random.uniform() < duplicate;

    if (isLost) {
      counters.lost++;
      return [];
    }
    let at = Math.max(sent + Math.round(Math.max(0, delayNs + jitter)), this.#lastArrival);
    if (isReordered) {
      counters.reordered++;
      at += 1 + Math.round(holdBack * Math.max(HOLD_BACK_MIN_NS, delayNs + jitterNs));
    } else {
      this.#lastArrival = at;
    }
    if (isCorrupted) counters.corrupted++;
    const arriving = isCorrupted ? withFlippedBit(octets, corruptedBit) : octets;
    counters.delivered++;
    if (!isDuplicated) return [{ at, octets: arriving }];
    counters.duplicated++;
    counters.delivered++;
    return [
      { at, octets: arriving },
      { at, octets: new Uint8Array(arriving) },
    ];
  }
}

function withFlippedBit(octets: Uint8Array, bit: number): Uint8Array {
  const copy = new Uint8Array(octets); // not slice(): that of a Buffer shares its memory
  const index = bit >> 3;
  copy[index] = (copy[index] ?? 0) ^ (0x80 >> (bit & 7));
  return copy;
}
