import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import type { ProcessTime } from './ground.ts';

/** One process, as /proc/PID/stat has it (proc(5)), seconds. */
interface ProcessStat {
  readonly program: string;
  readonly userSeconds: number;
  readonly systemSeconds: number;
  /** Of children that have ended and that it has waited for, with theirs. */
  readonly childrenSeconds: number;
}

/** USER_HZ, on every architecture that Node runs on. */
const TICKS_PER_SECOND = 100;

/** Reads the text of /proc/PID/stat; null for another text. A program's name may have anything in it, parentheses and spaces too. */
export function readProcessStat(text: string): ProcessStat | null {
  const [, program, rest] = /^\d+ \((.*)\) (.+)$/s.exec(text) ?? [];
  if (program === undefined || rest === undefined) return null;
  // Fields 14 to 17 of the line, of which `rest` begins with the third.
  const [user = 0, system = 0, childrenUser = 0, childrenSystem = 0] = rest
    .split(' ')
    .slice(11, 15)
    .map(ticks => Number(ticks) / TICKS_PER_SECOND);
  return { program, userSeconds: user, systemSeconds: system, childrenSeconds: childrenUser + childrenSystem };
}

/**
 * Processor time of all processes of the pod that this process is in, of those that have ended too, seconds: whoever ends adds to its
 * parent. Only differences mean anything.
 */
export function podSeconds(): number {
  let seconds = 0;
  for (const pid of processes()) {
    const stat = statOf(pid);
    if (stat !== null) seconds += stat.userSeconds + stat.systemSeconds + stat.childrenSeconds;
  }
  return seconds;
}

/** Of the processes in these namespaces, by node and program. `namespaces`: files of network namespaces, each with the node whose it is. */
export function processTimesIn(namespaces: ReadonlyMap<string, string>): readonly ProcessTime[] {
  const nodes = new Map([...namespaces].map(([file, node]) => [inodeOf(file), node]));
  const times = new Map<string, ProcessTime>();
  for (const pid of processes()) {
    const node = nodes.get(networkOf(pid));
    const stat = node === undefined ? null : statOf(pid);
    if (node === undefined || stat === null) continue;
    const { program, userSeconds, systemSeconds } = stat;
    const key = `${node} ${program}`;
    const before = times.get(key) ?? { userSeconds: 0, systemSeconds: 0 };
    times.set(key, {
      node,
      program,
      userSeconds: before.userSeconds + userSeconds,
      systemSeconds: before.systemSeconds + systemSeconds,
    });
  }
  return [...times.values()];
}

/** What was used between two readings, by those that were there at both. */
export function timesBetween(before: readonly ProcessTime[], after: readonly ProcessTime[]): readonly ProcessTime[] {
  return after.flatMap(now => {
    const then = before.find(({ node, program }) => node === now.node && program === now.program);
    if (then === undefined) return [];
    return [
      {
        ...now,
        userSeconds: Math.max(0, now.userSeconds - then.userSeconds),
        systemSeconds: Math.max(0, now.systemSeconds - then.systemSeconds),
      },
    ];
  });
}

const processes = (): readonly string[] => readdirSync('/proc').filter(name => /^\d+$/.test(name));

/** null: it has ended meanwhile. */
function statOf(pid: string): ProcessStat | null {
  try {
    return readProcessStat(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return null;
  }
}

const inodeOf = (file: string): string => `net:[${statSync(file, { throwIfNoEntry: false })?.ino ?? ''}]`;

function networkOf(pid: string): string {
  try {
    return readlinkSync(`/proc/${pid}/ns/net`);
  } catch {
    return '';
  }
}
