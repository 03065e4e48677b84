import type { SaConfig } from '../../../engine/node/config.ts';
import type { NextSpi } from './sa-pairs.ts';

/** The first SPI; RFC 4303 §2.1 reserves 1 to 255. Even ones lead from the first node to the second. */
const SPI_FIRST = 0x1000;
/** The upper half of an SPI counts generations (lab/topology/keys.ts). */
const LOWER_HALF = 0xffff;

/** SPIs that no SA of a native file has, in any generation. */
export function spisBeside(stated: readonly SaConfig[]): NextSpi {
  const taken = new Set(stated.map(({ spi }) => spi & LOWER_HALF));
  let next = SPI_FIRST;
  return () => {
    while (taken.has(next)) next += 1;
    if (next > LOWER_HALF) throw new Error('a topology has fewer than 60000 SAs'); // its size is bounded elsewhere
    return next++;
  };
}
