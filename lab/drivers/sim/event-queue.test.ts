import { describe, expect, test } from 'vitest';
import { EventQueue } from './event-queue.ts';
import { createSeededRandom } from './seeded-random.ts';

describe('the event queue', () => {
  test('gives events by time, and those of one instant in the order in which they were pushed', () => {
    const queue = new EventQueue<string>();
    for (const [at, value] of [
      [5, 'e'],
      [1, 'a'],
      [5, 'f'],
      [1, 'b'],
      [3, 'd'],
      [1, 'c'],
      [5, 'g'],
    ] as const) {
      queue.push(at, value);
    }
    expect(queue.size).toBe(7);
    expect(queue.nextAt).toBe(1);
    const order: string[] = [];
    for (let event = queue.pop(); event !== null; event = queue.pop()) order.push(event.value);
    expect(order.join('')).toBe('abcdefg');
    expect(queue.nextAt).toBeNull();
  });

  test('agrees with a stable sort over random pushes and pops', () => {
    const random = createSeededRandom('heap');
    const queue = new EventQueue<number>();
    const model: { at: number; value: number }[] = [];
    const popped: unknown[][] = [];
    for (let value = 0; value < 5000; value++) {
      if (random.uniform() < 0.6) {
        const at = Math.floor(random.uniform() * 50);
        queue.push(at, value);
        model.push({ at, value });
      } else {
        model.sort((a, b) => a.at - b.at || a.value - b.value);
        popped.push([queue.pop(), model.shift() ?? null]);
      }
    }
    expect(popped.length).toBeGreaterThan(1500);
    for (const [actual, expected] of popped) expect(actual).toEqual(expected);
    expect(queue.size).toBe(model.length);
  });

  test('forgets everything on clear', () => {
    const queue = new EventQueue<number>();
    queue.push(1, 1);
    queue.clear();
    expect(queue.pop()).toBeNull();
    expect(queue.size).toBe(0);
  });
});
