import { readFileSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { requireAddon } from '../native/addon.ts';
import { packageRoot } from '../native/package-root.ts';

/** Of everybody who has no other: no file is theirs. Debian and others call both `nobody` or `nogroup`. */
const NOBODY: User = { uid: 65_534, gid: 65_534 };

interface User {
  readonly uid: number;
  readonly gid: number;
}

/**
 * Takes from this process what it has no more use for when its sockets are open (NativeAddon.confine): it can go on with these, with
 * TCP and UDP as anybody may, and with files for reading. Root becomes nobody, or, where nobody could not read `files`, which are to
 * be loaded later, the owner of this package. Returns what it should not have kept and had to, in words; usually nothing.
 */
export function confine(files: readonly string[]): readonly string[] {
  const isRoot = process.getuid?.() === 0 && hasUser(NOBODY.uid);
  const user = isRoot ? userFor(files) : null;
  const { filter } = requireAddon().confine(user ?? {});
  const kept: string[] = [];
  if (isRoot && user === null) kept.push(`it is still root, without rights: others may not read ${packageRoot()}`);
  if (filter === 'notInKernel') kept.push('no filter of system calls: this kernel has no seccomp');
  if (filter === 'unknownArchitecture') kept.push(`no filter of system calls: there is none for ${process.arch}`);
  return kept;
}

/** null: only root can read them. */
function userFor(files: readonly string[]): User | null {
  const { uid, gid } = statSync(packageRoot());
  const candidates = uid === 0 ? [NOBODY] : [NOBODY, { uid, gid }];
  return candidates.find(user => files.every(file => mayRead(user, file))) ?? null;
}

/** By the permissions of the file and of the folders that lead to it. */
function mayRead(user: User, file: string): boolean {
  let path = file;
  let wanted = READ;
  for (;;) {
    const { mode, uid, gid } = statSync(path);
    const shift = uid === user.uid ? 6 : gid === user.gid ? 3 : 0;
    if (((mode >> shift) & wanted) === 0) return false;
    const parent = dirname(path);
    if (parent === path) return true;
    path = parent;
    wanted = SEARCH;
  }
}

const READ = 4;
const SEARCH = 1;

/** Whether our user namespace has this user: that of an ordinary user's lab has only its owner. */
function hasUser(uid: number): boolean {
  const lines = readFileSync('/proc/self/uid_map', 'latin1').trim().split('\n');
  return lines.some(line => {
    const [first = 0, , count = 0] = line.trim().split(/\s+/).map(Number);
    return uid >= first && uid < first + count;
  });
}
