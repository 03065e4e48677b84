import { spawnSync } from 'node:child_process';
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { withSystemPath } from '../drivers/netns/pod.ts';
import { errorCode, machineCannot } from './failure.ts';
import { isAlive, type ProcessIdentity } from './process.ts';

/** How one host of a running network becomes again what it was before a lab took it over. */
export interface Undo {
  readonly host: string;
  /** A process of its own, whose network namespace it is. Where it has ended there is nothing to undo. */
  readonly process: ProcessIdentity;
  /** For `sh`, in that namespace. May be run again. */
  readonly script: string;
}

const FILE = 'undo.json';

/** Before the first change: whoever finds the folder of a lab that is dead can still undo what it did. */
export function writeUndo(directory: string, undos: readonly Undo[]): void {
  const temporary = join(directory, `${FILE}.new`);
  writeFileSync(temporary, JSON.stringify(undos), { mode: 0o600 });
  renameSync(temporary, join(directory, FILE));
}

/** Undoes what is still to be undone; safe to repeat. The processes of the lab have to be gone. A Failure where it does not go. */
export function undoAll(directory: string): void {
  for (const { host, process, script } of readUndo(directory)) {
    if (!isAlive(process)) continue;
    const run = spawnSync('nsenter', [`--target=${process.pid}`, '--net', 'sh'], {
      input: script,
      encoding: 'utf8',
      env: withSystemPath({}),
    });
    if (run.status === 0 || !isAlive(process)) continue;
    const why = run.error?.message ?? run.stderr.trim();
    throw machineCannot(
      `${host} does not become again what it was: ${why}`,
      'lab down again, as the user who attached',
    );
  }
  rmSync(join(directory, FILE), { force: true });
}

function readUndo(directory: string): readonly Undo[] {
  try {
    return JSON.parse(readFileSync(join(directory, FILE), 'utf8')) as Undo[];
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return [];
    throw error;
  }
}
