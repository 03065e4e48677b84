import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type RingPlan, ringTopology } from './ring-topology.ts';

/** A ring of sites (ring-topology.ts) in network namespaces, by the command that its users have. */
export interface NetnsRing {
  /** Wall time of `lab up --no-checks`, of `lab check`, and of `lab down`. */
  readonly upMs: number;
  readonly checksMs: number;
  readonly downMs: number;
  /** Processor time of all its processes until it was up and checked: what a busy machine does not change much. */
  readonly processorMs: number;
  /** Of all its processes when it is up and checked; what they share in shares. */
  readonly memoryOctets: number;
}

/** `lab` is the file of the command. Throws with its words when the lab does not come up, or a check fails. */
export function measureNetnsRing(plan: RingPlan, lab: string): NetnsRing {
  const folder = mkdtempSync(join(tmpdir(), 'ipsec-lab-ring-'));
  const name = `bench-ring-${process.pid}`;
  try {
    const file = join(folder, 'ring.yaml');
    writeFileSync(file, ringTopology(plan));
    const up = timedLab(lab, ['up', file, '--driver', 'netns', '--name', name, '--no-checks', '--json']);
    const { runId } = JSON.parse(up.stdout) as { readonly runId: string };
    const checks = timedLab(lab, ['check', '--lab', name]);
    const processes = processesOf(runId);
    const processorMs = sum(processes.map(processorMsOf)) + up.processorMs + checks.processorMs;
    const memoryOctets = sum(processes.map(memoryOctetsOf));
    const down = timedLab(lab, ['down', name]);
    return { upMs: up.ms, checksMs: checks.ms, downMs: down.ms, processorMs, memoryOctets };
  } finally {
    spawnSync(process.execPath, [lab, 'down', name], { stdio: 'ignore' });
    rmSync(folder, { recursive: true, force: true });
  }
}

function timedLab(lab: string, args: readonly string[]): { ms: number; processorMs: number; stdout: string } {
  const [began, before] = [performance.now(), childrenMs()];
  const { status, stdout, stderr } = spawnSync(process.execPath, [lab, ...args], {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  if (status !== 0) throw new Error(`lab ${args.join(' ')} ended with ${String(status)}: ${stderr}`);
  return { ms: performance.now() - began, processorMs: childrenMs() - before, stdout };
}

/** The processes that carry the run's id in their environment: the supervisor and all that it has started and still runs. */
function processesOf(runId: string): string[] {
  return readdirSync('/proc').filter(pid => {
    if (!/^\d+$/.test(pid)) return false;
    return (read(`/proc/${pid}/environ`) ?? '').split('\0').includes(`IPSEC_LAB_RUN=${runId}`);
  });
}

/** Of a clock that all Linux machines of today have. */
const MS_PER_TICK = 10;

/** Its own, and that of its children that have ended: proc(5), fields 14 to 17 of stat. */
function processorMsOf(pid: string): number {
  const fields = (read(`/proc/${pid}/stat`) ?? '').replace(/^.*\) /s, '').split(' ');
  return sum(fields.slice(11, 15).map(Number)) * MS_PER_TICK;
}

/** Of our own children that have ended, and theirs. */
function childrenMs(): number {
  const fields = readFileSync('/proc/self/stat', 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ');
  return sum(fields.slice(13, 15).map(Number)) * MS_PER_TICK;
}

function memoryOctetsOf(pid: string): number {
  const [, kilooctets = '0'] = /^Pss:\s+(\d+) kB/m.exec(read(`/proc/${pid}/smaps_rollup`) ?? '') ?? [];
  return Number(kilooctets) * 1024;
}

/** null: it has ended in the meantime, or is none of ours. */
function read(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return null;
  }
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);
