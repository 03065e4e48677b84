import { describe, expect, test } from 'vitest';
import { didYouMean, editDistance, nearest, oneOf } from './suggest.ts';

describe('editDistance', () => {
  // The first three are the textbook's; a swap of neighbours counts once.
  test.each([
    ['kitten', 'sitting', 3],
    ['saturday', 'sunday', 3],
    ['', 'abc', 3],
    ['abc', 'abc', 0],
    ['alice', 'alcie', 1],
    ['ca', 'abc', 3],
  ])('%s to %s is %i', (a, b, distance) => {
    expect(editDistance(a, b)).toBe(distance);
    expect(editDistance(b, a)).toBe(distance);
  });
});

describe('suggestions', () => {
  test('the nearest, and nothing that is far', () => {
    expect(nearest('gatway', ['gateway', 'host', 'router'])).toBe('gateway');
    expect(nearest('Host', ['gateway', 'host', 'router'])).toBe('host');
    expect(nearest('zebra', ['gateway', 'host', 'router'])).toBeNull();
    expect(nearest('a', ['b1', 'c1'])).toBeNull();
    expect(nearest('x', [])).toBeNull();
  });

  test('in words', () => {
    expect(didYouMean('wam', ['lan', 'wan'], 'none')).toBe('did you mean "wan"?');
    expect(didYouMean('internet', ['lan', 'wan'], 'none')).toBe('use lan or wan');
    expect(didYouMean('internet', [], 'declare one')).toBe('declare one');
    expect(oneOf(['a', 'b', 'c'])).toBe('a, b or c');
    expect(oneOf(['a'])).toBe('a');
    expect(oneOf(Array.from({ length: 20 }, (_, i) => `n${i}`))).toMatch(/n11, …$/);
  });
});
