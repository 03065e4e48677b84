import { expect, test } from 'vitest';
import { createSeededRandom } from '../drivers/sim/seeded-random.ts';
import {
  advanceRateSearch,
  NO_LOSS,
  PARTIAL_LOSS,
  type RateGoal,
  type RateSearch,
  startRateSearch,
  type Trial,
  trialsMax,
} from './rate-search.ts';

const GOAL: RateGoal = {
  lossRatioMax: NO_LOSS,
  rateMin: 1000,
  rateMax: 1_000_000,
  precision: 0.01,
  trialsPerRate: 1,
};

/** A subject that carries `capacity` packets/s and drops what is above, sent to by a generator that manages `generator`. */
const carries =
  (capacity: number, generator = Number.POSITIVE_INFINITY) =>
  (rate: number): Trial => {
    const offeredRate = Math.min(rate, generator);
    const sentPackets = Math.ceil(offeredRate * 10);
    return { sentPackets, receivedPackets: Math.min(sentPackets, Math.ceil(capacity * 10)), offeredRate };
  };

function search(
  goal: RateGoal,
  subject: (rate: number) => Trial,
): { readonly end: RateSearch; readonly rates: number[] } {
  const rates: number[] = [];
  let counted = 0;
  let state = startRateSearch(goal);
  while (state.kind === 'trying') {
    rates.push(state.rate);
    const trial = subject(state.rate);
    state = advanceRateSearch(goal, state, trial);
    if (trial.hindered !== true) counted++;
    expect(counted).toBeLessThanOrEqual(trialsMax(goal));
  }
  return { end: state, rates };
}

const found = (end: RateSearch): number => (end.kind === 'found' ? end.rate : Number.NaN);

test('for 300 subjects the rate without loss, and the one at half a percent, within what was asked', () => {
  const random = createSeededRandom('capacities');
  for (let trial = 0; trial < 300; trial++) {
    const capacity = 1100 * 800 ** random.uniform();
    const ndr = found(search(GOAL, carries(capacity)).end);
    expect(ndr).toBeLessThanOrEqual(capacity + 0.1);
    expect(ndr).toBeGreaterThan(capacity / 1.0101);
    const pdr = found(search({ ...GOAL, lossRatioMax: PARTIAL_LOSS }, carries(capacity)).end);
    expect(pdr).toBeLessThanOrEqual((capacity + 0.1) / (1 - PARTIAL_LOSS));
    expect(pdr).toBeGreaterThan(capacity / (1 - PARTIAL_LOSS) / 1.0101);
  }
});

test('it begins at the highest rate, and goes on with what came through', () => {
  const { end, rates } = search(GOAL, carries(24_000));
  expect(rates.slice(0, 2).map(Math.round)).toEqual([1_000_000, 24_000]);
  expect(end).toMatchObject({ kind: 'found', lossRatio: 0, limit: 'subject' });
});

test('a guess is tried first and saves trials where it is good, and is only where a search begins where it is not', () => {
  const random = createSeededRandom('guesses');
  const goal = { ...GOAL, precision: 0.2 };
  let trials = 0;
  for (let trial = 0; trial < 300; trial++) {
    const capacity = 1300 * 600 ** random.uniform();
    const good = search({ ...goal, guess: capacity * (0.75 + 0.5 * random.uniform()) }, carries(capacity));
    expect(good.rates.length).toBeLessThanOrEqual(6);
    trials += good.rates.length;
    const bad = search({ ...goal, guess: 1000 ** (1 + random.uniform()) }, carries(capacity));
    for (const { end } of [good, bad]) {
      expect(found(end)).toBeLessThanOrEqual(capacity + 0.1);
      expect(found(end)).toBeGreaterThan(capacity / 1.2);
    }
  }
  expect(trials / 300).toBeLessThan(3.5);
  const { end, rates } = search({ ...goal, guess: 1000 }, carries(2_000_000));
  expect(end).toMatchObject({ kind: 'found', rate: GOAL.rateMax, limit: 'rateMax' });
  expect(rates[0]).toBe(1000);
});

test('what carries all that is asked for is bounded by the question', () => {
  expect(search(GOAL, carries(2_000_000))).toEqual({
    end: { kind: 'found', rate: 1_000_000, lossRatio: 0, limit: 'rateMax' },
    rates: [1_000_000],
  });
});

