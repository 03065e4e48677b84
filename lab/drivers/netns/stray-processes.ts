import { readdirSync, readlinkSync, statSync } from 'node:fs';
import { namespaceFile } from './names.ts';

/** Kills what runs in these network namespaces of our pod, other than ourselves and what is spared. */
export const killProcessesIn = (namespaces: readonly string[], spared: readonly number[] = []): void =>
  signalProcessesIn(namespaces, 'SIGKILL', spared);

/** Sends all of them a signal. */
export function signalProcessesIn(
  namespaces: readonly string[],
  signal: NodeJS.Signals,
  spared: readonly number[] = [],
): void {
  const inodes = new Set(namespaces.map(inodeOf).filter(inode => inode !== null));
  for (const pid of readdirSync('/proc')
    .filter(name => /^[0-9]+$/.test(name))
    .map(Number)) {
    if (pid === process.pid || spared.includes(pid) || !inodes.has(namespaceOf(pid))) continue;
    try {
      process.kill(pid, signal);
    } catch {
      // It ended by itself in the meantime.
    }
  }
}

function inodeOf(namespace: string): string | null {
  const found = statSync(namespaceFile(namespace), { throwIfNoEntry: false });
  return found === undefined ? null : `net:[${found.ino}]`;
}

function namespaceOf(pid: number): string {
  try {
    return readlinkSync(`/proc/${pid}/ns/net`);
  } catch {
    return '';
  }
}
