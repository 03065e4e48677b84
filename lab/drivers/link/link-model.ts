import type { Random } from '../../../engine/crypto/random.ts';
import type { Instant } from '../../../engine/wire/instant.ts';
import type { Impairment } from '../../topology/model.ts';
import { createSeededRandom } from '../sim/seeded-random.ts';
import { LinkDirection, type LinkCounters, type LinkDelivery } from './link-direction.ts';

/** 0: from endpoints[0] of the link to endpoints[1]; 1: back. */
export type Direction = 0 | 1;

export const reverse = (direction: Direction): Direction => (direction === 0 ? 1 : 0);

/**
 * A cable between two ports, with what goes wrong on it; each direction on its own. Pure: it says when a frame that enters now
 * comes out, the caller carries it there (the simulator by its event queue, a live user-space link by a timer).
 */
export class LinkModel {
  readonly #directions: readonly [LinkDirection, LinkDirection];

  /**
   * Takes 32 octets of `random`, which seed one stream a direction: traffic one way does not change what happens to the other.
   * `mtu` counts octets of IP packet; larger frames are dropped. null: no limit.
   */
  constructor(impairments: readonly [Impairment, Impairment], random: Random, mtu: number | null = null) {
    const direction = (impairment: Impairment) => {
      const seed = Buffer.from(random.bytes(16)).toString('hex');
      return new LinkDirection(impairment, createSeededRandom(seed), mtu);
    };
    this.#directions = [direction(impairments[0]), direction(impairments[1])];
  }

  /**
   * Puts a frame (from the destination MAC, without FCS) on the link. What comes out at the other end: nothing when it was
   * dropped, two deliveries when it was duplicated. The model keeps nothing of `octets`; a delivery may be the same array.
   */
  push(direction: Direction, octets: Uint8Array, now: Instant): readonly LinkDelivery[] {
    return this.#directions[direction].push(octets, now);
  }

  counters(direction: Direction): LinkCounters {
    return this.#directions[direction].counters();
  }
}
