import { expect, test } from 'vitest';
import { createProbe, stampProbe } from '../probe.ts';
import { Reception } from './reception.ts';
import { headerOctets, IMIX, packetOctetsMin } from './sizes.ts';

const TRIAL = 7;

function probe(sequence: number, sentAt: number, octets = 36, trial = TRIAL): Uint8Array {
  const payload = createProbe(octets, trial);
  stampProbe(payload, sequence, sentAt);
  return payload;
}

test('counts packets, octets with their headers, latencies and gaps of first copies', () => {
  const reception = new Reception(TRIAL, 10, headerOctets(4));
  for (const [sequence, at] of [
    [0, 1500],
    [2, 3500],
    [1, 3600],
    [1, 9999],
    [4, 5500],
  ] as const)
    reception.take(probe(sequence, sequence * 1000), at);
  expect(reception.received).toBe(4);
  expect(reception.result(5, 0)).toMatchObject({
    counts: { sent: 5, received: 4, lost: 1, duplicated: 1, reordered: 1, longestLoss: 1 },
    octets: 4 * 64,
    latency: { minimum: 1500, maximum: 2600 },
    firstAt: 1500,
    longestGapNs: 2000,
    backlogNs: 0,
  });
});

test('what the last arrivals took longer than the fastest had queued up; an accident at the end had not', () => {
  const [queued, late] = [0, 1].map(() => new Reception(TRIAL, 100, headerOctets(4)));
  for (let sequence = 0; sequence < 100; sequence++) {
    queued?.take(probe(sequence, sequence * 1000), sequence * 1500 + 100);
    late?.take(probe(sequence, sequence * 1000), sequence * 1000 + (sequence === 99 ? 5000 : 100));
  }
  expect(queued?.result(100, 0)).toMatchObject({ counts: { lost: 0 }, backlogNs: 95 * 500 });
  expect(late?.result(100, 0).backlogNs).toBe(0);
});

test('neither packets of another trial nor of strangers are counted', () => {
  const reception = new Reception(TRIAL, 10, headerOctets(4));
  reception.take(probe(0, 0, 36, TRIAL - 1), 100);
  reception.take(new Uint8Array(36), 100);
  expect(reception.result(1, 0)).toMatchObject({ counts: { received: 0, lost: 1 }, latency: null, firstAt: null });
});

test('clocks that disagree have measured no latency', () => {
  const reception = new Reception(TRIAL, 10, headerOctets(6));
  reception.take(probe(0, 1000), 999);
  expect(reception.result(1, 0)).toMatchObject({ counts: { received: 1 }, latency: null });
});

test('the smallest packet of each family has room for a probe', () => {
  expect([packetOctetsMin(4), packetOctetsMin(6)]).toEqual([44, 64]);
  expect(IMIX.reduce((sum, octets) => sum + octets) / IMIX.length).toBeCloseTo(347.7, 1);
});
