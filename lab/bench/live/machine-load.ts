import { readFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import type { LoadRecord } from '../../../reports/bench-format.ts';
import { type CpuTimes, loadBetween, readCpuTimes } from '../load.ts';
import { podSeconds } from './process-times.ts';

/** What the machine does from now until `end`, which may be called once; what this pod does counts as the run's own. */
export function watchLoad(): { end(): LoadRecord } {
  const [before, own] = [cpuTimes(), podSeconds()];
  return { end: () => loadBetween(before, cpuTimes(), podSeconds() - own) };
}

/** What it does for so long while we do nothing. */
export async function loadWhileIdle(seconds: number, signal: AbortSignal): Promise<LoadRecord> {
  const load = watchLoad();
  await wait(seconds * 1000, undefined, { signal });
  return load.end();
}

function cpuTimes(): CpuTimes {
  const times = readCpuTimes(readFileSync('/proc/stat', 'utf8'));
  if (times === null) throw new Error('/proc/stat does not begin with the times of all processors');
  return times;
}
