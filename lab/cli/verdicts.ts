import type { Verdict } from '../bundle/bundle.ts';
import type { CheckRun } from './check-text.ts';

/** What a run of a lab's checks came to, as far as another run has to come to the same. */
export const verdictsOf = ({ checks, tripwire }: CheckRun): Verdict[] => [
  ...checks.map(({ title, outcome }) => ({ what: title, outcome })),
  { what: 'tripwire', outcome: tripwire.outcome },
];

export interface Difference {
  readonly what: string;
  /** null: it was not judged. */
  readonly before: string | null;
  readonly now: string | null;
}

/** Where two runs differ, in the order of the first. */
export function differences(before: readonly Verdict[], now: readonly Verdict[]): Difference[] {
  const [old, young] = [byName(before), byName(now)];
  const names = [...new Set([...old.keys(), ...young.keys()])];
  return names
    .map(what => ({ what, before: old.get(what) ?? null, now: young.get(what) ?? null }))
    .filter(each => each.before !== each.now);
}

/** Steps and clauses that are judged several times have all their outcomes. */
function byName(verdicts: readonly Verdict[]): Map<string, string> {
  const outcomes = new Map<string, string>();
  for (const { what, outcome } of verdicts) {
    const before = outcomes.get(what);
    outcomes.set(what, before === undefined ? outcome : `${before}, ${outcome}`);
  }
  return outcomes;
}
