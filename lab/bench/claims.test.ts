import { expect, test } from 'vitest';
import type { BenchRecord, FigureRecord } from '../../reports/bench-format.ts';
import type { Claim } from '../../reports/performance/study.ts';
import { createSeededRandom } from '../drivers/sim/seeded-random.ts';
import { judgeClaims } from './claims.ts';
import { studyOf } from './study.ts';
import { EMPTY } from './testing/bench-record.ts';
import { sampleCiphers } from './testing/sample-bench.ts';

const judged = (...records: readonly BenchRecord[]): readonly Claim[] =>
  judgeClaims(
    records.map(record => studyOf(record.profile, record, createSeededRandom)),
    createSeededRandom,
  );

/** A run of ciphers, each with the rate that `rateOf` says, within a hundredth. */
function ciphers(rateOf: (cipher: string, way: string) => number): BenchRecord {
  const random = createSeededRandom('claims');
  const tokens = [
    'aes128-sha1',
    'blowfish-sha1',
    'des-sha1',
    '3des-sha1',
    'aes128-md5',
    'aes128-sha256',
    'aes128-sha512',
  ];
  const ways = [
    { inner: 4, outer: 4 },
    { inner: 6, outer: 4 },
  ];
  const figures = ways.flatMap(way =>
    tokens.map((cipher): FigureRecord => {
      const subject = `${cipher}-${way.inner}${way.outer}`;
      const rate = rateOf(cipher, `${way.inner}${way.outer}`);
      return {
        id: `ciphers/${subject}/tcp`,
        subject,
        metric: 'TCP throughput',
        unit: 'bit/s',
        better: 'more',
        parameters: { cipher, mode: 'tunnel', ...way },
        ceiling: null,
        samples: Array.from({ length: 10 }, (_, round) => ({
          round,
          value: rate * (0.995 + 0.01 * random.uniform()),
          readings: [],
          warmUpReadings: 0,
        })),
      };
    }),
  );
  return { ...EMPTY, profile: 'ciphers', figures };
}

/** Fewer figures, which is quicker. */
const only = (record: BenchRecord): BenchRecord => ({
  ...record,
  figures: record.figures.filter(({ id }) => /\/(?:tcp|pdr-64)$/.test(id)),
});

const verdicts = (...records: readonly BenchRecord[]): string[] => judged(...records).map(({ verdict }) => verdict);

test('a machine on which all of it is true bears the claims out', () => {
  const slow: Readonly<Record<string, number>> = { 'des-sha1': 2, '3des-sha1': 1.5 };
  const record = ciphers((cipher, way) => (slow[cipher] ?? 1) * (way === '44' ? 0.8 : 1) * 1e8);
  expect(verdicts(record)).toEqual(['holds', 'holds', 'holds', 'holds']);
});

test('a machine on which the opposite is true does not', () => {
  const rates: Readonly<Record<string, number>> = {
    'des-sha1': 0.5,
    '3des-sha1': 0.2,
    'aes128-md5': 2,
    'aes128-sha256': 0.8,
    'aes128-sha512': 0.6,
  };
  expect(verdicts(ciphers(cipher => (rates[cipher] ?? 1) * 1e8))).toEqual(Array(4).fill('does not hold'));
});

test('costs are of pairs that differ in nothing else, in the metric that was watched, others besides', () => {
  const [families, ofCiphers] = judged(only(sampleCiphers()));
  expect(
    families?.evidence.filter(({ role }) => role === 'decides').map(({ what, pairs }) => `${what}: ${pairs}`),
  ).toEqual(['IPv4 in IPv4 against IPv6 in IPv4: 15', 'IPv4 in IPv4 against IPv6 in IPv6: 15']);
  expect(ofCiphers?.evidence).toContainEqual(
    expect.objectContaining({ what: 'AES-CBC against 3DES', metric: 'PDR', pairs: 12, role: 'aside', agrees: false }),
  );
  expect(ofCiphers?.because).toBe('of 4 comparisons by TCP throughput 1 bears it out and 3 do not');
});

test('algorithms alone, which know of no family, are a control for it, and decide where nothing else was measured of ciphers', () => {
  const alone = ciphers((cipher, way) => (way === '44' || cipher.includes('des') ? 0.8 : 1) * 1e8);
  const figures = alone.figures.map(figure => ({ ...figure, metric: 'cipher alone, seal' }));
  const [families, ofCiphers] = judged({ ...alone, figures });
  expect(families).toMatchObject({ verdict: 'not measured', evidence: [{ role: 'control' }] });
  expect(ofCiphers?.evidence.map(({ role }) => role)).toEqual(Array(4).fill('decides'));
});

test('figures of AH decide about AH where there are any', () => {
  const record = ciphers(cipher => (cipher === 'aes128-md5' ? 2 : 1) * 1e8);
  const ofAh = ciphers(() => 1e8).figures.map((figure): FigureRecord => {
    const [, ah = ''] = String(figure.parameters['cipher']).split('-');
    return { ...figure, id: `${figure.id}-ah`, parameters: { ...figure.parameters, cipher: 'null', ah } };
  });
  expect(verdicts(record)[2]).toBe('holds in part');
  const unique = [
    ...new Map(ofAh.map(figure => [`${figure.parameters['ah']} ${figure.parameters['inner']}`, figure])).values(),
  ];
  expect(verdicts({ ...record, figures: [...record.figures, ...unique] })[2]).toBe('holds');
});

test('what a tunnel costs without ESP is told besides, and no forwarding without a tunnel is in any family', () => {
  const record = ciphers(() => 1e8);
  const [like] = record.figures;
  if (like === undefined) throw new Error('no figure');
  const row = (subject: string, family: number, share: number): FigureRecord => ({
    ...like,
    id: `ciphers/${subject}/tcp`,
    subject,
    parameters: { cipher: 'none', mode: 'tunnel', inner: family, outer: family },
    samples: like.samples.map(sample => ({ ...sample, value: sample.value * share })),
  });
  const alone = [row('clear-4', 4, 5), row('clear-6', 6, 5), row('ipip-4in4', 4, 2), row('ipip-6in6', 6, 2)];
  const [families] = judged({ ...record, figures: [...record.figures, ...alone] });
  expect(families?.verdict).toBe('does not hold');
  expect(families?.evidence).toContainEqual(
    expect.objectContaining({ what: 'IPv4 in IPv4 without ESP against no tunnel', agrees: true, role: 'aside' }),
  );
  expect(families?.evidence).toContainEqual(
    expect.objectContaining({ what: 'IPv4 in IPv4 against IPv6 in IPv6', pairs: 1, agrees: false }),
  );
});

test('what was not measured is said, and what the intervals leave open', () => {
  expect(verdicts(EMPTY)).toEqual(Array(4).fill('not measured'));
  const record = ciphers(() => 1e8);
  const noisy = record.figures.map(figure => ({
    ...figure,
    samples: figure.samples.map(sample => ({
      ...sample,
      value:
        1e8 * (sample.round % 2 === 0 ? 1 : 1.6) * (figure.parameters['inner'] === 6 && sample.round < 5 ? 1.2 : 1),
    })),
  }));
  expect(verdicts({ ...record, figures: noisy })[0]).toBe('undecided');
  const two = record.figures.map(figure => ({ ...figure, samples: figure.samples.slice(0, 2) }));
  expect(verdicts({ ...record, figures: two })).toEqual(Array(4).fill('not measured'));
});
