import { expect, test } from 'vitest';
import type { BenchRecord, FigureRecord } from '../../reports/bench-format.ts';
import { createSeededRandom } from '../drivers/sim/seeded-random.ts';
import { gate } from './gate.ts';
import { comparableValues } from './reference.ts';
import { EMPTY } from './testing/bench-record.ts';

const SUBJECTS = ['plain', 'engine', 'strongswan', 'wireguard-go'];
const ROUNDS = Array.from({ length: 10 }, (_, round) => round);

/** Throughput of each, in rounds that vary by ± 10 % and in which all have the same luck; some slower by a share. */
function run(seed: string, slower: Readonly<Record<string, number>> = {}): BenchRecord {
  const random = createSeededRandom(seed);
  const luck = ROUNDS.map(() => 0.9 + 0.2 * random.uniform());
  const figures = SUBJECTS.map(subject => ({
    id: `compare/${subject}/tcp`,
    subject,
    metric: 'TCP throughput',
    unit: 'bit/s',
    better: 'more' as const,
    parameters: {},
    ceiling: null,
    samples: ROUNDS.map(round => ({
      round,
      value: 1e9 * (1 - (slower[subject] ?? 0)) * (luck[round] ?? 1) * (0.98 + 0.04 * random.uniform()),
      readings: [],
      warmUpReadings: 0,
    })),
  }));
  return { ...EMPTY, figures };
}

const of = ({ figures }: BenchRecord, subject: string): FigureRecord => {
  const found = figures.find(figure => figure.subject === subject);
  if (found === undefined) throw new Error(`no figure of ${subject}`);
  return found;
};
const SETTINGS = { confidence: 0.95, changeMin: 0.05 };
const judged = (base: BenchRecord, now: BenchRecord) => gate(base, now, SETTINGS);

/** All of them. */
const slowMachine = (share: number, more: Readonly<Record<string, number>> = {}) => ({
  ...Object.fromEntries(SUBJECTS.map(subject => [subject, share])),
  ...more,
});

test('a machine that is slower for all says nothing of the engine', () => {
  for (let trial = 0; trial < 5; trial++) {
    const { reasons, figures } = judged(run(`a ${trial}`), run(`b ${trial}`, slowMachine(0.08, { plain: 0 })));
    expect(reasons).toEqual([]);
    expect(figures.map(({ id }) => id)).toEqual(['compare/engine/tcp']);
  }
});

test('a tenth less of the engine is found on a machine that is faster by as much, beside whom it was measured', () => {
  for (let trial = 0; trial < 5; trial++) {
    const { reasons } = judged(run(`a ${trial}`, slowMachine(0.1)), run(`b ${trial}`, { engine: 0.1 }));
    expect(reasons).toEqual([
      expect.stringMatching(
        /^compare\/engine\/tcp is slower: -(?:[89]|1[012])\.\d % bit\/s .*, beside 2 others in the same rounds$/,
      ),
    ]);
  }
});

/** Thousands of 64-octet packets a second, in two runs of unchanged code an hour apart. */
const MEASURED: Readonly<Record<string, readonly [readonly number[], readonly number[]]>> = {
  plain: [
    [191, 176, 172, 190, 186],
    [181, 179, 192, 177, 175],
  ],
  engine: [
    [106, 66, 107, 100, 79],
    [65, 63, 144, 90, 64],
  ],
  strongswan: [
    [62, 50, 55, 46, 46],
    [64, 61, 51, 49, 64],
  ],
  'openvpn-static': [
    [51, 47, 66, 72, 55],
    [69, 64, 68, 70, 60],
  ],
  'openvpn-tls': [
    [68, 50, 56, 48, 60],
    [79, 74, 70, 75, 71],
  ],
  'wireguard-go': [
    [69, 64, 51, 52, 61],
    [63, 59, 69, 75, 66],
  ],
};

/** One of the two, with these subjects' figures alone. */
function measured(which: 0 | 1, subjects: readonly string[]): BenchRecord {
  const [pattern] = run('a').figures;
  if (pattern === undefined) throw new Error('no figure');
  const figures = subjects.map(subject => ({
    ...pattern,
    id: `compare/${subject}/udp-64/pdr`,
    subject,
    samples: (MEASURED[subject]?.[which] ?? []).map((value, round) => ({
      round,
      value: value * 1000,
      readings: [],
      warmUpReadings: 0,
    })),
  }));
  return { ...EMPTY, figures };
}

test('few rounds of others that went up by themselves stop nobody; the kernel alone is judged only where it tries the instruments', () => {
  const [base, now] = [measured(0, Object.keys(MEASURED)), measured(1, Object.keys(MEASURED))];
  expect(judged(base, now)).toMatchObject({
    reasons: [],
    figures: [{ id: 'compare/engine/udp-64/pdr', comparison: { verdict: 'noSignificantDifference' } }],
  });
  const ofKernel = [measured(0, ['plain']), measured(1, ['plain'])] as const;
  expect(judged(...ofKernel).reasons).toEqual(['no figure could be compared']);
  const [before, after] = ofKernel.map(record => ({ ...record, profile: 'calibrate' })) as [BenchRecord, BenchRecord];
  expect(judged(before, after)).toMatchObject({ passed: true, figures: [{ comparison: { kind: 'compared' } }] });
});

test('others are no reason, whatever becomes of them', () => {
  const base = run('a');
  expect(judged(base, run('b', { strongswan: 0.5, 'wireguard-go': 0.5, engine: 0.5, plain: 0 })).reasons).toEqual([]);
  const without = { ...base, figures: base.figures.filter(({ subject }) => subject !== 'strongswan') };
  expect(judged(base, without)).toMatchObject({
    passed: true,
    notes: ['compare/strongswan/tcp was not measured now'],
  });
});

test('values are shares where two others were measured in both runs, in rounds that have all of them', () => {
  const [before, after] = [run('a'), run('b')];
  const figure = { before: of(before, 'engine'), after: of(after, 'engine') };
  const held = comparableValues(figure, { before, after });
  expect(held.others).toBe(2);
  expect(held.before).toHaveLength(10);
  for (const value of held.before) expect(value).toBeCloseTo(1, 1);
  const few = {
    ...after,
    figures: after.figures.map(one =>
      one.subject === 'strongswan' ? { ...one, samples: one.samples.filter(({ round }) => round !== 3) } : one,
    ),
  };
  expect(comparableValues(figure, { before, after: few }).after).toHaveLength(9);
  const alone = { ...after, figures: after.figures.filter(({ subject }) => subject !== 'strongswan') };
  const plainly = comparableValues(figure, { before, after: alone });
  expect(plainly.others).toBe(0);
  expect(plainly.before).toEqual(figure.before.samples.map(({ value }) => value));
});
