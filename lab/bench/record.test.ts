import { expect, test } from 'vitest';
import { createSeededRandom } from '../drivers/sim/seeded-random.ts';
import { interleave, type Turn } from './order.ts';
import { type MeasuredFigure, turnsLeft, valuesOf, whyNotResumable, withTurn } from './record.ts';
import { readBenchRecord } from './read-record.ts';
import { EMPTY, recordOf } from './testing/bench-record.ts';

const LOAD = { processorSeconds: 3, others: 0, stolen: 0 };
const order = interleave(['engine', 'plain'], EMPTY.rounds, createSeededRandom(EMPTY.seed));

/** What a turn measured, which here follows from the turn alone. */
function measured({ round, subject }: Turn): readonly MeasuredFigure[] {
  const figure = { metric: 'throughput', unit: 'bit/s', better: 'more', parameters: { octets: 64 } } as const;
  const ceiling = subject === 'plain' ? null : 'plain/tcp';
  const sample = { value: 100 + round, readings: [1, 100 + round], warmUpReadings: 1 };
  return [{ ...figure, id: `${subject}/tcp`, ceiling, sample }];
}

test('a run that is stopped after any turn, written and read, ends as the one that was not', () => {
  const whole = order.reduce((record, turn) => withTurn(record, { ...turn, load: LOAD }, measured(turn)), EMPTY);
  expect(turnsLeft(order, whole)).toEqual([]);
  for (let stop = 0; stop <= order.length; stop++) {
    const stopped = order
      .slice(0, stop)
      .reduce((record, turn) => withTurn(record, { ...turn, load: LOAD }, measured(turn)), EMPTY);
    const read = readBenchRecord(JSON.stringify(stopped));
    if (read.kind !== 'record') throw new Error(read.reason);
    expect(whyNotResumable(read.record, EMPTY)).toEqual([]);
    const resumed = turnsLeft(order, read.record).reduce(
      (record, turn) => withTurn(record, { ...turn, load: LOAD }, measured(turn)),
      read.record,
    );
    expect(resumed).toEqual(whole);
  }
});

test('values come in the order of rounds', () => {
  const [figure] = recordOf({ a: [5, 6, 7] }).figures;
  if (figure === undefined) throw new Error('no figure');
  expect(valuesOf({ ...figure, samples: figure.samples.toReversed() })).toEqual([5, 6, 7]);
});

test('a turn that is told twice or of another subject is our own mistake', () => {
  const turn = { round: 0, subject: 'engine', load: LOAD };
  const once = withTurn(EMPTY, turn, measured(turn));
  expect(() => withTurn(once, turn, [])).toThrow('engine was measured in round 0 already');
  expect(() => withTurn(once, { ...turn, subject: 'plain' }, measured(turn))).toThrow('engine/tcp is of engine');
});

test('nothing is put together that was measured differently', () => {
  const other = {
    ...EMPTY,
    seed: '8',
    environment: { ...EMPTY.environment, commit: 'ffff', kernel: '6.2.0', offloads: [] },
  };
  expect(whyNotResumable(EMPTY, other)).toEqual([
    'the seed was "7" and is "8"',
    'the commit was "1f2e3d4c" and is "ffff"',
    'the kernel was "6.1.0" and is "6.2.0"',
    'the set of offloads was "tx-udp-segmentation" and is ""',
  ]);
});

const reasonOf = (text: string): string => {
  const read = readBenchRecord(text);
  return read.kind === 'unreadable' ? read.reason : 'readable';
};

test('a file that is not one says where', () => {
  const record = recordOf({ a: [1, 2], b: [3] });
  const [a, b] = record.figures;
  expect(reasonOf(JSON.stringify(record))).toBe('readable');
  expect(reasonOf('{')).toBe('it is no JSON');
  expect(reasonOf('[]')).toBe('it is not an object');
  expect(reasonOf('{"format":2}')).toBe('it has format 2, and this version reads format 1');
  expect(reasonOf(JSON.stringify({ ...record, figures: [a, { ...b, better: 'big' }] }))).toBe(
    '.figures[1].better is not more or less',
  );
  expect(reasonOf(JSON.stringify(record).replace('"value":2', '"value":null'))).toBe(
    '.figures[0].samples[1].value is not a number',
  );
  expect(reasonOf(JSON.stringify({ ...record, figures: [a, a] }))).toBe('a figure is there twice');
  expect(reasonOf(JSON.stringify({ ...record, turns: record.turns.slice(1) }))).toBe(
    'a has a sample of round 0, in which engine was not measured',
  );
});

test('no field can be missing or of another kind, whichever it is', () => {
  const record = recordOf({ a: [1, 2] });
  let fields = 0;
  const visit = (value: unknown, replaced: (by: unknown) => unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    for (const [key, inner] of Object.entries(value)) {
      const withField = (by: unknown): unknown =>
        replaced(Array.isArray(value) ? value.with(Number(key), by) : { ...value, [key]: by });
      for (const wrong of [undefined, [[]], { x: {} }]) {
        expect(reasonOf(JSON.stringify(withField(wrong))), `${key} as ${JSON.stringify(wrong)}`).not.toBe('readable');
      }
      fields++;
      if (key !== 'parameters') visit(inner, withField); // whose names are free
    }
  };
  visit(record, by => by);
  expect(fields).toBeGreaterThan(60);
});

test('what only some runs know may be missing, and is read where it is there', () => {
  const record = recordOf({ a: [1] });
  const [figure] = record.figures;
  const told = (extra: object, distribution: unknown): string =>
    reasonOf(
      JSON.stringify({
        ...record,
        ...extra,
        figures: [{ ...figure, samples: figure?.samples.map(sample => ({ ...sample, distribution })) }],
      }),
    );
  const subjects = [{ name: 'engine', title: 'this engine', obstacle: null }];
  expect(told({ subjects }, [{ ns: 7, packets: 2 }])).toBe('readable');
  expect(told({}, [{ ns: 7, packets: -2 }])).toBe('.figures[0].samples[0].distribution[0].packets is not a count');
  expect(told({ subjects: [{ name: 'engine', title: 'this engine' }] }, undefined)).toBe(
    '.subjects[0].obstacle is not a text',
  );
});
