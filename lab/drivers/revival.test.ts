import { expect, test } from 'vitest';
import { Revival } from './revival.ts';

test('each time in a row it waits twice as long, within bounds, and gives up in the end', () => {
  const revival = new Revival();
  const waits: (number | null)[] = [];
  for (let now = 0; waits.length < 12; now += 1000) {
    waits.push(revival.died('alice', now));
    revival.started('alice', now);
  }
  expect(waits).toEqual([250, 500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000, null, null]);
  expect(revival.died('bob', 0)).toBe(250);
});

test('a node that could not be started counts too', () => {
  const revival = new Revival();
  expect([revival.died('alice', 0), revival.died('alice', 250), revival.died('alice', 750)]).toEqual([250, 500, 1000]);
});

test('after a minute of life, or by the hand of somebody, it begins anew', () => {
  const revival = new Revival();
  for (let deaths = 0; deaths < 5; deaths++) revival.died('alice', 0);
  revival.started('alice', 0);
  expect(revival.died('alice', 59_999)).toBe(8000);
  revival.started('alice', 70_000);
  expect(revival.died('alice', 130_000)).toBe(250);
  revival.died('alice', 130_000);
  revival.forget('alice');
  expect(revival.died('alice', 130_001)).toBe(250);
});
