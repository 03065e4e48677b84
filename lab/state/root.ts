import { chmodSync, lstatSync, mkdirSync, statSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { badInput, errorCode, machineCannot } from './failure.ts';

/** sun_path of sockaddr_un is 108 octets with its terminating zero, unix(7). */
const SOCKET_PATH_OCTETS_MAX = 107;
const LAB_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,31}$/;
const LONGEST_NAME = 'x'.repeat(32);

export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly uid: number;
  readonly temporary: string;
}

const here = (): Surroundings => ({ env: process.env, uid: userInfo().uid, temporary: tmpdir() });

/**
 * The directory that holds one folder a lab: `$IPSEC_LAB_STATE`, else `$XDG_RUNTIME_DIR/ipsec-lab`, else
 * `/tmp/ipsec-lab-<uid>`. XDG_RUNTIME_DIR counts only where it is this user's own (sudo and runuser pass on another's) and
 * short enough for a socket inside.
 */
export function stateRoot(surroundings: Surroundings = here()): string {
  const { env, uid, temporary } = surroundings;
  const asked = env['IPSEC_LAB_STATE'];
  if (asked !== undefined && asked !== '') return checkedRoot(asked);
  const runtime = env['XDG_RUNTIME_DIR'];
  if (runtime !== undefined && isAbsolute(runtime) && ownedBy(runtime, uid)) {
    const root = join(runtime, 'ipsec-lab');
    if (socketFits(root)) return root;
  }
  const root = join(temporary, `ipsec-lab-${uid}`);
  return socketFits(root) ? root : `/tmp/ipsec-lab-${uid}`;
}

/** Makes the root where it is missing: mode 0700, and nobody else's (a shared /tmp invites traps). */
export function ensureStateRoot(surroundings: Surroundings = here()): string {
  const root = stateRoot(surroundings);
  try {
    mkdirSync(root, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw machineCannot(`cannot make the state directory ${root}: ${errorCode(error) ?? 'unknown error'}`, FIX_STATE);
  }
  const found = lstatSync(root);
  if (!found.isDirectory() || found.uid !== surroundings.uid) {
    throw machineCannot(`${root} belongs to somebody else, so no lab's state may go there`, FIX_STATE);
  }
  if ((found.mode & 0o077) !== 0) chmodSync(root, 0o700);
  return root;
}

export const FIX_STATE = 'export IPSEC_LAB_STATE=DIR, with a directory of your own';

/** Throws a Failure for a name that cannot be a folder, an argument and part of a socket's path. */
export function checkLabName(name: string): string {
  if (LAB_NAME.test(name)) return name;
  throw badInput(
    `"${name}" cannot be the name of a lab`,
    'use 1 to 32 letters, digits, dots, dashes or underscores, the first a letter or digit',
  );
}

export const labDirectory = (root: string, name: string): string => join(root, name);
export const socketPath = (directory: string): string => join(directory, 'socket');

function checkedRoot(root: string): string {
  if (!isAbsolute(root)) throw badInput(`IPSEC_LAB_STATE is "${root}", not an absolute path`, 'give the path from /');
  if (socketFits(root)) return root;
  const most = SOCKET_PATH_OCTETS_MAX - Buffer.byteLength(socketPath(labDirectory('', LONGEST_NAME))) - 1;
  throw badInput(`IPSEC_LAB_STATE is too long for a socket inside it: ${root}`, `use at most ${most} octets`);
}

function socketFits(root: string): boolean {
  return Buffer.byteLength(socketPath(labDirectory(root, LONGEST_NAME))) <= SOCKET_PATH_OCTETS_MAX;
}

function ownedBy(directory: string, uid: number): boolean {
  try {
    const found = statSync(directory);
    return found.isDirectory() && found.uid === uid;
  } catch {
    return false;
  }
}
