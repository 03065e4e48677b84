import type { SeededRandom } from '../seeded-random.ts';

/** Linux's range of ephemeral ports. */
const FIRST = 32_768;
const COUNT = 28_232;

/** A port that is not taken, from a random place on (RFC 6056 §3.3.1). Throws when all are: tables are smaller than that. */
export function freePort(random: SeededRandom, isTaken: (port: number) => boolean): number {
  const start = Math.floor(random.uniform() * COUNT);
  for (let tried = 0; tried < COUNT; tried++) {
    const port = FIRST + ((start + tried) % COUNT);
    if (!isTaken(port)) return port;
  }
  throw new Error('every ephemeral port is taken');
}