test('what loses at any rate says how much at the lowest', () => {
  const { end, rates } = search(GOAL, rate => ({ sentPackets: 1000, receivedPackets: 900, offeredRate: rate }));
  expect(end).toEqual({ kind: 'notEvenRateMin', lossRatio: 0.1 });
  expect(rates.at(-1)).toBe(1000);
});

test('a generator that cannot do more is not taken for the subject', () => {
  const random = createSeededRandom('generators');
  for (let trial = 0; trial < 100; trial++) {
    const generator = 2000 * 400 ** random.uniform();
    const { end } = search(GOAL, carries(2_000_000, generator));
    expect(end).toMatchObject({ kind: 'found', limit: 'generator' });
    expect(found(end)).toBeLessThanOrEqual(generator * 1.0102);
    expect(found(end)).toBeGreaterThan(generator / 1.03);
  }
  expect(search(GOAL, carries(50_000, 60_000)).end).toMatchObject({ limit: 'subject' });
});

test('a generator that does not reach the lowest rate is told as what it did', () => {
  const { end, rates } = search(GOAL, carries(2_000_000, 500));
  expect(end).toEqual({ kind: 'found', rate: 500, lossRatio: 0, limit: 'generator' });
  expect(Math.min(...rates)).toBeGreaterThanOrEqual(GOAL.rateMin);
});

test('whatever comes of its trials, a search ends in time and asks for no rate beyond its bounds', () => {
  const random = createSeededRandom('whatever');
  for (let trial = 0; trial < 2000; trial++) {
    const guess = trial % 3 === 0 ? GOAL.rateMax : GOAL.rateMin * 1000 ** random.uniform();
    const goal = { ...GOAL, ...(guess === GOAL.rateMax ? {} : { guess }), trialsPerRate: trial % 2 === 0 ? 1 : 3 };
    const { rates } = search(goal, rate => ({
      sentPackets: 100,
      receivedPackets: random.uniform() < 0.5 ? 100 : Math.floor(100 * random.uniform()),
      offeredRate: rate * (random.uniform() < 0.5 ? 1 : random.uniform() + 1e-6),
    }));
    expect(Math.min(...rates)).toBeGreaterThanOrEqual(goal.rateMin);
    expect(rates[0]).toBe(guess);
    expect(Math.max(...rates)).toBeLessThanOrEqual(goal.rateMax);
  }
});

test('of three trials two decide: one accident leads nowhere', () => {
  const random = createSeededRandom('accidents');
  const capacity = 30_000;
  const goal = { ...GOAL, trialsPerRate: 3 };
  let lastAccident = -2;
  let calls = 0;
  const { end } = search(goal, rate => {
    const trial = carries(capacity)(rate);
    calls++;
    if (calls - lastAccident < 3 || random.uniform() > 0.3) return trial;
    lastAccident = calls;
    return { ...trial, receivedPackets: trial.receivedPackets - 7 };
  });
  expect(lastAccident).toBeGreaterThan(0);
  expect(found(end)).toBeGreaterThan(capacity / 1.0101);
});

test('more received than sent is no loss; a trial without packets, or too many, is our own mistake', () => {
  const state = startRateSearch(GOAL);
  const more = advanceRateSearch(GOAL, state, { sentPackets: 10, receivedPackets: 11, offeredRate: 1_000_000 });
  expect(more).toMatchObject({ kind: 'found', lossRatio: 0 });
  const empty = { sentPackets: 0, receivedPackets: 0, offeredRate: 1 };
  expect(() => advanceRateSearch(GOAL, state, empty)).toThrow('nothing was sent');
  expect(() => advanceRateSearch(GOAL, more, empty)).toThrow('after the search ended: found');
  expect(() => startRateSearch({ ...GOAL, trialsPerRate: 2 })).toThrow('without sense');
  expect(() => startRateSearch({ ...GOAL, guess: 2 * GOAL.rateMax })).toThrow('without sense');
});

test('a generator that is hindered now and then is not what ends a search', () => {
  const random = createSeededRandom('hindered');
  const ends: number[] = [];
  for (let trial = 0; trial < 100; trial++) {
    const { end } = search(GOAL, rate => {
      const hindered = rate < GOAL.rateMax && random.uniform() < 0.3;
      return { ...carries(24_000, hindered ? rate * random.uniform() : Number.POSITIVE_INFINITY)(rate), hindered };
    });
    ends.push(found(end));
  }
  expect(Math.max(...ends)).toBeLessThanOrEqual(24_000.1);
  expect(Math.min(...ends)).toBeGreaterThan(24_000 / 1.02);
});
