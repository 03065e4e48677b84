import type { Failure } from '../state/failure.ts';

/** Where a command writes: data to stdout, everything else to stderr. */
export interface Terminal {
  /** One line of data. */
  data(line: string): void;
  /** One line for the reader's eyes. */
  note(line: string): void;
  /** What is being done, over the previous one; on a terminal only, gone when the command ends. */
  progress(line: string | null): void;
  /** Of stdout. */
  readonly isTTY: boolean;
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

export interface Standard {
  /** Touched only when something is written: Node.js makes a pipe non-blocking for all who share it, a command's as well. */
  readonly stream: () => NodeJS.WriteStream;
  readonly isTTY: boolean;
}

type Environment = Readonly<Record<string, string | undefined>>;

export function createTerminal(stdout: Standard, stderr: Standard, env: Environment): Terminal {
  let shown = false;
  const clear = (): void => {
    if (shown) stderr.stream().write('\r\u001b[K');
    shown = false;
  };
  return {
    data: line => {
      clear();
      stdout.stream().write(`${line}\n`);
    },
    note: line => {
      clear();
      stderr.stream().write(`${line}\n`);
    },
    progress: line => {
      if (!stderr.isTTY || env['TERM'] === 'dumb') return;
      clear();
      if (line === null) return;
      const stream = stderr.stream();
      stream.write(line.slice(0, (stream.columns || 80) - 1));
      shown = true;
    },
    isTTY: stdout.isTTY,
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

function styleFor(stream: Standard, env: Environment): Style {
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
function wantsColour(stream: Standard, env: Environment): boolean {
  if ((env['NO_COLOR'] ?? '') !== '') return false;
  const forced = env['FORCE_COLOR'] ?? '';
  if (forced !== '') return forced !== '0';
  return stream.isTTY && env['TERM'] !== 'dumb';
}
