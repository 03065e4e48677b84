import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { programFile } from '../../../engine/host/program.ts';
import { insideNamespaces, rerunInNamespaces } from '../../../engine/host/testing/private-namespaces.ts';
import { nativeAddon } from '../../../engine/native/addon.ts';
import { podCommand } from '../../drivers/netns/pod.ts';
import { bringUp } from '../live/bring-up.ts';
import type { BenchGround } from '../live/ground.ts';
import type { MeasuredFigure } from '../record.ts';
import { calibrate } from './calibrate.ts';

const isRoot = process.getuid?.() === 0;
const built = nativeAddon().kind === 'loaded' && existsSync(programFile('engine/host/main'));
const podWorks = spawnSync('env', [...podCommand(isRoot), 'true']).status === 0;

test.skipIf(insideNamespaces || !built || !podWorks)(
  'instruments are measured, live (needs npm run build, g++ make python3, and namespaces)',
  async () => expect(await rerunInNamespaces(import.meta.filename, [], podCommand(isRoot))).toBe(''),
);

const QUICK = { quick: true, legacy: false };

const names = (quick: boolean) => calibrate.plan({ ...QUICK, quick }).subjects.map(({ name }) => name);

test('a full run measures at least what a quick one does', () => {
  expect(names(true)).toEqual(['loopback', 'wire', 'captured-wire', 'plain', 'delay-1ms', 'delay-20ms']);
  expect(names(false)).toEqual(expect.arrayContaining(names(true)));
});

/** One turn, as the runner takes it; the value of each figure by its id. */
async function turnOf(name: string): Promise<ReadonlyMap<string, number>> {
  const subject = calibrate.plan(QUICK).subjects.find(one => one.name === name);
  const grounds: BenchGround[] = [];
  const signal = AbortSignal.timeout(100_000);
  let figures: readonly MeasuredFigure[] = [];
  try {
    figures =
      (await subject?.measure({
        round: 0,
        signal,
        random: { uniform: Math.random },
        say: () => undefined,
        up: async (text, options) => {
          const ground = await bringUp(text, signal, options);
          grounds.push(ground);
          return ground;
        },
      })) ?? [];
  } finally {
    for (const ground of grounds) await ground.down();
  }
  return new Map(figures.map(({ id, sample }) => [id, sample.value]));
}

/** How fast, and whether others on the machine were in the way, is for those to judge who measure. */
describe.runIf(insideNamespaces)('turns', () => {
  test('no packet comes through a link before its delay is over, and most come soon after', async () => {
    const figures = await turnOf('delay-20ms');
    expect(figures.get('calibrate/delay-20ms/latency-p50')).toBeGreaterThan(20e6);
    expect(figures.get('calibrate/delay-20ms/beyond')).toBeGreaterThan(0);
    expect(figures.get('calibrate/delay-20ms/beyond')).toBeLessThan(20e6);
  });

  test('a rate is found on a wire that is captured, and what is lost at it is told', async () => {
    const figures = await turnOf('captured-wire');
    const id = 'calibrate/captured-wire/ipv4-64';
    expect(figures.get(`${id}/ndr`)).toBeGreaterThan(100);
    expect(figures.get(`${id}/lost-at-ndr`)).toBeGreaterThanOrEqual(0); // a capture on a busy machine loses some
    expect(figures.get(`${id}/latency-10-p50`)).toBeGreaterThan(0);
  });
});
