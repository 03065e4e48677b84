import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { DriverName } from '../drivers/driver.ts';
import { errorCode, machineCannot } from './failure.ts';
import type { ProcessIdentity } from './process.ts';
import { FIX_STATE, labDirectory } from './root.ts';

/**
 * lab.json: what is needed to find and remove a lab when none of its processes can be asked. Written before anything is
 * made, and again as soon as a process of the lab is known. Never holds a key or a secret.
 */
export interface LabRecord {
  readonly version: 1;
  readonly name: string;
  /** 32 hexadecimal digits, in the environment of each of its processes (RUN_VARIABLE). */
  readonly runId: string;
  readonly driver: DriverName;
  readonly topology: string;
  readonly file: string;
  /** Their names. */
  readonly nodes: readonly string[];
  readonly links: readonly string[];
  /** Milliseconds since the Unix epoch. */
  readonly createdAtMs: number;
  /** The `lab up` that makes it. */
  readonly creator: ProcessIdentity;
  /** The process that `lab up` started: the supervisor itself, or the `unshare` around it. Its end is the lab's end. */
  readonly supervisor: ProcessIdentity | null;
  /** The first process inside the pod, by the pid that it has out here (for nsenter); of sim there is none. */
  readonly pod: ProcessIdentity | null;
  /** docker, swarm: the socket of the daemon that has its containers, which carry the run's id in a label. */
  readonly docker?: string | null;
}

export interface LabFolder {
  readonly name: string;
  readonly directory: string;
  /** null: the folder of a `lab up` that died before it could write, or a file that is damaged. */
  readonly record: LabRecord | null;
}

/** Makes the lab's folder; false when there is one by that name already. */
export function createLabFolder(root: string, record: LabRecord): boolean {
  try {
    mkdirSync(labDirectory(root, record.name), { mode: 0o700 });
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return false;
    throw error;
  }
  writeRecord(labDirectory(root, record.name), record);
  return true;
}

/** Whole or not at all: a reader never sees half a file, and a crash leaves the previous one. */
export function writeRecord(directory: string, record: LabRecord): void {
  const temporary = join(directory, 'lab.json.new');
  writeFileSync(temporary, `${JSON.stringify(record, null, 2)}\n`, { mode: 0o600 });
  renameSync(temporary, join(directory, 'lab.json'));
}

export function readLabFolder(directory: string): LabFolder {
  return { name: basename(directory), directory, record: readRecord(directory) };
}

/** Every lab of this user, running or not, by name. */
export function listLabFolders(root: string): LabFolder[] {
  let names: string[];
  try {
    names = readdirSync(root, { withFileTypes: true })
      .filter(entry => entry.isDirectory())
      .map(entry => entry.name);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return [];
    throw machineCannot(`cannot read the state directory ${root}: ${errorCode(error) ?? 'unknown error'}`, FIX_STATE);
  }
  return names.sort().map(name => readLabFolder(labDirectory(root, name)));
}

export function removeLabFolder(directory: string): void {
  rmSync(directory, { recursive: true, force: true, maxRetries: 3 });
}

function readRecord(directory: string): LabRecord | null {
  try {
    const value: unknown = JSON.parse(readFileSync(join(directory, 'lab.json'), 'utf8'));
    return isRecord(value) ? value : null;
  } catch {
    return null;
  }
}

const DRIVERS: ReadonlySet<unknown> = new Set<DriverName>(['sim', 'netns', 'docker', 'mininet', 'swarm']);

/** Enough to be safe to act on: it was written by this program, but perhaps by another version of it. */
function isRecord(value: unknown): value is LabRecord {
  if (typeof value !== 'object' || value === null) return false;
  const record: Partial<Record<keyof LabRecord, unknown>> = value;
  return (
    record.version === 1 &&
    typeof record.runId === 'string' &&
    /^[0-9a-f]{32}$/.test(record.runId) &&
    DRIVERS.has(record.driver) &&
    isNames(record.nodes) &&
    isNames(record.links) &&
    isIdentity(record.creator) &&
    (record.supervisor === null || isIdentity(record.supervisor)) &&
    (record.pod === null || isIdentity(record.pod)) &&
    (record.docker === undefined || record.docker === null || typeof record.docker === 'string')
  );
}

const isNames = (value: unknown): value is readonly string[] =>
  Array.isArray(value) && value.every(name => typeof name === 'string');

function isIdentity(value: unknown): value is ProcessIdentity {
  if (typeof value !== 'object' || value === null) return false;
  const identity: Partial<Record<keyof ProcessIdentity, unknown>> = value;
  return (
    typeof identity.pid === 'number' &&
    Number.isSafeInteger(identity.pid) &&
    identity.pid > 1 &&
    typeof identity.startTicks === 'string' &&
    typeof identity.boot === 'string'
  );
}
