import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { prefixesOfRange } from './prefixes-of-range.ts';

const RANGES = [
  ['10.0.0.1', '10.0.0.9'],
  ['10.0.0.0', '10.0.0.255'],
  ['0.0.0.0', '255.255.255.255'],
  ['255.255.255.255', '255.255.255.255'],
  ['192.0.2.128', '192.0.3.127'],
  ['2001:db8::1', '2001:db8::1:0'],
  ['::', 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'],
] as const;

const REFERENCE =
  'import sys, ipaddress as i; a, b = map(i.ip_address, sys.argv[1:]); print(*i.summarize_address_range(a, b))';

test.each(RANGES)('%s to %s, as Python summarizes it', (from, to) => {
  const expected = execFileSync('/usr/bin/python3', ['-c', REFERENCE, from, to], { encoding: 'utf8' })
    .trim()
    .split(' ');
  expect(prefixesOfRange(`${from}-${to}`)).toEqual(expected);
});

test('a prefix is one already', () => {
  expect(prefixesOfRange('10.0.0.0/8')).toEqual(['10.0.0.0/8']);
});
