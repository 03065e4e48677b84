import { readFileSync } from 'node:fs';

export type ToolFile =
  | { readonly kind: 'text'; readonly text: string }
  /** Why not, in words. */
  | { readonly kind: 'unreadable'; readonly why: string };

/** More than any file of policy, and less than would hold up a lab. */
const FILE_OCTETS_MAX = 1 << 24;

/** A file that a node's tool is to read: nodes have the files of the machine that the lab runs on. */
export function readToolFile(path: string): ToolFile {
  try {
    const octets = readFileSync(path);
    if (octets.length > FILE_OCTETS_MAX) return { kind: 'unreadable', why: 'File too large' };
    return { kind: 'text', text: octets.toString('utf8') };
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : null;
    const why = REASONS.find(([own]) => own === code)?.[1] ?? String(code ?? error);
    return { kind: 'unreadable', why };
  }
}

const REASONS = [
  ['ENOENT', 'No such file or directory'],
  ['EACCES', 'Permission denied'],
  ['EISDIR', 'Is a directory'],
  ['ENOTDIR', 'Not a directory'],
] as const;
