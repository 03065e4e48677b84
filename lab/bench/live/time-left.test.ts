import { expect, test } from 'vitest';
import { TimeLeft } from './time-left.ts';

const turns = (...subjects: readonly string[]) => subjects.map(subject => ({ round: 0, subject }));

test('guesses first, then what turns took; guesses of others are as wrong', () => {
  const time = new TimeLeft(
    new Map([
      ['plain', 2],
      ['engine', 4],
    ]),
  );
  expect(time.of(turns('plain', 'engine'))).toBe(6);
  time.took('plain', 3);
  time.took('plain', 5);
  expect(time.of(turns('plain', 'engine'))).toBe(4 + 8);
  expect(time.of(turns('plain', 'engine'), 1)).toBe(3 + 8);
  expect(time.of(turns('plain', 'engine'), 60)).toBe(0 + 8);
  expect(time.of([])).toBe(0);
});
