import { expect, test } from 'vitest';
import { SimulationClock } from './clock.ts';

test('the clock starts with 2026 and counts nanoseconds', () => {
  const clock = new SimulationClock();
  expect(new Date(Number(clock.unixNs / 1_000_000n)).toISOString()).toBe('2026-01-01T00:00:00.000Z');
  clock.advance(3_600_000_000_001);
  expect(clock.now).toBe(3_600_000_000_001);
  expect(clock.unixNs % 1_000_000_000n).toBe(1n);
});

test('the clock refuses to go back', () => {
  const clock = new SimulationClock();
  clock.advance(10);
  clock.advance(10);
  expect(() => clock.advance(9)).toThrow('go back');
});
