import { expect, test } from 'vitest';
import type { BenchRecord } from '../../reports/bench-format.ts';
import { createSeededRandom } from '../drivers/sim/seeded-random.ts';
import { implementationOf, labelsOf, studyOf } from './study.ts';
import { recordOf } from './testing/bench-record.ts';
import { sampleCompare, USUAL_SAMPLE } from './testing/sample-bench.ts';

const small = (record: BenchRecord): BenchRecord => ({
  ...record,
  figures: record.figures.filter(({ id }) => /\/(?:tcp|pdr-64|cpu-alice|latency-50-p99)$/.test(id)),
});
const record = small(sampleCompare());
const study = studyOf('compare', record, createSeededRandom);

test('every figure has its median, its quartiles and an interval around the median, and a share of its ceiling', () => {
  expect(study.figures).toHaveLength(record.figures.length);
  for (const { figure, minimum, lowerQuartile, median, upperQuartile, maximum, interval, share } of study.figures) {
    const ascending = [minimum, lowerQuartile, median, upperQuartile, maximum];
    expect(ascending.toSorted((a, b) => a - b)).toEqual(ascending);
    expect(interval?.low).toBeLessThanOrEqual(median);
    expect(interval?.high).toBeGreaterThanOrEqual(median);
    expect(share === null, figure.id).toBe(figure.ceiling === null);
  }
  const plain = study.figures.find(({ figure }) => figure.id === 'compare/ipip/tcp');
  expect(plain?.share?.middle).toBeCloseTo(6.9 / 8.1, 1);
});

test('the engine is held against the like figure of each other, whatever their ciphers are called', () => {
  const others = new Set(study.versus.map(({ other }) => other.subject));
  expect([...others]).toEqual(['strongswan', 'openvpn-static', 'openvpn-tls', 'wireguard-go', 'ipip', 'plain']);
  for (const { figure, other } of study.versus) {
    expect(figure.subject).toBe('engine');
    expect([figure.metric, figure.parameters['octets'], figure.parameters['node'], figure.parameters['load']]).toEqual([
      other.metric,
      other.parameters['octets'],
      other.parameters['node'],
      other.parameters['load'],
    ]);
  }
  const against = (id: string) => study.versus.find(({ other }) => other.id === id);
  expect(against('compare/strongswan/tcp')).toMatchObject({ effect: 'better' });
  expect(against('compare/plain/tcp')).toMatchObject({ effect: 'worse' });
  expect(against('compare/strongswan/cpu-alice')?.ratio.middle).toBeCloseTo(24 / 36, 1);
  expect(against('compare/strongswan/cpu-alice')?.effect).toBe('better');
});

test('two that are the same differ in nothing', () => {
  const twin: BenchRecord = {
    ...record,
    figures: record.figures
      .filter(({ subject }) => subject === 'engine')
      .flatMap(figure => [figure, { ...figure, id: `${figure.id} again`, subject: 'strongswan' }]),
  };
  expect(new Set(studyOf('twin', twin, createSeededRandom).versus.map(({ effect }) => effect))).toEqual(
    new Set(['none']),
  );
});

test('the same record comes to the same, and few samples to no interval', () => {
  expect(studyOf('compare', small(sampleCompare()), createSeededRandom)).toEqual(study);
  const few = studyOf('few', small(sampleCompare({ ...USUAL_SAMPLE, rounds: 3 })), createSeededRandom);
  expect(few.figures.every(({ interval, share }) => interval === null && share === null)).toBe(true);
  expect(few.versus).toEqual([]);
  expect(studyOf('none', recordOf({ none: [] }), createSeededRandom).figures).toEqual([]);
});

test('a disturbed machine widens intervals, and says so', () => {
  const busy = { processorSeconds: 6, others: 0.4, stolen: 0 };
  const turns = record.turns.map(turn => ({ ...turn, load: busy }));
  const disturbed = studyOf('compare', { ...record, turns }, createSeededRandom);
  expect(disturbed.disturbances).toEqual(['others used 40 % of the machine during the run']);
  const [before, after] = [study, disturbed].map(({ figures: [first] }) => first?.interval);
  expect(after?.low).toBeLessThan(before?.low ?? 0);
});

test('implementations are known by the longest name that a subject begins with, and runs by their profile', () => {
  expect(['engine', 'openvpn-tls', 'strongswan-x25519-psk', 'aes256-sha256-tunnel-44'].map(implementationOf)).toEqual([
    'engine',
    'openvpn-tls',
    'strongswan',
    null,
  ]);
  expect(labelsOf([record, { ...record, profile: 'setup' }, record])).toEqual(['compare', 'setup', 'compare no. 2']);
});
