import { existsSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { programFile } from '../../../engine/host/program.ts';
import {
  insideNamespaces,
  namespacesAvailable,
  rerunInNamespaces,
} from '../../../engine/host/testing/private-namespaces.ts';
import { nativeAddon } from '../../../engine/native/addon.ts';
import { NO_LOSS } from '../rate-search.ts';
import { searchRate, startGenerator } from './generator.ts';
import { IMIX } from './sizes.ts';
import { groundOf, HOSTS, ip, makeTwoHosts } from './testing/two-hosts.ts';
import type { Generator, TrialOrder } from './trial.ts';

const built = nativeAddon().kind === 'loaded' && existsSync(programFile('lab/bench/generator/sender-main'));

test.skipIf(insideNamespaces || !built || !namespacesAvailable())(
  'in namespaces of our own (needs npm run build, g++ make python3, and namespaces)',
  async () => expect(await rerunInNamespaces(import.meta.filename)).toBe(''),
);

/** So slow and so short that it is no question of speed. */
const order = (family: 4 | 6, packetOctets: readonly number[]): TrialOrder => ({
  source: HOSTS.a1[family],
  destination: HOSTS.b1[family],
  packetOctets,
  rate: 1000,
  seconds: 0.2,
  warmUpSeconds: 0.05,
});

describe.runIf(insideNamespaces)('the generator, on a wire', () => {
  const ended = new AbortController();
  let generator: Generator;
  beforeAll(async () => {
    makeTwoHosts();
    generator = await startGenerator(groundOf(ended.signal), { sender: 'a1', receiver: 'b1' });
    // Until addresses are resolved.
    while ((await generator.trial(order(6, [64]))).counts.received === 0);
  });
  afterAll(() => ended.abort());

  test.each([
    [4, [64]],
    [6, [64]],
    [4, [1420]],
    [6, IMIX],
  ] as const)(
    'IPv%d packets of %j octets arrive, each once, and are no larger than asked for',
    async (family, sizes) => {
      const { counts, latency, offeredRate, arrivedOctetsPerSecond } = await generator.trial(order(family, sizes));
      expect(counts.sent).toBeGreaterThan(10); // a busy machine may send late
      expect(counts).toMatchObject({
        received: counts.sent,
        lost: 0,
        copies: 0,
        reordered: 0,
        strays: 0,
        longestLoss: 0,
      });
      expect(offeredRate).toBeLessThan(1001);
      const octets = (arrivedOctetsPerSecond / offeredRate) * counts.sent;
      const asked = Array.from({ length: counts.sent }, (_, sequence) => sizes[sequence % sizes.length] ?? 0);
      expect(octets).toBeCloseTo(
        asked.reduce((sum, one) => sum + one),
        3,
      );
      expect(latency?.steps.reduce((sum, step) => sum + step.packets, 0)).toBe(counts.sent);
      expect(latency?.minimum).toBeGreaterThan(0);
    },
  );

  test('what goes to nobody is counted as lost, and the next trial is as good as before', async () => {
    const neighbour = [HOSTS.b1[4], 'dev', 'eth0'];
    ip('-n', 'a1', 'neigh', 'replace', ...neighbour, 'lladdr', '02:00:00:00:00:99', 'nud', 'permanent');
    const { counts, latency, firstArrivalNs } = await generator.trial(order(4, [64]));
    ip('-n', 'a1', 'neigh', 'del', ...neighbour);
    expect(counts).toMatchObject({ received: 0, lost: counts.sent, longestLoss: counts.sent });
    expect([latency, firstArrivalNs]).toEqual([null, null]);
    expect((await generator.trial(order(4, [64]))).counts.lost).toBe(0);
  });

  test('a search ends where it was told to when all arrives', async () => {
    const goal = { lossRatioMax: NO_LOSS, rateMin: 100, rateMax: 400, precision: 0.5, trialsPerRate: 1 };
    const { end, trials } = await searchRate(generator, goal, order(4, [64]));
    expect(end).toMatchObject({ kind: 'found', lossRatio: 0 });
    expect(trials.length).toBeGreaterThan(0);
  });

  test('packets that fit no link are refused', async () => {
    await expect(generator.trial(order(4, [1501]))).rejects.toThrow(/1501 octets are too long/);
    expect((await generator.trial(order(4, [1500]))).counts.lost).toBe(0);
  });

  test('who has ended tells no more', async () => {
    const other = await startGenerator(groundOf(ended.signal), { sender: 'a1', receiver: 'b1' });
    await other.close();
    await expect(other.trial(order(4, [64]))).rejects.toThrow(/receiver has ended/);
  });
});
