import { expect, test } from 'vitest';
import type { BenchRecord } from '../../reports/bench-format.ts';
import { createSeededRandom } from '../drivers/sim/seeded-random.ts';
import { gate } from './gate.ts';
import { recordOf } from './testing/bench-record.ts';

const SETTINGS = { confidence: 0.95, changeMin: 0.05 };
const judged = (base: BenchRecord, now: BenchRecord) => gate(base, now, SETTINGS);

/** As many samples as rounds each of `count` figures that vary by ± 3 %, some slower by a share. */
function run(seed: string, count: number, slower: Readonly<Record<string, number>> = {}, rounds = 10): BenchRecord {
  const random = createSeededRandom(seed);
  const values = Array.from({ length: count }, (_, i) => {
    const middle = (i + 1) * 1e6 * (1 - (slower[`f${i}`] ?? 0));
    return [`f${i}`, Array.from({ length: rounds }, () => middle * (0.97 + 0.06 * random.uniform()))] as const;
  });
  return recordOf(Object.fromEntries(values));
}

test('two runs of the same: no significant difference, however many figures', () => {
  for (let trial = 0; trial < 5; trial++) {
    const { passed, reasons, notes, figures } = judged(run(`a ${trial}`, 40), run(`b ${trial}`, 40));
    expect({ passed, reasons, notes }).toEqual({ passed: true, reasons: [], notes: [] });
    expect(figures.map(({ comparison }) => comparison)).toEqual(
      Array.from({ length: 40 }, () => expect.objectContaining({ verdict: 'noSignificantDifference' })),
    );
  }
});

test('a tenth less in one of forty is found, and that one alone', () => {
  for (let trial = 0; trial < 5; trial++) {
    const { passed, reasons } = judged(run(`a ${trial}`, 40), run(`b ${trial}`, 40, { f17: 0.1 }));
    expect(passed).toBe(false);
    expect(reasons).toEqual([
      expect.stringMatching(/^f17 is slower: -(?:9|10|11)\.\d % bit\/s \(-1\d\.\d % to -\d\.\d %\)$/),
    ]);
  }
});

test('so few rounds that no doubt can be shared do not pass, which is said once', () => {
  const reason = 'f0, and 39 more: 5 and 5 samples are too few to be as sure as asked for; 6 of each are enough';
  expect(judged(run('a', 40, {}, 5), run('b', 40, {}, 5))).toMatchObject({ passed: false, reasons: [reason] });
  // Of few figures they are not.
  expect(judged(run('a', 8, {}, 5), run('b', 8, {}, 5)).passed).toBe(true);
  expect(judged(run('a', 8, {}, 5), run('b', 8, { f2: 0.1 }, 5)).reasons).toEqual([
    expect.stringMatching(/^f2 is slower/),
  ]);
});

test('what is said of a figure does not hang on the order of the others', () => {
  const [base, now] = [run('a', 4), run('b', 4)];
  const turned = { ...base, figures: base.figures.toReversed() };
  expect(judged(turned, now).figures.toReversed()).toEqual(judged(base, now).figures);
});

test('faster is worth a note; so is what may explain it, or was disturbed', () => {
  const base = run('a', 2, { f0: 0.1 });
  const now = { ...run('b', 2), environment: { ...base.environment, kernel: '6.2.0' } };
  const busy = { processorSeconds: 9, others: 0.7, stolen: 0 };
  expect(judged(base, now)).toMatchObject({
    passed: true,
    notes: [expect.stringMatching(/^f0 is faster: \+1\d\.\d % bit\/s/), 'the kernel was "6.1.0" and is "6.2.0"'],
  });
  const slower = run('c', 2, { f1: 0.055 });
  expect(judged(run('a', 2), slower).passed).toBe(false);
  const disturbed = { ...slower, turns: slower.turns.map(turn => ({ ...turn, load: busy })) };
  expect(judged(run('a', 2), disturbed)).toMatchObject({
    passed: true,
    notes: ['now: others used 70 % of the machine during the run'],
  });
});

test('what says nothing does not pass', () => {
  const base = run('a', 1);
  const { environment } = base;
  const elsewhere = { ...environment, processor: { ...environment.processor, model: 'Another' } };
  expect(judged(base, { ...base, environment: elsewhere }).reasons).toEqual([
    'the base was measured on another machine: the processor was "Some Processor" and is "Another"',
  ]);
  expect(judged(base, { ...base, world: 'simulated' }).reasons).toEqual(['the base is live and this is simulated']);
  const otherUnit = { ...base, figures: base.figures.map(figure => ({ ...figure, unit: 'octet/s' })) };
  expect(judged(base, otherUnit).reasons).toEqual(['f0 is not told in the unit of the base']);
  expect(judged(recordOf({ f0: [1, 2] }), base)).toMatchObject({
    passed: false,
    reasons: ['no figure could be compared'],
    notes: ['f0: 2 samples in the base, and fewer than 5 say nothing'],
  });
});

test('what was measured once and is no more does not pass; what never said anything is a note', () => {
  const base = recordOf({ rate: [5, 6, 7, 8, 9], other: [5, 6, 7, 8, 9], lost: [0, 0, 0, 0, 0], rare: [4] });
  expect(judged(base, recordOf({ rate: [5, 6, 7, 8, 9], lost: [0, 0, 0, 0, 0] }))).toMatchObject({
    reasons: ['other was not measured now'],
    notes: ['lost: a sample of the base is 0, and no share can be told of it', 'rare was not measured now'],
  });
  expect(judged(base, recordOf({ rate: [5, 6], other: [0, 0, 0, 0, 0] })).reasons).toEqual([
    'other is slower: -100.0 % bit/s (-100.0 % to -100.0 %)',
    'rate: 2 samples, and fewer than 5 say nothing',
  ]);
});
