import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { createSeededRandom } from '../drivers/sim/seeded-random.ts';
import { median, quantileOfSorted, summarize } from './summary.ts';

test('the summary of the example in the documentation of R: quantile(1:10)', () => {
  expect(summarize([10, 9, 8, 7, 6, 5, 4, 3, 2, 1])).toEqual({
    count: 10,
    minimum: 1,
    lowerQuartile: 3.25,
    median: 5.5,
    upperQuartile: 7.75,
    maximum: 10,
    iqr: 4.5,
  });
  expect(summarize([7])).toMatchObject({ minimum: 7, median: 7, maximum: 7, iqr: 0 });
  expect(median([3, 1, 2])).toBe(2);
});

const PYTHON = '/usr/bin/python3';
const hasPython = spawnSync(PYTHON, ['-c', '']).status === 0;

test.skipIf(!hasPython)('the statistics module of Python says the same (needs it: apt-get install python3)', () => {
  const random = createSeededRandom('summary');
  const sets = Array.from({ length: 60 }, (_, i) =>
    Array.from({ length: 2 + (i % 17) }, () => Math.round((random.uniform() - 0.3) * 1e6) / 100),
  );
  const program = `
import json, statistics, sys
print(json.dumps([statistics.quantiles(s, n=20, method='inclusive') + [statistics.median(s)] for s in json.load(sys.stdin)]))`;
  const answer = spawnSync(PYTHON, ['-c', program], { input: JSON.stringify(sets), encoding: 'utf8' });
  const theirs = JSON.parse(answer.stdout) as readonly (readonly number[])[];
  for (const [i, set] of sets.entries()) {
    const sorted = set.toSorted((a, b) => a - b);
    const ours = Array.from({ length: 19 }, (_, k) => quantileOfSorted(sorted, (k + 1) / 20));
    for (const [k, value] of [...ours, median(set)].entries()) expect(value).toBeCloseTo(theirs[i]?.[k] ?? NaN, 6);
  }
});

test('what cannot be summarized is our own mistake', () => {
  expect(() => summarize([])).toThrow('no samples');
  expect(() => summarize([1, Number.NaN])).toThrow('NaN is no sample');
  expect(() => quantileOfSorted([1], 1.01)).toThrow('no quantile 1.01');
});
