import { expect, test } from 'vitest';
import { soakIkeFlood } from './ike-flood.ts';

/** The quick version of `npm run soak -- ike-flood`; another seed each time. */
test('a daemon under floods of first requests lets real peers in, keeps those it has, and calms down', () => {
  const seed = String(Date.now());
  expect(soakIkeFlood(1000, seed, () => undefined).findings, `seed ${seed}`).toEqual([]);
}, 60_000);
