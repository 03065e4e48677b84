import { expect, test } from 'vitest';
import { disagreement } from './testing/compare.ts';

test('verdicts and counters are those of a naive reference, for random rules and packets', () => {
  for (let seed = 1; seed <= 300; seed++) expect(disagreement(seed * 7919, 40, 40)).toBeNull();
  for (let seed = 1; seed <= 10; seed++) expect(disagreement(seed * 104729, 400, 60)).toBeNull();
});
