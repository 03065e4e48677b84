import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { BenchRecord } from '../../reports/bench-format.ts';
import { readBenchRecord } from '../bench/read-record.ts';
import { childrenOf, isAlive, type ProcessIdentity, waitForEnd } from '../state/process.ts';
import { whyNotLive } from './machine/live-capabilities.ts';
import { finished, isBuilt, LabProgram } from './testing/lab-process.ts';

const obstacle = whyNotLive();
const hasIperf = spawnSync('iperf3', ['--version']).status === 0;
const isAble = isBuilt && obstacle === null && hasIperf;
const needs =
  obstacle === null
    ? 'dist: npm run build; apt-get install iperf3'
    : `${obstacle.name}: ${obstacle.fix ?? obstacle.detail}`;

async function until(isIt: () => boolean): Promise<void> {
  while (!isIt()) await new Promise(resolve => setTimeout(resolve, 20));
}

function descendants(pid: number): ProcessIdentity[] {
  const children = childrenOf(pid);
  return [...children, ...children.flatMap(child => descendants(child.pid))];
}

describe.skipIf(!isAble)(`lab bench (needs ${needs})`, () => {
  let lab: LabProgram;
  let folder = '';
  beforeEach(() => {
    lab = new LabProgram();
    folder = mkdtempSync(join(tmpdir(), 'ipsec-lab-bench-'));
  });
  afterEach(async () => {
    await lab.dispose();
    rmSync(folder, { recursive: true, force: true });
  });

  const plainOnly = (...more: string[]): string[] =>
    ['bench', 'compare', '--quick', '--subjects', 'plain', '--rounds', '2', '--out', folder].concat(more);

  /** Throws for one that a reader would refuse. */
  function record(): BenchRecord {
    const read = readBenchRecord(readFileSync(join(folder, 'bench.json'), 'utf8'));
    if (read.kind === 'unreadable') throw new Error(read.reason);
    return read.record;
  }

  const turnsDone = (): number => {
    try {
      return record().turns.length;
    } catch {
      return 0; // not begun
    }
  };

  test('Ctrl-C keeps what was measured and leaves no process, and --resume measures the rest', async () => {
    const stopped = lab.start(plainOnly());
    const result = finished(stopped);
    await until(() => turnsDone() === 1 || stopped.exitCode !== null);
    const processes = descendants(stopped.pid ?? 0);
    expect(processes.length).toBeGreaterThan(1);
    stopped.kill('SIGINT');
    expect((await result).status).toBe(130);
    await Promise.all(processes.map(each => waitForEnd(each, 10_000)));
    expect(processes.filter(isAlive)).toEqual([]);
    const before = record();
    expect(before.turns).toMatchObject([{ round: 0, subject: 'plain' }]);

    const resumed = await lab.run(plainOnly('--resume', '--json'));
    expect(resumed.status).toBe(0);
    const after = record();
    expect(JSON.parse(resumed.stdout)).toEqual(after);
    expect(after.turns).toMatchObject([...before.turns, { round: 1, subject: 'plain' }]);
    expect(after.startedAt).toBe(before.startedAt);
    const throughput = after.figures.find(({ id }) => id === 'compare/plain/tcp');
    expect(throughput).toMatchObject({ metric: 'TCP throughput', unit: 'bit/s', better: 'more', ceiling: null });
    expect(throughput?.samples.map(({ round }) => round)).toEqual([0, 1]);
    expect(throughput?.samples.every(({ value, readings }) => value > 0 && readings.length > 0)).toBe(true);
    // What left a1 had no more on the WAN than it had on the LAN.
    expect(after.figures.find(({ id }) => id === 'compare/plain/64/overhead')?.samples).toMatchObject([{ value: 0 }]);
  });

  test('whoever kills it leaves nothing of it', async () => {
    const killed = lab.start(plainOnly());
    const result = finished(killed);
    await until(() => descendants(killed.pid ?? 0).length > 1 || killed.exitCode !== null);
    const processes = descendants(killed.pid ?? 0);
    killed.kill('SIGKILL');
    await result;
    await Promise.all(processes.map(each => waitForEnd(each, 10_000)));
    expect(processes.filter(isAlive)).toEqual([]);
  });

  test('what cannot be measured is said before anything is', async () => {
    const subject = await lab.run(['bench', 'compare', '--subjects', 'plian', '--out', folder]);
    expect(subject).toMatchObject({ status: 2 });
    expect(subject.stderr).toMatch(/there is no subject "plian".*\n {2}fix: did you mean "plain"\?/);
    const profile = await lab.run(['bench', 'compar']);
    expect(profile).toMatchObject({ status: 2 });
    expect(profile.stderr).toMatch(/there is no profile "compar"\n {2}fix: did you mean "compare"\?/);
    const nothing = await lab.run(['bench', 'compare', '--resume', '--out', folder]);
    expect(nothing).toMatchObject({ status: 2 });
    expect(nothing.stderr).toMatch(/there is no run to resume/);
  });
});
