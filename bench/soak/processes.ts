import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { basename } from 'node:path';

/**
 * What runs on this machine, read from /proc by this file alone: a soak run must not ask the code that it judges. A process
 * is ours by a mark in its environment, which whatever the lab starts inherits, and never by its name.
 */
export const MARK_VARIABLE = 'IPSEC_LAB_SOAK';
const RUN_VARIABLE = 'IPSEC_LAB_RUN';

export interface SeenProcess {
  readonly pid: number;
  /** Clock ticks since boot: with the pid, one process for ever. */
  readonly startTicks: string;
  /** For the table only: nothing is found by it. */
  readonly role: string;
  /** `net:[4026532000]` and so on. */
  readonly namespaces: readonly string[];
}

/** Alive, and with `IPSEC_LAB_SOAK=<mark>` or a longer mark that begins like it. */
export function markedProcesses(mark: string): SeenProcess[] {
  return processesWith(`\0${MARK_VARIABLE}=${mark}`);
}

export function processesOfRuns(runs: ReadonlySet<string>): SeenProcess[] {
  return [...runs].flatMap(run => processesWith(`\0${RUN_VARIABLE}=${run}\0`));
}

/** Processes, whosever, in one of these namespaces, other than those that belong to another lab. */
export function processesWithin(namespaces: ReadonlySet<string>, runs: ReadonlySet<string>): SeenProcess[] {
  return everyPid()
    .filter(pid => namespacesOf(pid).some(namespace => namespaces.has(namespace)) && !isOfOtherLab(pid, runs))
    .flatMap(pid => see(pid) ?? []);
}

export const isSame = (process: SeenProcess): boolean => see(process.pid)?.startTicks === process.startTicks;

export const describeProcess = ({ pid, role }: SeenProcess): string => `process ${pid} (${role})`;

/** Namespaces that this process is in too are not a lab's. */
export function ownNamespaces(): ReadonlySet<string> {
  return new Set([...namespacesOf(process.pid), ...namespacesOf(1)]);
}

function processesWith(text: string): SeenProcess[] {
  return everyPid()
    .filter(pid => pid !== process.pid && environmentOf(pid).includes(text))
    .flatMap(pid => see(pid) ?? []);
}

/** A namespace's number is given again as soon as it is free: to the next lab, of another user of this machine perhaps. */
function isOfOtherLab(pid: number, runs: ReadonlySet<string>): boolean {
  const run = new RegExp(`\0${RUN_VARIABLE}=([^\0]*)\0`).exec(environmentOf(pid))?.[1];
  return run !== undefined && !runs.has(run);
}

/** null: gone, or ended and only waiting to be reaped. */
function see(pid: number): SeenProcess | null {
  const stat = read(`/proc/${pid}/stat`);
  // The command's name stands in parentheses and may hold some itself: count from the last one.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [state = 'Z', startTicks = ''] = [fields[0], fields[19]];
  if (stat === '' || state === 'Z' || state === 'X') return null;
  return { pid, startTicks, role: roleOf(read(`/proc/${pid}/cmdline`).split('\0')), namespaces: namespacesOf(pid) };
}

function roleOf(argv: readonly string[]): string {
  const program = basename(argv[0] ?? '');
  const has = (end: string): boolean =>
    argv.some(word => word.endsWith(end) || word.endsWith(end.replace('.js', '.ts')));
  if (program === 'unshare') return 'unshare';
  if (has('supervisor/main.js')) return program === 'sh' ? 'first process' : 'supervisor';
  if (has('engine/host/main.js')) return 'engine';
  if (has('netns/middle-main.js')) return 'link';
  const lab = argv.findIndex(word => word.endsWith('bin/lab.js'));
  return lab === -1 ? program : `lab ${argv[lab + 1] ?? ''}`;
}

function namespacesOf(pid: number): string[] {
  return ['net', 'mnt', 'pid', 'user'].flatMap(kind => {
    try {
      return [readlinkSync(`/proc/${pid}/ns/${kind}`)];
    } catch {
      return []; // another user's process, or none any more
    }
  });
}

/** Each variable between zeros. */
const environmentOf = (pid: number): string => `\0${read(`/proc/${pid}/environ`)}`;

function everyPid(): number[] {
  return readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .map(Number);
}

function read(file: string): string {
  try {
    return readFileSync(file, 'latin1');
  } catch {
    return '';
  }
}
