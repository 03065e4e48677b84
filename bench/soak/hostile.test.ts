import { expect, test } from 'vitest';
import { soakHostile } from './hostile.ts';

/** The quick version of `npm run soak -- hostile`; another seed each time, and a finding names it. */
test('a gateway with live SAs of every kind accepts nothing that was changed, forged or replayed', () => {
  expect(soakHostile(30_000, String(Date.now()), () => undefined).findings).toEqual([]);
});
