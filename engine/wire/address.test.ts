import { isIPv4, isIPv6 } from 'node:net';
import { describe, expect, test } from 'vitest';
import {
  addressesEqual,
  addressKey,
  addressVersion,
  compareAddresses,
  formatAddress,
  formatMac,
  isBroadcast,
  isLinkLocal,
  isLoopback,
  isMulticast,
  isUnspecified,
  parseAddress,
  parseMac,
} from './address.ts';
import { addressOf } from './testing/must.ts';
import { Prng } from './testing/prng.ts';

describe('text forms', () => {
  test.each([
    ['192.0.2.1', '192.0.2.1'],
    ['0.0.0.0', '0.0.0.0'],
    ['::', '::'],
    ['::1', '::1'],
    ['1::', '1::'],
    ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'], // the first of equal runs, RFC 5952 §4.2.3
    ['2001:0:0:1:0:0:0:1', '2001:0:0:1::1'], // the longest run
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'], // one group is no run, §4.2.2
    ['2001:DB8::ABCD', '2001:db8::abcd'],
    ['0001:02:003:0004:5:6:7:8', '1:2:3:4:5:6:7:8'],
    ['1:2:3:4:5:6:7::', '1:2:3:4:5:6:7:0'],
    ['::ffff:192.0.2.33', '::ffff:192.0.2.33'],
    ['64:ff9b::192.0.2.33', '64:ff9b::c000:221'],
    ['1:2:3:4:5:6:1.2.3.4', '1:2:3:4:5:6:102:304'],
  ])('%s reads, and writes as %s', (text, canonical) => {
    expect(formatAddress(addressOf(text))).toBe(canonical);
  });

  test.each([
    '',
    ':',
    ':::',
    '1',
    '1.2.3',
    '1.2.3.4.5',
    '01.2.3.4',
    '1.2.3.256',
    '1.2.3.-4',
    ' 1.2.3.4',
    '1.2.3.4/8',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    '1::2::3',
    '::1:2:3:4:5:6:7:8',
    ':1:2:3:4:5:6:7:8',
    '1:2:3:4:5:6:7:8:',
    '12345::',
    '::g',
    'fe80::1%eth0',
    '1.2.3.4::',
    '::1.2.3.4:5',
    '1:2:3:4:5:6:7:1.2.3.4',
  ])('%j is refused', text => {
    expect(parseAddress(text)).toBeNull();
  });

  test('the URL standard writes the same text (but for IPv4-mapped addresses)', () => {
    const random = new Prng(1);
    for (let i = 0; i < 5_000; i++) {
      const octets = random.bytes(16).map(octet => (random.below(3) === 0 ? octet : 0));
      octets[0] = 0x20;
      expect(new URL(`http://[${formatAddress(octets)}]/`).hostname).toBe(`[${formatAddress(octets)}]`);
      expect(parseAddress(formatAddress(octets))).toEqual(octets);
    }
  });

  test('Node and we agree on which texts are addresses', () => {
    const random = new Prng(2);
    const pieces = ['1', '0', 'ff', '1234', ':', '::', '.', '255', '256', '00', 'g', ':', '.'];
    for (let i = 0; i < 20_000; i++) {
      const text = Array.from({ length: 1 + random.below(16) }, () => random.pick(pieces)).join('');
      expect([text, parseAddress(text)?.length ?? 0]).toEqual([text, isIPv4(text) ? 4 : isIPv6(text) ? 16 : 0]);
    }
  });
});

function kinds(text: string): string[] {
  return Object.entries({ isMulticast, isLinkLocal, isUnspecified, isLoopback, isBroadcast })
    .filter(([, is]) => is(addressOf(text)))
    .map(([name]) => name);
}

test('kinds of addresses', () => {
  expect(kinds('10.0.0.1')).toEqual([]);
  expect(kinds('2001:db8::1')).toEqual([]);
  expect(kinds('224.0.0.1')).toEqual(['isMulticast']);
  expect(kinds('239.255.255.255')).toEqual(['isMulticast']);
  expect(kinds('240.0.0.1')).toEqual([]);
  expect(kinds('ff02::1')).toEqual(['isMulticast']);
  expect(kinds('169.254.1.1')).toEqual(['isLinkLocal']);
  expect(kinds('fe80::1')).toEqual(['isLinkLocal']);
  expect(kinds('febf::1')).toEqual(['isLinkLocal']);
  expect(kinds('fec0::1')).toEqual([]);
  expect(kinds('0.0.0.0')).toEqual(['isUnspecified']);
  expect(kinds('::')).toEqual(['isUnspecified']);
  expect(kinds('127.1.2.3')).toEqual(['isLoopback']);
  expect(kinds('::1')).toEqual(['isLoopback']);
  expect(kinds('255.255.255.255')).toEqual(['isBroadcast']);
});

test('order: by family, then by value', () => {
  const sorted = ['0.0.0.0', '9.255.0.0', '10.0.0.1', '255.0.0.0', '::', '::1', '2001:db8::', 'ff02::1'].map(addressOf);
  const shuffled = sorted.toReversed().sort(compareAddresses);
  expect(shuffled.map(formatAddress)).toEqual(sorted.map(formatAddress));
  expect(addressesEqual(addressOf('::1'), addressOf('0:0::1'))).toBe(true);
  expect(addressesEqual(addressOf('1.2.3.4'), addressOf('1.2.3.5'))).toBe(false);
  expect(addressesEqual(addressOf('0.0.0.0'), addressOf('::'))).toBe(false);
});

test('keys differ exactly when addresses do', () => {
  const random = new Prng(3);
  const texts = new Set<string>();
  const keys = new Set<string>();
  for (let i = 0; i < 10_000; i++) {
    const octets = random.bytes(random.flip() ? 4 : 16).map(octet => octet & 0x81);
    texts.add(formatAddress(octets));
    keys.add(addressKey(octets));
  }
  expect(keys.size).toBe(texts.size);
});

test('an array of another length is a bug', () => {
  expect(() => addressVersion(new Uint8Array(5))).toThrow(RangeError);
});

test('MAC addresses', () => {
  expect(parseMac('02:00:00:00:Ab:01')).toEqual(Uint8Array.of(2, 0, 0, 0, 0xab, 1));
  expect(formatMac(Uint8Array.of(2, 0, 0, 0, 0xab, 1))).toBe('02:00:00:00:ab:01');
  for (const text of [
    '',
    '02:00:00:00:00',
    '2:0:0:0:0:1',
    '02-00-00-00-00-01',
    '02:00:00:00:00:01:02',
    '02:00:00:00:00:0g',
  ]) {
    expect(parseMac(text)).toBeNull();
  }
});
