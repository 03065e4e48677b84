import { expect, test } from 'vitest';
import { packetFigures, QUICK } from './packet-figures.ts';
import type { Generator, TrialOrder, TrialResult } from './trial.ts';

const ORDER = { source: '192.0.2.1', destination: '192.0.2.2', packetOctets: [64] };
const NAMING = { id: 'compare/engine/udp-64', ceiling: 'compare/plain/udp-64', parameters: { octets: 64 } };

/**
 * Carries `capacity` packets/s, drops what is above or queues it, and takes a nanosecond for each packet/s; it can be sent `offered` at
 * most, and every third time, where it does not know better, only half.
 */
function generatorFor(
  capacity: number,
  { offered = 1e6, queues = false, stalls = false } = {},
): { readonly generator: Generator; readonly rates: number[] } {
  const rates: number[] = [];
  const trial = ({ rate, seconds }: TrialOrder): TrialResult => {
    rates.push(rate);
    const offeredRate = Math.min(rate, offered) * (stalls && rates.length % 3 === 0 ? 0.5 : 1);
    const sent = Math.ceil(offeredRate * seconds);
    const received = queues ? sent : Math.min(sent, Math.floor(capacity * seconds));
    const ns = 1000 + rate;
    const latency = {
      p50: ns,
      p90: ns,
      p99: ns,
      p999: ns,
      minimum: ns,
      maximum: ns,
      steps: [{ ns, packets: received }],
    };
    const nothing = { duplicated: 0, copies: 0, reordered: 0, extentMax: 0, longestLoss: 0, strays: 0 };
    return {
      counts: { sent, received, lost: sent - received, ...nothing },
      offeredRate,
      arrivedOctetsPerSecond: 0,
      burstPackets: 1,
      latency: received === 0 ? null : latency,
      firstArrivalNs: 0,
      longestSilenceNs: 0,
      backlogNs: queues ? Math.max(0, (sent / capacity - seconds) * 1e9) : 0,
      receiverDrops: 0,
    };
  };
  return { generator: { trial: order => Promise.resolve(trial(order)), close: () => Promise.resolve() }, rates };
}

const valuesOf = (figures: Awaited<ReturnType<typeof packetFigures>>) =>
  new Map(figures.map(({ id, sample }) => [id.slice(NAMING.id.length + 1), sample.value]));

test('the rates without loss and with little, each with its ceiling, and latencies at shares of the first', async () => {
  const { generator, rates } = generatorFor(24_000);
  const figures = await packetFigures(generator, ORDER, QUICK, NAMING);
  const values = valuesOf(figures);
  const ndr = values.get('ndr') ?? 0;
  expect(ndr).toBeGreaterThan(24_000 / 1.1);
  expect(ndr).toBeLessThanOrEqual(24_000);
  expect(values.get('pdr')).toBeGreaterThanOrEqual(ndr);
  expect(figures.map(({ ceiling }) => ceiling).slice(0, 2)).toEqual([
    'compare/plain/udp-64/ndr',
    'compare/plain/udp-64/pdr',
  ]);
  expect(rates.slice(-3).map(rate => rate / ndr)).toEqual([0.1, 0.5, 0.9].map(share => expect.closeTo(share, 6)));
  expect(values.get('latency-50-p99.9')).toBeCloseTo(1000 + ndr / 2, 6);
  const median = figures.find(({ id }) => id.endsWith('latency-10-p50'));
  expect(median).toMatchObject({ metric: 'one-way latency p50', parameters: { octets: 64, load: 10 } });
  expect(median?.sample.distribution).toHaveLength(1);
});

test('what the generator bounds is looked for once', async () => {
  const { generator, rates } = generatorFor(1e6, { offered: 80_000 });
  const values = valuesOf(await packetFigures(generator, ORDER, QUICK, NAMING));
  expect(values.get('pdr')).toBe(values.get('ndr'));
  expect(values.get('ndr')).toBeGreaterThan(70_000);
  expect(rates.filter(rate => rate === QUICK.rateMax)).toHaveLength(1);
});

test.each([{ queues: true }, { stalls: true }, { queues: true, stalls: true }])(
  'neither buffers that fill nor a generator that was kept from running deceive: %j',
  async circumstances => {
    const values = valuesOf(await packetFigures(generatorFor(24_000, circumstances).generator, ORDER, QUICK, NAMING));
    expect(values.get('ndr')).toBeGreaterThan(24_000 / 1.15);
    expect(values.get('ndr')).toBeLessThan(24_000 * 1.05); // a backlog of 10 ms is let pass
  },
);

test('a subject that carries nothing has no figures', async () => {
  const { generator } = generatorFor(0);
  expect(await packetFigures(generator, ORDER, QUICK, NAMING)).toEqual([]);
});
