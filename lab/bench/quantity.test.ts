import { expect, test } from 'vitest';
import { quantityText, rangeText } from './quantity.ts';

test('three digits, and a unit of their size', () => {
  expect(quantityText(2_345_678_901, 'bit/s')).toBe('2.35 Gbit/s');
  expect(quantityText(24_000, 'packets/s')).toBe('24 kpps');
  expect(quantityText(43_210, 'ns')).toBe('43.2 µs');
  expect(quantityText(54, 'octets')).toBe('54 octets');
  expect(quantityText(0, 'ns')).toBe('0 ns');
  expect(quantityText(176.4, '1/s')).toBe('176 1/s');
  expect(quantityText(1.5, 'parsecs')).toBe('1.5 parsecs');
});

test('a range has one unit', () => {
  expect(rangeText(0.9e9, 1.25e9, 'bit/s')).toBe('0.9 to 1.25 Gbit/s');
  expect(rangeText(3, 4, 'parsecs')).toBe('3 to 4 parsecs');
});
