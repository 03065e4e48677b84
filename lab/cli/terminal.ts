import type { Failure } from '../state/failure.ts';

/** Where a command writes: data to stdout, everything else to stderr. */
export interface Terminal {
  /** One line of data. */
  data(line: string): void;
  /** One line for the reader's eyes. */
  note(line: string): void;
  /** What is being done, over the previous one; on a terminal only, gone when the command ends. */
  progress(line: string | null): void;
  /** null: stdout is no terminal. */
  readonly columns: number | null;
  /** Style of what goes to stdout. */
  readonly style: Style;
  /** Style of what goes to stderr. */
  readonly noteStyle: Style;
}

export interface Style {
  readonly bold: (text: string) => string;
  readonly dim: (text: string) => string;
  readonly good: (text: string) => string;
  readonly bad: (text: string) => string;
  readonly tick: string;
  readonly cross: string;
}

export function createTerminal(
  stdout: NodeJS.WriteStream,
  stderr: NodeJS.WriteStream,
  env: Readonly<Record<string, string | undefined>>,
): Terminal {
  let shown = false;
  const clear = (): void => {
    if (shown) stderr.write('\r\u001b[K');
    shown = false;
  };
  return {
    data: line => {
      clear();
      stdout.write(`${line}\n`);
    },
    note: line => {
      clear();
      stderr.write(`${line}\n`);
    },
    progress: line => {
      if (!stderr.isTTY || env['TERM'] === 'dumb') return;
      clear();
      if (line === null) return;
      stderr.write(line.slice(0, Math.max(0, stderr.columns - 1)));
      shown = true;
    },
    columns: stdout.isTTY ? stdout.columns : null,
    style: styleFor(stdout, env),
    noteStyle: styleFor(stderr, env),
  };
}

/** `lab: what` and the fix below it, the form of every complaint that is not about a place in a file. */
export function printFailure(terminal: Terminal, failure: Failure): void {
  terminal.note(`${terminal.noteStyle.bad('lab:')} ${failure.message}`);
  if (failure.fix !== null) terminal.note(`  fix: ${failure.fix}`);
}

/** Text from outside (titles, names in a damaged file) with its control characters made harmless. */
export const printable = (text: string): string =>
  // oxlint-disable-next-line no-control-regex -- they are what is looked for
  text.replaceAll(/[\u0000-\u001f\u007f-\u009f]/g, '\u{fffd}');

function styleFor(stream: NodeJS.WriteStream, env: Readonly<Record<string, string | undefined>>): Style {
  const colour = wantsColour(stream, env);
  const paint = (on: number, off: number) => (text: string) => (colour ? `\u001b[${on}m${text}\u001b[${off}m` : text);
  return {
    bold: paint(1, 22),
    dim: paint(2, 22),
    good: paint(32, 39),
    bad: paint(31, 39),
    tick: paint(32, 39)('✓'),
    cross: paint(31, 39)('✗'),
  };
}

/** https://no-color.org: any value that is not empty. FORCE_COLOR is for CI logs, which are no terminals but show colour. */
function wantsColour(stream: NodeJS.WriteStream, env: Readonly<Record<string, string | undefined>>): boolean {
  if ((env['NO_COLOR'] ?? '') !== '') return false;
  const forced = env['FORCE_COLOR'] ?? '';
  if (forced !== '') return forced !== '0';
  return stream.isTTY && env['TERM'] !== 'dumb';
}
