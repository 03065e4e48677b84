import { expect, test } from 'vitest';
import { createSeededRandom } from '../drivers/sim/seeded-random.ts';
import { interleave } from './order.ts';

const NAMES = ['engine', 'strongswan', 'openvpn', 'wireguard', 'plain'];
const drawn = (seed: string, rounds: number) => interleave(NAMES, rounds, createSeededRandom(seed));

test('each subject once a round, rounds one after the other', () => {
  const turns = drawn('a', 11);
  expect(turns.map(turn => turn.round)).toEqual(turns.map((_, i) => Math.floor(i / NAMES.length)));
  for (let round = 0; round < 11; round++) {
    const subjects = turns.filter(turn => turn.round === round).map(turn => turn.subject);
    expect(subjects.toSorted()).toEqual(NAMES.toSorted());
  }
});

test('a steady drift adds the same to every subject over two rounds', () => {
  const turns = drawn('b', 10);
  for (const name of NAMES) {
    const places = turns.flatMap(({ subject }, place) => (subject === name ? [place] : []));
    expect(places.reduce((a, b) => a + b, 0)).toBe((10 * (turns.length - 1)) / 2);
  }
});

test('the same seed brings the same order, another seed another, and more rounds begin as fewer do', () => {
  expect(drawn('c', 6)).toEqual(drawn('c', 6));
  expect(drawn('c', 6)).not.toEqual(drawn('d', 6));
  expect(drawn('c', 10).slice(0, 6 * NAMES.length)).toEqual(drawn('c', 6));
});

test('every order of two and of three comes about as often', () => {
  const seen = new Map<string, number>();
  const random = createSeededRandom('even');
  for (let i = 0; i < 6000; i++) {
    const first = interleave(['x', 'y', 'z'], 1, random)
      .map(turn => turn.subject)
      .join('');
    seen.set(first, (seen.get(first) ?? 0) + 1);
  }
  expect(seen.size).toBe(6);
  for (const count of seen.values()) expect(Math.abs(count - 1000)).toBeLessThan(120); // four standard deviations
});
