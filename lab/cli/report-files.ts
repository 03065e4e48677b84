import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { badInput, errorCode } from '../state/failure.ts';
import { printable } from './terminal.ts';

/** Runs what writes; a place that cannot be written to is the user's error, and `option` gives another one. */
export function writing(where: string, option: string, write: () => void): void {
  try {
    write();
  } catch (error) {
    const code = errorCode(error);
    if (code === null) throw error;
    throw badInput(`cannot write to ${printable(where)}: ${code}`, `give another place: ${option}`);
  }
}

/** `path` is relative to the folder, and may have folders of its own. */
export function writeInto(folder: string, path: string, text: string): void {
  const file = join(folder, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}

/** Where the option does not say, a job on GitHub has a file for summaries. */
export function appendSummary(option: string | undefined, markdown: () => string): void {
  const file = option ?? process.env['GITHUB_STEP_SUMMARY'] ?? '';
  if (file === '') return;
  writing(file, '--summary FILE', () => appendFileSync(file, markdown()));
}
