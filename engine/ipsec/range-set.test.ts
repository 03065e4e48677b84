import { expect, test } from 'vitest';
import { Prng } from '../wire/testing/prng.ts';
import {
  difference,
  equal,
  has,
  includes,
  intersection,
  overlaps,
  type RangeSet,
  rangeSet,
  rangeSetKey,
  union,
} from './range-set.ts';

const SIZE = 24;
const NUMBERS = Array.from({ length: SIZE }, (_, i) => BigInt(i));

function randomSet(prng: Prng): RangeSet {
  const ranges = Array.from({ length: prng.below(5) }, () => {
    const [a, b] = [prng.below(SIZE), prng.below(SIZE)];
    return [BigInt(Math.min(a, b)), BigInt(Math.max(a, b))] as const;
  });
  return rangeSet(ranges);
}

const membersOf = (set: RangeSet): bigint[] => NUMBERS.filter(number => has(set, number));

test('sets of ranges are sets of numbers', () => {
  const prng = new Prng(1);
  for (let round = 0; round < 2000; round++) {
    const [a, b] = [randomSet(prng), randomSet(prng)];
    const [inA, inB] = [new Set(membersOf(a)), new Set(membersOf(b))];
    expect(membersOf(union(a, b))).toEqual(NUMBERS.filter(number => inA.has(number) || inB.has(number)));
    const common = NUMBERS.filter(number => inA.has(number) && inB.has(number));
    expect(membersOf(intersection(a, b))).toEqual(common);
    expect(overlaps(a, b)).toBe(common.length > 0);
    expect(membersOf(difference(a, b))).toEqual(NUMBERS.filter(number => inA.has(number) && !inB.has(number)));
    expect(includes(a, b)).toBe(common.length === inB.size);
    expect(equal(union(difference(a, b), intersection(a, b)), a)).toBe(true);
    expect(rangeSetKey(a) === rangeSetKey(b)).toBe(equal(a, b));
  }
});

test('ranges that touch are one', () => {
  expect(rangeSet([[5n, 6n], [1n, 2n], [3n, 4n], [8n, 9n]])).toEqual([[1n, 6n], [8n, 9n]]); // biome-ignore format: two pairs
});
