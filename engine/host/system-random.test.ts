import { expect, test } from 'vitest';
import { createSystemRandom } from './system-random.ts';

test('gives as many octets as asked for, never the same twice', () => {
  const random = createSystemRandom();
  const drawn = Array.from({ length: 2000 }, () => random.bytes(16));
  expect(new Set(drawn.map(octets => Buffer.from(octets).toString('hex'))).size).toBe(2000);
  expect([0, 1, 8192, 10_000].map(count => random.bytes(count).length)).toEqual([0, 1, 8192, 10_000]);
});

test('what was drawn belongs to the caller', () => {
  const random = createSystemRandom();
  const first = random.bytes(8);
  const copy = first.slice();
  random.bytes(8).fill(0);
  for (let i = 0; i < 2000; i++) random.bytes(16);
  expect(first).toEqual(copy);
});
