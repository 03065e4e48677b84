import { expect, test } from 'vitest';
import { readStream } from './tcp-stream.ts';

const interval = (seconds: number, bits: number) => ({
  streams: [],
  sum: { seconds, bytes: (bits * seconds) / 8, bits_per_second: bits },
});

test('the mean of the steady state, without the slow start and without what was left at the end', () => {
  const steady = Array.from({ length: 8 }, () => interval(0.1, 10e9));
  const json = JSON.stringify({ intervals: [interval(0.1, 1e9), interval(0.1, 5e9), ...steady, interval(0.002, 4e6)] });
  const { bitsPerSecond, readings, warmUpReadings } = readStream(json);
  expect(readings).toHaveLength(10);
  expect(warmUpReadings).toBe(2);
  expect(bitsPerSecond / 1e9).toBeCloseTo(10, 6);
});

test('all that arrived counts as arrived', () => {
  const json = JSON.stringify({ intervals: [interval(0.1, 8e6), interval(0.01, 8e6)] });
  expect(readStream(json).octets).toBeCloseTo(110_000, 6);
});

test('no stream is no figure', () => {
  expect(() => readStream('{ "intervals": [] }')).toThrow('saw nothing');
  expect(() => readStream('{ "intervals": [], "error": "the client has terminated" }')).toThrow('has terminated');
});
