import { expect, test } from 'vitest';
import type { BenchRecord, FigureRecord } from '../../reports/bench-format.ts';
import { createSeededRandom } from '../drivers/sim/seeded-random.ts';
import { judgeFigures } from './figure-verdict.ts';
import { EMPTY } from './testing/bench-record.ts';

const QUIET = { processorSeconds: 2, others: 0.01, stolen: 0 };
const ROUNDS = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];

const figure = (subject: string, value: (round: number) => number, ceiling: string | null = null): FigureRecord => ({
  id: `compare/${subject}/tcp`,
  subject,
  metric: 'TCP throughput',
  unit: 'bit/s',
  better: 'more',
  parameters: {},
  ceiling,
  samples: ROUNDS.map(round => ({ round, value: value(round), readings: [], warmUpReadings: 0 })),
});

const record = (figures: readonly FigureRecord[], others = 0.01): BenchRecord => ({
  ...EMPTY,
  turns: figures.flatMap(({ subject }) => ROUNDS.map(round => ({ round, subject, load: { ...QUIET, others } }))),
  figures,
});

const judge = (of: BenchRecord) => judgeFigures(of, 'engine', createSeededRandom);

/** A machine that grows slower by the round, and shakes a little. */
const drift = (round: number): number => (1 - 0.03 * round) * (1 + 0.004 * ((round * 7) % 5));

test('shares and differences are of the same round: a drift of the machine is in neither', () => {
  const verdicts = judge(
    record([
      figure('plain', round => 8e9 * drift(round)),
      figure('engine', round => 2e9 * drift(round), 'compare/plain/tcp'),
      figure('strongswan', round => 1e9 * drift(round), 'compare/plain/tcp'),
    ]),
  );
  const [plain, engine, strongswan] = verdicts;
  expect(plain?.share).toBeNull();
  expect(engine?.comparison).toBeNull();
  expect(engine?.share?.median).toBeCloseTo(0.25, 9);
  expect(strongswan?.comparison).toMatchObject({ verdict: 'slower', change: expect.closeTo(-0.5, 9) });
});

test('a disturbed machine widens intervals, and no interval goes below nothing', () => {
  const figures = [figure('engine', round => 1e9 * drift(round))];
  const [quiet, busy] = [judge(record(figures)), judge(record(figures, 0.99))].map(([verdict]) => verdict?.interval);
  expect(quiet?.low).toBeGreaterThan(0);
  expect(busy?.low).toBeGreaterThanOrEqual(0);
  expect(busy?.low).toBeLessThan(quiet?.low ?? 0);
  expect(busy?.high).toBeGreaterThan(quiet?.high ?? Number.POSITIVE_INFINITY);
});

test('rounds that one of them lacks are left out', () => {
  const all = figure('plain', () => 8e9);
  const some = figure('engine', () => 2e9, 'compare/plain/tcp');
  const verdicts = judge(record([all, { ...some, samples: some.samples.slice(3) }]));
  expect(verdicts[1]?.share?.median).toBeCloseTo(0.25, 9);
  expect(verdicts[0]?.comparison).toMatchObject({ kind: 'compared', verdict: 'faster' });
});
