import { BlockList } from 'node:net';
import { expect, test } from 'vitest';
import { formatAddress } from './address.ts';
import { formatPrefix, networkOf, parsePrefix, prefixContains, prefixesOverlap } from './prefix.ts';
import { addressOf, must } from './testing/must.ts';
import { Prng } from './testing/prng.ts';

const prefix = (text: string) => must(parsePrefix(text));

test.each([
  ['10.0.0.1/24', '10.0.0.1/24', '10.0.0.0/24'],
  ['10.0.0.1', '10.0.0.1/32', '10.0.0.1/32'],
  ['255.255.255.255/0', '255.255.255.255/0', '0.0.0.0/0'],
  ['10.1.255.255/17', '10.1.255.255/17', '10.1.128.0/17'],
  ['2001:470:24:c66::1/64', '2001:470:24:c66::1/64', '2001:470:24:c66::/64'],
  ['ffff::ffff/128', 'ffff::ffff/128', 'ffff::ffff/128'],
  ['ffff:ffff::/21', 'ffff:ffff::/21', 'ffff:f800::/21'],
])('%s keeps its host bits; its network has none', (text, written, network) => {
  expect(formatPrefix(prefix(text))).toBe(written);
  expect(formatPrefix(networkOf(prefix(text)))).toBe(network);
});

test.each([
  '',
  '/',
  '10.0.0.1/',
  '10.0.0.1/33',
  '10.0.0.1/-1',
  '10.0.0.1/08',
  '::/129',
  '::/64/64',
  'x/8',
  '10.0.0.1/8 ',
])('%j is refused', text => {
  expect(parsePrefix(text)).toBeNull();
});

test('no prefix of one family contains an address of the other', () => {
  expect(prefixContains(prefix('0.0.0.0/0'), addressOf('::'))).toBe(false);
  expect(prefixContains(prefix('::/0'), addressOf('1.2.3.4'))).toBe(false);
  expect(prefixesOverlap(prefix('0.0.0.0/0'), prefix('::/0'))).toBe(false);
});

test('overlap is containment of the longer in the shorter', () => {
  expect(prefixesOverlap(prefix('10.0.0.0/8'), prefix('10.1.2.3/32'))).toBe(true);
  expect(prefixesOverlap(prefix('10.1.2.3/32'), prefix('10.0.0.0/8'))).toBe(true);
  expect(prefixesOverlap(prefix('10.0.0.0/24'), prefix('10.0.1.0/24'))).toBe(false);
});

test("Node's BlockList agrees about containment", () => {
  const random = new Prng(4);
  for (let i = 0; i < 3_000; i++) {
    const size = random.pick([4, 16]);
    const family = size === 4 ? 'ipv4' : 'ipv6';
    const base = random.bytes(size);
    const length = random.below(size * 8 + 1);
    const other = base.slice();
    if (random.flip()) other[random.below(size)] = random.below(256);
    const list = new BlockList();
    list.addSubnet(formatAddress(base), length, family);
    // Node reads ::ffff:a.b.c.d as IPv4, which we do not.
    if (formatAddress(other).includes('.') && size === 16) continue;
    expect(prefixContains({ address: base, length }, other)).toBe(list.check(formatAddress(other), family));
  }
});
