import type { LoadRecord } from '../../reports/bench-format.ts';

/** What all processors together have done since the machine started, seconds. */
export interface CpuTimes {
  readonly busySeconds: number;
  readonly idleSeconds: number;
  /** In which a hypervisor ran somebody else. */
  readonly stolenSeconds: number;
}

/** USER_HZ: the kernel tells its users so many ticks a second on every architecture that Node runs on, whatever its own clock does. */
const TICKS_PER_SECOND = 100;

/** Reads the text of /proc/stat (proc(5)); null where it does not begin as it should. */
export function readCpuTimes(stat: string): CpuTimes | null {
  const line = /^cpu +(\d[\d ]*)$/m.exec(stat)?.[1];
  if (line === undefined) return null;
  const [user = 0, nice = 0, system = 0, idle = 0, iowait = 0, irq = 0, softirq = 0, steal = 0] = line
    .split(' ')
    .map(ticks => Number(ticks) / TICKS_PER_SECOND);
  return {
    busySeconds: user + nice + system + irq + softirq, // guests are in `user` already
    idleSeconds: idle + iowait,
    stolenSeconds: steal,
  };
}

/**
 * What happened between two readings. `ownSeconds`: the processor time that the run's own processes used meanwhile, and that the kernel
 * used for them. Ticks are coarse, and one counter may be read before another: what comes out below nothing is nothing.
 */
export function loadBetween(before: CpuTimes, after: CpuTimes, ownSeconds: number): LoadRecord {
  const busy = after.busySeconds - before.busySeconds;
  const stolen = Math.max(0, after.stolenSeconds - before.stolenSeconds);
  const all = busy + stolen + after.idleSeconds - before.idleSeconds;
  const share = (seconds: number): number => (all > 0 ? Math.min(1, Math.max(0, seconds) / all) : 0);
  return { processorSeconds: all > 0 ? all : 0, others: share(busy - ownSeconds), stolen: share(stolen) };
}

/** The line `some` of /proc/pressure/cpu: time in which somebody waited for a processor, microseconds since the start; null without. */
export function readCpuPressureUs(text: string): number | null {
  const total = /^some .*\btotal=(\d+)$/m.exec(text)?.[1];
  return total === undefined ? null : Number(total);
}

/** The first of /proc/loadavg: tasks that ran or were to run, over a minute; null for another text. */
export function readLoadAverage(text: string): number | null {
  const first = /^(\d+\.\d+) \d+\.\d+ \d+\.\d+ \d+\/\d+ \d+/.exec(text)?.[1];
  return first === undefined ? null : Number(first);
}
