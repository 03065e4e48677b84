import { randomFillSync } from 'node:crypto';
import type { Random } from '../crypto/random.ts';

const POOL_OCTETS = 8192;

/** The system's generator, asked for many octets at once: a call costs as much as thousands of them. */
export function createSystemRandom(): Random {
  const pool = new Uint8Array(POOL_OCTETS);
  let used = POOL_OCTETS;
  return {
    bytes: count => {
      if (count > POOL_OCTETS) return randomFillSync(new Uint8Array(count));
      if (used + count > POOL_OCTETS) {
        randomFillSync(pool);
        used = 0;
      }
      const drawn = pool.slice(used, used + count);
      pool.fill(0, used, used + count);
      used += count;
      return drawn;
    },
  };
}
