import { expect, test } from 'vitest';
import { disagreement } from './testing/compare.ts';

test('verdicts and counters are those of a naive reference, for random rules and packets', () => {
  for (let seed = 1; seed <= 400; seed++) expect(disagreement(seed * 7919, 40, 50)).toBeNull();
});
