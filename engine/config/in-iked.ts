import { type Diagnostic, formatDiagnostic } from './diagnostic.ts';
import { readSolarisIke } from './solaris-ike.ts';

export interface CheckResult {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitStatus: 0 | 1;
}

/** What `in.iked -c` says of a file: its one line, with what has no effect here behind it, or all that is wrong with it. */
export function checkIkeConfig(path: string, text: string): CheckResult {
  const { stated, diagnostics, notes } = readSolarisIke(path, text, { legacy: true });
  if (stated === null) {
    const summary = `in.iked: Configuration file ${path} does not check out.\n`;
    return { stdout: '', stderr: lines(diagnostics, '') + summary, exitStatus: 1 };
  }
  const good = `in.iked: Configuration file ${path} syntactically checks out.\n`;
  return { stdout: good, stderr: lines(notes, 'note: '), exitStatus: 0 };
}

const lines = (list: readonly Diagnostic[], what: string): string =>
  list.map(each => `in.iked: ${what}${formatDiagnostic(each)}\n`).join('');
