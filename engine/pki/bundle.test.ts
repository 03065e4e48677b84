import { expect, test } from 'vitest';
import { encodeBundle } from './bundle.ts';

const hex = (octets: string) => Buffer.from(octets, 'hex');

test('a bundle is what RFC 7296 §3.6 says: a sequence of choices with explicit tags', () => {
  const bundle = encodeBundle([hex('3000'), hex('30020500')], [hex('3003020101')]);
  expect(Buffer.from(bundle).toString('hex')).toBe('3011a0023000a00430020500a1053003020101');
});
