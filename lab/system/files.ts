/** The files of a node that are the system's own, by absolute path without `.`, `..` or a `/` at the end. They outlive a restart. */
export type Files = ReadonlyMap<string, FileEntry>;

export type FileEntry =
  | {
      readonly kind: 'file';
      /** Never changed in place. */
      readonly octets: Uint8Array;
      /** Permission bits. */
      readonly mode: number;
      readonly modifiedSeconds: number;
    }
  | { readonly kind: 'directory'; readonly mode: number; readonly modifiedSeconds: number };

/** Of one file, and of how many there may be: a node's configuration, not a disk. */
export const FILE_OCTETS_MAX = 1 << 20;
export const FILES_MAX = 4096;

/** What keeps a file from being read or written, as errno has it. */
export type FileError = 'ENOENT' | 'EISDIR' | 'ENOTDIR' | 'EEXIST' | 'ENOTEMPTY' | 'EFBIG' | 'ENOSPC';

export type FilesChange =
  | { readonly kind: 'done'; readonly files: Files }
  | { readonly kind: 'failed'; readonly error: FileError };

const TEXTS: Readonly<Record<FileError, string>> = {
  ENOENT: 'No such file or directory',
  EISDIR: 'Is a directory',
  ENOTDIR: 'Not a directory',
  EEXIST: 'File exists',
  ENOTEMPTY: 'Directory not empty',
  EFBIG: `File too large: ${FILE_OCTETS_MAX} octets are the most that a node keeps`,
  ENOSPC: `No space left on device: ${FILES_MAX} files are the most that a node keeps`,
};

export const fileErrorText = (error: FileError): string => TEXTS[error];

const DIRECTORY_MODE = 0o755;
const FILE_MODE = 0o644;
/** Below these, nobody but root reads. */
const SECRET_MODE = 0o600;
const SECRETS = /^\/etc\/(inet\/secret|racoon\/(psk\.txt|certs\/.*\.(key|priv)))|\.psk$/;

/** The directories that a node of this kind has from the beginning. */
const DIRECTORIES = [
  '/',
  '/etc',
  '/etc/inet',
  '/etc/inet/ike',
  '/etc/inet/ike/crls',
  '/etc/inet/ike/publickeys',
  '/etc/inet/secret',
  '/etc/inet/secret/ike.privatekeys',
  '/etc/ipf',
  '/etc/racoon',
  '/etc/racoon/certs',
  '/root',
  '/tmp',
  '/usr',
  '/usr/local',
  '/usr/local/etc',
  '/usr/local/etc/racoon',
  '/var',
  '/var/tmp',
];

export function emptyFiles(): Files {
  return new Map(DIRECTORIES.map(path => [path, directory(0)]));
}

/** The absolute path that is meant from `/root`, or from the given directory. */
export function absolutePath(path: string, from = '/root'): string {
  const parts: string[] = [];
  for (const part of (path.startsWith('/') ? path : `${from}/${path}`).split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  return `/${parts.join('/')}`;
}

/** The directory that a path is in. */
export function parentOf(path: string): string {
  const at = path.lastIndexOf('/');
  return at <= 0 ? '/' : path.slice(0, at);
}

export const baseOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1);

/** null: there is none, or it is a directory. */
export function readFile(files: Files, path: string): Uint8Array | null {
  const entry = files.get(path);
  return entry?.kind === 'file' ? entry.octets : null;
}

/** As UTF-8. */
export function readText(files: Files, path: string): string | null {
  const octets = readFile(files, path);
  return octets === null ? null : Buffer.from(octets).toString('utf8');
}

/** Whole; its permissions stay. `octets` are kept: the caller gives them away. */
export function writeFile(files: Files, path: string, octets: Uint8Array, unixSeconds: number): FilesChange {
  const before = files.get(path);
  if (before?.kind === 'directory') return { kind: 'failed', error: 'EISDIR' };
  const parent = files.get(parentOf(path));
  if (parent?.kind !== 'directory') return { kind: 'failed', error: parent === undefined ? 'ENOENT' : 'ENOTDIR' };
  if (octets.length > FILE_OCTETS_MAX) return { kind: 'failed', error: 'EFBIG' };
  const mode = before?.mode ?? (SECRETS.test(path) ? SECRET_MODE : FILE_MODE);
  return put(files, path, { kind: 'file', octets, mode, modifiedSeconds: Math.floor(unixSeconds) });
}

/** `withParents`: also those above that are missing, and none of it is an error where it is there. */
export function makeDirectory(
  files: Files,
  path: string,
  unixSeconds: number,
  how: { readonly withParents: boolean },
): FilesChange {
  const before = files.get(path);
  if (before !== undefined) {
    const isFine = how.withParents && before.kind === 'directory';
    return isFine ? { kind: 'done', files } : { kind: 'failed', error: 'EEXIST' };
  }
  const parent = files.get(parentOf(path));
  if (parent?.kind === 'file') return { kind: 'failed', error: 'ENOTDIR' };
  if (parent !== undefined) return put(files, path, directory(unixSeconds));
  if (!how.withParents) return { kind: 'failed', error: 'ENOENT' };
  const above = makeDirectory(files, parentOf(path), unixSeconds, how);
  return above.kind === 'failed' ? above : put(above.files, path, directory(unixSeconds));
}

/** A file, or a directory: with all that is in it, or only where it is empty. */
export function removePath(files: Files, path: string, how: { readonly withContent: boolean }): FilesChange {
  const entry = files.get(path);
  if (entry === undefined) return { kind: 'failed', error: 'ENOENT' };
  const inside = [...files.keys()].filter(each => each !== path && each.startsWith(path === '/' ? '/' : `${path}/`));
  if (inside.length > 0 && !how.withContent) return { kind: 'failed', error: 'ENOTEMPTY' };
  const left = new Map(files);
  for (const each of [path, ...inside]) left.delete(each);
  return { kind: 'done', files: left };
}

/** With these as well, and the directories that they are in. Throws for a path that cannot be. */
export function withFiles(files: Files, contents: ReadonlyMap<string, Uint8Array>, unixSeconds: number): Files {
  let all = files;
  for (const [path, octets] of contents) {
    const parent = makeDirectory(all, parentOf(path), unixSeconds, { withParents: true });
    const written = parent.kind === 'failed' ? parent : writeFile(parent.files, path, octets, unixSeconds);
    if (written.kind === 'failed') throw new Error(`${path}: ${fileErrorText(written.error)}`);
    all = written.files;
  }
  return all;
}

/** The names in a directory, sorted. */
export function namesIn(files: Files, path: string): readonly string[] {
  const names = [...files.keys()].filter(each => each !== '/' && parentOf(each) === path).map(baseOf);
  return names.sort();
}

function put(files: Files, path: string, entry: FileEntry): FilesChange {
  if (!files.has(path) && files.size >= FILES_MAX) return { kind: 'failed', error: 'ENOSPC' };
  return { kind: 'done', files: new Map(files).set(path, entry) };
}

function directory(unixSeconds: number): FileEntry {
  return { kind: 'directory', mode: DIRECTORY_MODE, modifiedSeconds: Math.floor(unixSeconds) };
}
