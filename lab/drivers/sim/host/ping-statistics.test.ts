import { describe, expect, test } from 'vitest';
import { PingStatistics, roundTripText } from './ping-statistics.ts';

const MS = 1e6;

describe('what ping counts', () => {
  test('is summed up in the lines of iputils', () => {
    const statistics = new PingStatistics();
    for (const [at, answeredAt] of [
      [0, 80 * MS],
      [1000 * MS, 1100 * MS],
      [2000 * MS, null],
    ] as const) {
      const sequence = statistics.sending(at);
      if (answeredAt !== null) statistics.answered(sequence, answeredAt);
    }
    expect(statistics.summary('10.0.1.2')).toEqual([
      '',
      '--- 10.0.1.2 ping statistics ---',
      '3 packets transmitted, 2 received, 33.3333% packet loss, time 2000ms',
      'rtt min/avg/max/mdev = 80.000/90.000/100.000/10.000 ms',
    ]);
  });

  test('tells duplicates, errors, and how many were under way at once', () => {
    const statistics = new PingStatistics();
    for (let count = 0; count < 3; count++) statistics.sending(count * MS);
    expect(statistics.answered(1, 5 * MS)).toEqual({ sequence: 1, roundTripNs: 5 * MS, isDuplicate: false });
    expect(statistics.answered(1, 6 * MS)).toEqual({ sequence: 1, roundTripNs: 6 * MS, isDuplicate: true });
    statistics.failed();
    const [, , counts, times] = statistics.summary('x');
    expect(counts).toBe('3 packets transmitted, 1 received, +1 duplicates, +1 errors, 66.6667% packet loss, time 2ms');
    expect(times).toMatch(/ ms, pipe 3$/);
  });

  test('has nothing to say of round trips without any', () => {
    const statistics = new PingStatistics();
    statistics.sending(0);
    expect(statistics.summary('x').at(-1)).toBe('');
    expect(statistics.answered(2, 1)).toBeNull();
    expect(statistics.answered(0, 1)).toBeNull();
  });

  test('goes on when the 16 bits of sequence numbers come round, in bounded memory', () => {
    const statistics = new PingStatistics();
    for (let count = 1; count <= 70_000; count++) {
      const sequence = statistics.sending(count);
      expect(statistics.answered(sequence & 0xffff, count + 5)?.roundTripNs).toBe(5);
    }
    expect(statistics.answered((70_000 - 5000) & 0xffff, 80_000)).toBeNull();
    expect(statistics.received).toBe(70_000);
  });
});

test('round trips are printed with three digits or so', () => {
  const cases: [number, string][] = [
    [0, '0.000'],
    [999, '0.000'],
    [35_999, '0.035'],
    [999_999, '0.999'],
    [1_234_567, '1.23'],
    [1_235_000, '1.24'],
    [9_994_000, '9.99'],
    [9_996_000, '10.0'],
    [40_050_000, '40.1'],
    [99_949_000, '99.9'],
    [99_950_000, '100'],
    [1_500_500_000, '1501'],
  ];
  for (const [ns, text] of cases) expect([ns, roundTripText(ns)]).toEqual([ns, text]);
});
