import type { Diagnostic } from '../../engine/config/diagnostic.ts';
import { Report } from '../../engine/config/diagnostic.ts';
import { parseDuration } from '../topology/quantity.ts';
import { didYouMean, oneOf } from '../../engine/config/suggest.ts';

/** One line of a traffic script. `line` counts from 1. */
export type ScriptStep =
  /** Runs on a node; the next step waits for its end unless it is in the background. */
  | {
      readonly kind: 'exec';
      readonly line: number;
      readonly node: string;
      readonly argv: readonly string[];
      readonly isBackground: boolean;
    }
  | { readonly kind: 'sleep'; readonly line: number; readonly durationMs: number };

export interface Script {
  readonly file: string;
  readonly steps: readonly ScriptStep[];
}

/** Larger files are no scripts; it is refused before it is read line by line. */
const OCTETS_MAX = 1 << 20;

/**
 * Reads a traffic script: a step a line, `#` to the end of the line is a comment.
 *
 *     a1 ping -c 3 10.0.1.2
 *     b1 nc -l 7000 &            # in the background
 *     sleep 2s
 *
 * Words are separated by blanks; `'…'` and `"…"` keep them together, with no expansion inside. All errors at once.
 */
export function parseScript(
  file: string,
  text: string,
  nodes: readonly string[],
): { readonly script: Script | null; readonly diagnostics: readonly Diagnostic[] } {
  const report = new Report(file);
  if (text.length > OCTETS_MAX)
    report.error({ line: 0, column: 0 }, `a script of ${text.length} characters`, 'keep it under 1 MiB');
  const lines = report.count > 0 ? [] : text.split(/\r?\n/);
  const steps = lines.flatMap((line, index) => parseLine(line, index + 1, nodes, report) ?? []);
  return report.count > 0
    ? { script: null, diagnostics: report.diagnostics() }
    : { script: { file, steps }, diagnostics: [] };
}

interface Word {
  readonly text: string;
  readonly column: number;
}

function parseLine(text: string, line: number, nodes: readonly string[], report: Report): ScriptStep | null {
  const words = splitWords(text, line, report);
  const [first, ...rest] = words;
  if (first === undefined) return null;
  if (first.text === 'sleep') return parseSleep(first, rest, line, report);
  if (!nodes.includes(first.text)) {
    const fix = didYouMean(first.text, [...nodes, 'sleep'], `begin the line with ${oneOf([...nodes, 'sleep'])}`);
    report.error({ line, column: first.column }, `there is no node "${first.text}"`, fix);
    return null;
  }
  const isBackground = rest.at(-1)?.text === '&';
  const argv = rest.slice(0, isBackground ? -1 : undefined).map(word => word.text);
  if (argv.length === 0) {
    report.error(
      { line, column: first.column },
      `no command for ${first.text}`,
      `for instance: ${first.text} ping -c 1 ADDRESS`,
    );
    return null;
  }
  return { kind: 'exec', line, node: first.text, argv, isBackground };
}

function parseSleep(sleep: Word, rest: readonly Word[], line: number, report: Report): ScriptStep | null {
  const duration = parseDuration(rest[0]?.text ?? '');
  if (rest.length !== 1 || duration.kind === 'bad' || duration.value < 0) {
    report.error({ line, column: sleep.column }, 'sleep takes one duration', 'for instance: sleep 2s');
    return null;
  }
  return { kind: 'sleep', line, durationMs: duration.value / 1e6 };
}

function splitWords(text: string, line: number, report: Report): Word[] {
  const words: Word[] = [];
  const pattern = /\s*(?:(#.*)|((?:'[^']*'|"[^"]*"|[^\s'"#]|(?<=\S)#)+)|(['"]))/y;
  for (let match = pattern.exec(text); match !== null; match = pattern.exec(text)) {
    const [whole, comment, word, quote] = match;
    if (comment !== undefined) break;
    const column = match.index + whole.search(/\S/) + 1;
    if (quote !== undefined) {
      report.error({ line, column }, `the ${quote} has no end`, `close it with ${quote} on the same line`);
      break;
    }
    if (word !== undefined) words.push({ text: word.replaceAll(/'([^']*)'|"([^"]*)"/g, '$1$2'), column });
  }
  return words;
}
