import { describe, expect, test } from 'vitest';
import { formatDuration, formatRate, parseDuration, parsePercent, parseRate, type Parsed } from './quantity.ts';

const valueOf = (parsed: Parsed<number>) =>
  parsed.kind === 'good' ? parsed.value : `${parsed.message}; ${parsed.fix}`;

describe('durations', () => {
  test.each([
    ['20ms', 20e6],
    ['1.5s', 1.5e9],
    ['0', 0],
    ['0s', 0],
    ['100us', 1e5],
    ['100µs', 1e5],
    ['7ns', 7],
    ['2m', 120e9],
    ['1h', 3600e9],
    ['-3s', -3e9],
    ['720h', 720 * 3600e9],
  ])('%s is %d ns', (text, nanoseconds) => {
    expect(valueOf(parseDuration(text))).toBe(nanoseconds);
  });

  test.each([
    ['20', 'has no unit; write 20ms or 20s'],
    ['2 sec', 'has the unknown unit " sec"; use ns, us, ms, s, m or h: 2s'],
    ['2d', 'has the unknown unit "d"; use ns, us, ms, s, m or h'],
    ['soon', 'is not a duration; write a number and, right after it, a unit: 20ms or 1.5s'],
    ['1e3s', 'is not a duration; write a number and, right after it, a unit: 20ms or 1.5s'],
    ['', 'is not a duration; write a number and, right after it, a unit: 20ms or 1.5s'],
    ['721h', 'is more than 30 days; use 720h or less'],
  ])('%s: %s', (text, problem) => {
    expect(valueOf(parseDuration(text))).toBe(problem);
  });

  test.each([
    [0, '0s'],
    [20e6, '20ms'],
    [1.5e9, '1.5s'],
    [-3e9, '-3s'],
    [90e9, '90s'],
    [120e9, '2m'],
    [3600e9, '1h'],
    [1234, '1.234us'],
    [999, '999ns'],
  ])('%d ns is shown as %s, and read back', (nanoseconds, text) => {
    expect(formatDuration(nanoseconds)).toBe(text);
    expect(valueOf(parseDuration(text))).toBe(nanoseconds);
  });

  test('every whole number of nanoseconds survives', () => {
    for (let i = 0; i < 2000; i += 1) {
      const nanoseconds = (i * 7919 * 10 ** (i % 8)) % 1e12;
      expect(valueOf(parseDuration(formatDuration(nanoseconds)))).toBe(nanoseconds);
    }
  });
});

describe('percentages', () => {
  test.each([
    ['0.1%', 0.001],
    ['100%', 1],
    ['0', 0],
  ])('%s is %d', (text, probability) => {
    expect(valueOf(parsePercent(text))).toBeCloseTo(probability, 12);
  });

  test.each([
    ['0.1', 'has no % sign; write 0.1% or 10%'],
    ['5', 'has no % sign; write 5%'],
    ['101%', 'is not between 0% and 100%; it is a share of the frames: use 0% to 100%'],
    ['many', 'is not a percentage; write a number and, right after it, %: 0.1%'],
  ])('%s: %s', (text, problem) => {
    expect(valueOf(parsePercent(text))).toBe(problem);
  });
});

describe('rates', () => {
  test.each([
    ['1gbit', 1e9],
    ['2.5mbit', 2.5e6],
    ['64kbit', 64e3],
    ['300bit', 300],
  ])('%s is %d bit/s, and shown so', (text, bits) => {
    expect(valueOf(parseRate(text))).toBe(bits);
    expect(formatRate(bits)).toBe(text);
  });

  test.each([
    ['100', 'has no unit; write 100bit, 100kbit, 100mbit or 100gbit'],
    ['100Mbps', 'has the unknown unit "Mbps"; use bit, kbit, mbit or gbit: 100mbit'],
    ['0mbit', 'lets nothing through; use at least 1bit, or take the link down with a fault'],
    ['9999gbit', 'is more than 1000gbit; leave rate away for a link without a limit'],
  ])('%s: %s', (text, problem) => {
    expect(valueOf(parseRate(text))).toBe(problem);
  });
});
