import { expect, test } from 'vitest';
import { soakPolicies } from './policies.ts';

/** The quick version of `npm run soak -- policies`; another seed each time, and a finding names it. */
test('lookups, decorrelated regions and diffs say what the ordered list says', () => {
  expect(soakPolicies(10_000, String(Date.now()), () => undefined).findings).toEqual([]);
});
