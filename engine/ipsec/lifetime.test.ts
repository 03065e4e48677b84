import { describe, expect, test } from 'vitest';
import { NS_PER_S } from '../wire/instant.ts';
import { type LifetimeLimits, nextLimitAt, reachedLimit, type SaUse, UNLIMITED } from './lifetime.ts';

function use(soft: Partial<LifetimeLimits>, hard: Partial<LifetimeLimits>, packets = 0, octets = 0): SaUse {
  const lifetime = { installedAt: 5 * NS_PER_S, soft: { ...UNLIMITED, ...soft }, hard: { ...UNLIMITED, ...hard } };
  return { lifetime, packets, octets };
}

describe('lifetimes of an SA, RFC 4301 §4.4.2.1', () => {
  test('without limits it lives for ever', () => {
    expect(reachedLimit(use({}, {}, 1e15, 1e15), 1e18)).toBeNull();
    expect(nextLimitAt(use({}, {}), 0)).toBeNull();
  });

  test('time counts from its installation', () => {
    const sa = use({ seconds: 10 }, { seconds: 20 });
    expect(reachedLimit(sa, 15 * NS_PER_S - 1)).toBeNull();
    expect(reachedLimit(sa, 15 * NS_PER_S)).toEqual({ level: 'soft', unit: 'seconds' });
    expect(reachedLimit(sa, 25 * NS_PER_S - 1)).toEqual({ level: 'soft', unit: 'seconds' });
    expect(reachedLimit(sa, 25 * NS_PER_S)).toEqual({ level: 'hard', unit: 'seconds' });
  });

  test('the times at which to look again', () => {
    const sa = use({ seconds: 10 }, { seconds: 20 });
    expect(nextLimitAt(sa, 5 * NS_PER_S)).toBe(15 * NS_PER_S);
    expect(nextLimitAt(sa, 15 * NS_PER_S)).toBe(25 * NS_PER_S);
    expect(nextLimitAt(sa, 25 * NS_PER_S)).toBeNull();
    expect(nextLimitAt(use({}, { seconds: 3 }), 0)).toBe(8 * NS_PER_S);
    expect(nextLimitAt(use({ seconds: 9 }, { seconds: 3 }), 0)).toBe(8 * NS_PER_S);
  });

  test.each(['packets', 'octets'] as const)('%s: the one that reaches the limit is the last', unit => {
    const at = (count: number) => {
      const sa = use({ [unit]: 100 }, { [unit]: 200 }, ...(unit === 'packets' ? [count, 0] : [0, count]));
      return reachedLimit(sa, 6 * NS_PER_S);
    };
    expect([99, 100, 199, 200, 201].map(at)).toEqual([
      null,
      { level: 'soft', unit },
      { level: 'soft', unit },
      { level: 'hard', unit },
      { level: 'hard', unit },
    ]);
  });

  test('a hard limit goes before a soft one of another unit', () => {
    expect(reachedLimit(use({ seconds: 1 }, { octets: 10 }, 1, 10), 9 * NS_PER_S)).toEqual({
      level: 'hard',
      unit: 'octets',
    });
  });
});
