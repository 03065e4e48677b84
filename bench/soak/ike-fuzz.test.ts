import { expect, test } from 'vitest';
import { soakIkeFuzz } from './ike-fuzz.ts';

/** The quick version of `npm run soak -- ike-fuzz`; another seed each time, and a finding names it. */
test('a daemon in any state survives strangers, the unproven and hostile peers', () => {
  expect(soakIkeFuzz(8000, String(Date.now()), () => undefined).findings).toEqual([]);
}, 60_000);
