import type { ClauseRecord, Outcome, RunRecord } from '../format.ts';

/** The clauses of one section of a standard. */
export interface Section {
  readonly rfc: string;
  readonly section: string;
}

/** How the clauses of a section came out in one run; all 0: none of them was judged. */
export type Cell = Readonly<Record<Outcome, number>>;

/** All sections that a run of `runs` has a clause of, in the order of the standards and their sections. */
export function sectionsOf(runs: readonly RunRecord[]): Section[] {
  const all = new Map(
    runs.flatMap(({ clauses }) => clauses).map(({ rfc, section }) => [`${rfc} ${section}`, { rfc, section }]),
  );
  return [...all.values()].sort((a, b) => inOrder(a.rfc, b.rfc) || inOrder(a.section, b.section));
}

/** 2.9 before 2.10, rfc4301 before rfc7296. */
const inOrder = (a: string, b: string): number => a.localeCompare(b, 'en', { numeric: true });

export const clausesOf = ({ clauses }: RunRecord, { rfc, section }: Section): readonly ClauseRecord[] =>
  clauses.filter(clause => clause.rfc === rfc && clause.section === section);

export function cellOf(run: RunRecord, section: Section): Cell {
  const cell = { passed: 0, failed: 0, unsupported: 0, inconclusive: 0 };
  for (const { outcome } of clausesOf(run, section)) cell[outcome] += 1;
  return cell;
}

/** The outcome that a cell is known by: the worst. null: an empty one. */
export function worstOf(cell: Cell): Outcome | null {
  const order = ['failed', 'inconclusive', 'passed', 'unsupported'] as const;
  return order.find(outcome => cell[outcome] > 0) ?? null;
}

/** Told from each other without colour. */
export const MARKS: Readonly<Record<Outcome, string>> = {
  passed: '✓',
  failed: '✗',
  unsupported: '–',
  inconclusive: '?',
};

/** `✓ 12`, `✗ 2 of 12 failed`, `– not judged`. */
export function cellWords(cell: Cell): string {
  const outcome = worstOf(cell);
  if (outcome === null) return 'not run';
  const all = cell.passed + cell.failed + cell.unsupported + cell.inconclusive;
  const bad = cell.failed + cell.inconclusive;
  if (bad > 0) return `${MARKS[outcome]} ${bad} of ${all} ${outcome}`;
  if (outcome === 'unsupported') return `${MARKS[outcome]} unsupported`;
  return `${MARKS[outcome]} ${cell.passed}${cell.unsupported > 0 ? ` of ${all}` : ''}`;
}

/** `RFC 4303`, `XAuth`; what has no number is left as it is. */
export const standardName = (rfc: string): string => rfc.replace(/^rfc(?=\d)/, 'RFC ');

/** `§3.4.3`; attacks have numbers. */
export const sectionName = ({ rfc, section }: Section): string =>
  rfc === 'adversary' ? `no. ${section}` : `§${section}`;
