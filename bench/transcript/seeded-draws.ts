import type { Random } from '../../engine/crypto/random.ts';
import { createSeededRandom } from '../../lab/drivers/sim/seeded-random.ts';

/** A seeded random source that remembers what was drawn: the private keys are among it. */
export interface SeededDraws extends Random {
  drawn(): readonly Uint8Array[];
}

export function createSeededDraws(seed: string): SeededDraws {
  const random = createSeededRandom(seed);
  const all: Uint8Array[] = [];
  return {
    bytes(count) {
      const octets = random.bytes(count);
      all.push(octets.slice());
      return octets;
    },
    drawn: () => all,
  };
}
