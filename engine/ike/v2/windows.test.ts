import { expect, test } from 'vitest';
import { INITIAL_WINDOWS, placeOf, withWaiting } from './windows.ts';

test('a request that waits again for something to be fetched waits once', () => {
  const once = withWaiting(INITIAL_WINDOWS.responses, 0);
  expect(withWaiting(once, 0)).toEqual(once);
  expect(placeOf(withWaiting(once, 0), 0)).toBe('waiting');
});
