import { spawnSync } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { isAlive, processesOfRun, waitForEnd } from '../state/process.ts';
import { readLabFolder } from '../state/record.ts';
import { whyNotLive } from './machine/live-capabilities.ts';
import { finished, isBuilt, LabProgram } from './testing/lab-process.ts';

let lab: LabProgram;
beforeEach(() => {
  lab = new LabProgram();
});
afterEach(() => lab.dispose());

/** A few each time; `.ci/run` asks for more. */
const KILLS = Number(process.env['IPSEC_LAB_KILLS'] ?? 4);
/** A little longer than a lab needs to come up and be checked. */
const LATEST_MS = 1_500;

const ip = (...args: string[]): string[] =>
  spawnSync('ip', args, { encoding: 'utf8' })
    .stdout.split('\n')
    .map(line => line.replace(/^\d+: /, '').replace(/ .*/, ''));

/** What a live lab could leave on the machine itself. */
function machine(): string[] {
  const mounts = readFileSync('/proc/mounts', 'utf8')
    .split('\n')
    .filter(line => line.startsWith('ipsec-lab '));
  return [...ip('-o', 'link'), ...ip('netns'), ...mounts].sort();
}

describe.skipIf(!isBuilt || whyNotLive() !== null)('kill -9 at random moments (needs dist and lab doctor)', () => {
  test.each(Array.from({ length: KILLS }, (_, index) => index + 1))('number %i leaves nothing behind', async () => {
    const before = machine();
    const coming = lab.start(['up', 'site-to-site', '--driver', 'netns']);
    const result = finished(coming);
    await delay(randomInt(LATEST_MS));
    const runId = readLabFolder(join(lab.state, 'site-to-site')).record?.runId ?? null;
    const victims = [coming.pid ?? 0, ...(runId === null ? [] : processesOfRun(runId).map(({ pid }) => pid))];
    const victim = victims[randomInt(victims.length)] ?? 0;
    try {
      process.kill(victim, 'SIGKILL');
    } catch {
      // It ended just now by itself: then nobody is killed this time.
    }
    // With a gateway killed, its checks take more than a minute to fail; `lab down` cuts that short.
    await Promise.race([result, delay(LATEST_MS)]);
    expect((await lab.run(['down', '--all'])).status).toBe(0);
    await result;
    expect(readdirSync(lab.state)).toEqual([]);
    const left = runId === null ? [] : processesOfRun(runId);
    await Promise.all(left.map(identity => waitForEnd(identity, 10_000)));
    expect(left.filter(isAlive)).toEqual([]);
    expect(machine()).toEqual(before);
  });
});
