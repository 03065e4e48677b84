import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { dockerAvailable, NEEDS_DOCKER } from '../drivers/docker/testing/available.ts';
import { processesOfRun } from '../state/process.ts';
import { readLabFolder } from '../state/record.ts';
import { topologiesDirectory } from '../topology/shipped.ts';
import { whyNotLive } from './machine/live-capabilities.ts';
import type { SeenStatus } from './seen-status.ts';
import { isBuilt, LabProgram } from './testing/lab-process.ts';

const obstacle = whyNotLive();
const DRIVERS = [
  { driver: 'netns', isAble: isBuilt && obstacle === null, needs: 'dist and lab doctor' },
  { driver: 'docker', isAble: isBuilt && obstacle === null && (await dockerAvailable()), needs: NEEDS_DOCKER },
] as const;

let lab: LabProgram;
beforeEach(() => {
  lab = new LabProgram();
});
afterEach(() => lab.dispose());

/** The offices, with gateways that are started again. */
function withRestart(): string {
  const text = readFileSync(join(topologiesDirectory(), 'site-to-site.yaml'), 'utf8');
  const file = join(lab.state, 'restarts.yaml');
  writeFileSync(file, text.replaceAll('kind: gateway', 'kind: gateway\n    restart: always'));
  return file;
}

const status = async (): Promise<SeenStatus> =>
  JSON.parse((await lab.run(['status', 'site-to-site', '--json'])).stdout) as SeenStatus;

const isEngine = (pid: number): boolean => /\bengine\/host\/main/.test(readFileSync(`/proc/${pid}/cmdline`, 'latin1'));

/** By their command lines, in the order in which they were started. */
function enginesOf(name: string): number[] {
  const run = readLabFolder(join(lab.state, name)).record?.runId ?? '';
  return processesOfRun(run)
    .map(({ pid }) => pid)
    .filter(isEngine);
}

async function until(isSo: (found: SeenStatus) => boolean): Promise<SeenStatus> {
  for (let looks = 0; ; looks++) {
    const found = await status();
    if (isSo(found) || looks > 300) return found;
    await delay(100);
  }
}

const happened = ({ events }: SeenStatus, kind: string): number => events.filter(event => event.kind === kind).length;

describe.each(DRIVERS)('a gateway that dies in a $driver lab', ({ driver, isAble, needs }) => {
  test.skipIf(!isAble)(
    `is noticed, told of and started again, and negotiates anew (needs ${needs})`,
    { timeout: 120_000 },
    async () => {
      expect((await lab.run(['up', withRestart(), '--driver', driver, '--no-checks'])).status).toBe(0);
      const before = enginesOf('site-to-site');
      expect(before).toHaveLength(2);
      const pids = (await status()).nodes.flatMap(({ pid }) => (pid === null ? [] : [pid]));
      expect(new Set(pids)).toEqual(new Set(before));
      process.kill(before[0] ?? 0, 'SIGKILL');
      const back = await until(found => happened(found, 'restarted') > 0);
      expect(back.nodes.map(({ condition }) => condition)).not.toContain('down');
      expect([happened(back, 'died'), happened(back, 'restarting')]).toEqual([1, 1]);
      expect(enginesOf('site-to-site').filter(pid => before.includes(pid))).toHaveLength(1);
      await until(({ nodes }) =>
        nodes.every(({ engine, ike }) => !engine || ike?.sas.some(sa => sa.state === 'established')),
      );
      const { stdout } = await lab.run(['check', '--json']);
      expect(JSON.parse(stdout)).toMatchObject({ ok: true });
    },
  );

  test.skipIf(!isAble)(
    `stays down where the topology does not say so (needs ${needs})`,
    { timeout: 120_000 },
    async () => {
      expect((await lab.run(['up', 'site-to-site', '--driver', driver, '--no-checks'])).status).toBe(0);
      process.kill(enginesOf('site-to-site')[0] ?? 0, 'SIGKILL');
      const dead = await until(found => happened(found, 'died') > 0);
      expect(dead.nodes.filter(({ condition }) => condition === 'down')).toHaveLength(1);
      expect(happened(dead, 'restarting')).toBe(0);
      const { stdout } = await lab.run(['status']);
      expect(stdout).toMatch(/gateway \(down\)/);
      expect(stdout).toMatch(/^died +(alice|bob)/m);
    },
  );
});
