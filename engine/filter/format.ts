import type { FilterRule } from './rule.ts';
import type { StateFigures } from './state-table.ts';

/** What `ipfstat` shows of a filter, as a node's status has it. */
export interface FilterFigures {
  readonly rules: readonly RuleFigures[];
  readonly passed: { readonly in: number; readonly out: number };
  readonly blocked: { readonly in: number; readonly out: number };
  readonly states: number;
  readonly stateFigures: StateFigures;
}

export interface RuleFigures {
  readonly text: string;
  readonly direction: 'in' | 'out';
  /** null: both. */
  readonly family: 4 | 6 | null;
  readonly packets: number;
  readonly octets: number;
}

/** What is added to each rule: `-n` its number, `-h` how often it has matched, and `-a`: the rules that only count, with octets. */
export interface ListOptions {
  readonly numbers?: boolean;
  readonly hits?: boolean;
  readonly accounting?: boolean;
}

/**
 * The rules of one direction as `ipfstat -i` and `ipfstat -o` list them, one a line: it can be fed back into the parser. With hits in
 * front of a rule it cannot.
 */
export function formatRules({ rules }: FilterFigures, direction: 'in' | 'out', options: ListOptions = {}): string {
  const isWanted = (rule: RuleFigures) => counts(rule) === (options.accounting === true);
  const own = rules.filter(rule => rule.direction === direction && isWanted(rule));
  if (own.length === 0) return `empty list for ${options.accounting === true ? 'ipacct' : 'ipfilter'}(${direction})\n`;
  const lines = own.map(({ text, family, packets, octets }, i) => {
    const number = options.numbers === true ? `@${i + 1} ` : '';
    const hits = options.hits === true ? `${packets} ` : '';
    return `${hits}${options.accounting === true ? `${octets} ` : ''}${number}${withFamily(text, family)}\n`;
  });
  return lines.join('');
}

/** `ipfstat -io`: outgoing rules first, as that program has them. */
export function formatBothLists(figures: FilterFigures, options: ListOptions = {}): string {
  return formatRules(figures, 'out', options) + formatRules(figures, 'in', options);
}

/** `ipfstat` without options: totals. */
export function formatTotals({ rules, passed, blocked }: FilterFigures): string {
  const line = (name: string, direction: 'in' | 'out') => {
    const own = rules.filter(rule => rule.direction === direction);
    const matched = `matched ${packetsOf(own.filter(rule => !counts(rule)))} counted ${packetsOf(own.filter(counts))}`;
    return `${name} packets:\tblocked ${blocked[direction]} passed ${passed[direction]} ${matched}\n`;
  };
  return line(' input', 'in') + line('output', 'out');
}

/** `ipfstat -s`: the state table. */
export function formatStates({ states, stateFigures: figures }: FilterFigures): string {
  const rows: readonly (readonly [number, string])[] = [
    [figures.tcp, 'TCP'],
    [figures.udp, 'UDP'],
    [figures.icmp, 'ICMP'],
    [figures.other, 'other'],
    [figures.hits, 'hits'],
    [figures.misses, 'misses'],
    [figures.refused, 'maximum'],
    [states, 'active'],
    [figures.expired, 'expired'],
    [figures.closed, 'closed'],
  ];
  return ['IP states added:', ...rows.map(([count, name]) => `\t${count} ${name}`)].join('\n') + '\n';
}

/** `ipf.conf:5: block in all`: where the rule stands, and what it says. */
export function describeRule({ file, line, text }: Pick<FilterRule, 'file' | 'line' | 'text'>): string {
  return `${file}:${line}: ${text}`;
}

/** A rule of a file for one family alone says so where it is seen without its file. */
function withFamily(text: string, family: 4 | 6 | null): string {
  const saysSo = family === null || /\binet6?\b|\d\.\d|\d\/\d|::|[0-9a-f]:[0-9a-f]/i.test(text);
  if (saysSo) return text;
  return text.replace(/ (?=(?:tos|ttl|proto|all|from|to)\b)/, ` family ${family === 6 ? 'inet6' : 'inet'} `);
}

function packetsOf(rules: readonly RuleFigures[]): number {
  return rules.reduce((sum, { packets }) => sum + packets, 0);
}

function counts({ text }: RuleFigures): boolean {
  return /^(?:[0-9]+ )?count /.test(text);
}
