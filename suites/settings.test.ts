import { expect, test } from 'vitest';
import { isWanted, type Shard, type SuiteSettings } from './settings.ts';

const ids = Array.from({ length: 1000 }, (_, i) => `rfc4303-${i}-clause`);
const settings: SuiteSettings = {
  dut: 'engine',
  driver: 'sim',
  seed: '1',
  report: 'report',
  only: null,
  sample: 1,
  shard: null,
};
const wanted = (over: Partial<SuiteSettings>): string[] => ids.filter(id => isWanted(id, { ...settings, ...over }));
const shards = (count: number): Shard[] => Array.from({ length: count }, (_, i) => ({ index: i + 1, count }));

test.each([1, 2, 4, 7])('%i shards are the whole, with no clause twice, and about as large as each other', count => {
  const parts = shards(count).map(shard => wanted({ shard }));
  expect(parts.flat().sort()).toEqual([...ids].sort());
  for (const part of parts) expect(Math.abs(part.length - ids.length / count)).toBeLessThan(ids.length / count / 3);
});

test('a clause keeps its shard whatever the seed', () => {
  const shard = { index: 2, count: 4 };
  expect(wanted({ shard, seed: '2' })).toEqual(wanted({ shard, seed: '1' }));
});

test('the shards of a sample are the sample', () => {
  const sampled = { sample: 10, seed: '3' };
  expect(
    shards(4)
      .flatMap(shard => wanted({ ...sampled, shard }))
      .sort(),
  ).toEqual(wanted(sampled).sort());
});
