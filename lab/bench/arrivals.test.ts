import { expect, test } from 'vitest';
import { LinkDirection } from '../drivers/link/link-direction.ts';
import { createSeededRandom } from '../drivers/sim/seeded-random.ts';
import { UNIMPAIRED } from '../topology/impairment.ts';
import { type ArrivalCounts, Arrivals } from './arrivals.ts';
import { createProbe, readProbe, stampProbe } from './probe.ts';

function counted(sent: number, order: readonly number[]): ArrivalCounts {
  const arrivals = new Arrivals(sent);
  for (const sequence of order) arrivals.arrive(sequence);
  return arrivals.counts(sent);
}

test('the example with a single packet reordered of RFC 4737 §7.1: its extent is 4', () => {
  const order = [1, 2, 3, 5, 6, 7, 8, 4, 9, 10].map(number => number - 1);
  expect(counted(10, order)).toEqual({
    sent: 10,
    received: 10,
    lost: 0,
    duplicated: 0,
    copies: 0,
    reordered: 1,
    extentMax: 4,
    longestLoss: 0,
    strays: 0,
  });
});

test('loss alone is no reordering, and the first copy alone is looked at for order', () => {
  expect(counted(10, [0, 1, 5, 6, 9])).toMatchObject({ received: 5, lost: 5, reordered: 0, longestLoss: 3 });
  expect(counted(4, [0, 1, 0, 2, 0, 1, 3])).toMatchObject({ received: 4, duplicated: 2, copies: 3, reordered: 0 });
  expect(counted(5, [])).toMatchObject({ received: 0, lost: 5, longestLoss: 5 });
});

test('numbers that were never sent are strays', () => {
  const arrivals = new Arrivals(8);
  expect([-1, 8, 2 ** 31, Number.NaN].map(sequence => arrivals.arrive(sequence))).toEqual(
    Array.from({ length: 4 }, () => 'stray'),
  );
  expect([arrivals.arrive(7), arrivals.arrive(0), arrivals.arrive(0)]).toEqual(['first', 'first', 'copy']);
  expect(arrivals.counts(4)).toMatchObject({ sent: 4, received: 1, lost: 3, strays: 5 });
  expect(() => arrivals.counts(9)).toThrow('9 packets sent where 8 can be counted');
});

/** RFC 4737 as it is written: each packet against all before it. */
function byDefinition(order: readonly number[]): { readonly reordered: number; readonly extentMax: number } {
  const firsts = [...new Set(order)];
  const extents = firsts.flatMap((sequence, i) => {
    const overtaker = firsts.findIndex((other, j) => j < i && other > sequence);
    return overtaker === -1 ? [] : [i - overtaker];
  });
  return { reordered: extents.length, extentMax: Math.max(0, ...extents) };
}

test('random orders, losses and copies: the same as by the definitions', () => {
  const random = createSeededRandom('orders');
  for (let trial = 0; trial < 200; trial++) {
    const sent = 1 + (random.u32() % 120);
    const order = Array.from({ length: sent }, (_, sequence) => sequence)
      .flatMap(sequence => (random.uniform() < 0.1 ? [] : random.uniform() < 0.1 ? [sequence, sequence] : [sequence]))
      .map(sequence => ({ sequence, at: sequence + 10 * random.uniform() ** 4 }))
      .toSorted((a, b) => a.at - b.at)
      .map(({ sequence }) => sequence);
    const counts = counted(sent, order);
    expect(counts).toMatchObject(byDefinition(order));
    expect(counts.received).toBe(new Set(order).size);
    expect(counts.copies).toBe(order.length - counts.received);
    expect(counts.lost + counts.received).toBe(sent);
  }
});

test('a link that loses, repeats and reorders has lost, repeated and reordered what its own counters say', () => {
  const impairment = { ...UNIMPAIRED, delayNs: 50_000, loss: 0.02, duplicate: 0.03, reorder: 0.01 };
  const link = new LinkDirection(impairment, createSeededRandom('link'), null);
  const [sent, payload] = [20_000, createProbe(64, 7)];
  const deliveries = Array.from({ length: sent }, (_, sequence) => {
    stampProbe(payload, sequence, sequence * 10_000);
    return link.push(payload.slice(), sequence * 10_000);
  }).flat();
  const arrivals = new Arrivals(sent);
  for (const { octets } of deliveries.toSorted((a, b) => a.at - b.at)) {
    const probe = readProbe(octets);
    expect(probe?.trial).toBe(7);
    arrivals.arrive(probe?.sequence ?? Number.NaN);
  }
  const [counts, truth] = [arrivals.counts(sent), link.counters()];
  expect(counts).toMatchObject({ lost: truth.lost, duplicated: truth.duplicated, copies: truth.duplicated, strays: 0 });
  // A packet that is held back by less than the distance to the next is passed by nobody.
  expect(counts.reordered).toBeGreaterThan(0.9 * truth.reordered);
  expect(counts.reordered).toBeLessThanOrEqual(truth.reordered);
});
