import { readFileSync, statSync } from 'node:fs';

export type ToolFile =
  | { readonly kind: 'text'; readonly text: string }
  /** Why not, in words. */
  | { readonly kind: 'unreadable'; readonly why: string };

/** More than any file of policy, and less than would hold up a lab: of a file, or of standard input. */
export const TOOL_INPUT_OCTETS_MAX = 1 << 24;

/** Why a tool does not take more than that. */
export const TOO_LARGE = 'File too large';

/** A file that a node's tool is to read: nodes have the files of the machine that the lab runs on. */
export function readToolFile(path: string): ToolFile {
  try {
    if (statSync(path).size > TOOL_INPUT_OCTETS_MAX) return { kind: 'unreadable', why: TOO_LARGE };
    const octets = readFileSync(path);
    if (octets.length > TOOL_INPUT_OCTETS_MAX) return { kind: 'unreadable', why: TOO_LARGE };
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
