import type { ClauseRecord, Outcome, RunRecord } from '../format.ts';

/** Two runs of one implementation, clause by clause. */
export interface Difference {
  readonly before: RunRecord;
  readonly now: RunRecord;
  readonly changes: readonly Change[];
  /** Clauses that came out alike. */
  readonly alike: number;
}

export interface Change {
  readonly id: string;
  /** null: that run did not judge it. */
  readonly before: Outcome | null;
  readonly now: Outcome | null;
  readonly kind: 'worse' | 'better' | 'other';
  /** Why it is as it is now; empty where there is nothing to say. */
  readonly reason: string;
}

/** In the order of the clauses of `now`; what only `before` has comes last. Times and captures are not compared. */
export function differenceOf(before: RunRecord, now: RunRecord): Difference {
  const [old, recent] = [byId(before), byId(now)];
  const ids = [...new Set([...recent.keys(), ...old.keys()])];
  const changes = ids
    .map(id => changeOf(id, old.get(id) ?? null, recent.get(id) ?? null))
    .filter(change => change.before !== change.now);
  return { before, now, changes, alike: ids.length - changes.length };
}

const byId = ({ clauses }: RunRecord): ReadonlyMap<string, ClauseRecord> =>
  new Map(clauses.map(clause => [clause.id, clause]));

function changeOf(id: string, before: ClauseRecord | null, now: ClauseRecord | null): Change {
  const outcomes = { before: before?.outcome ?? null, now: now?.outcome ?? null };
  return { id, ...outcomes, kind: kindOf(outcomes), reason: now?.reason ?? '' };
}

const isBad = (outcome: Outcome | null): boolean => outcome === 'failed' || outcome === 'inconclusive';

/** Of outcomes that differ. A clause that fails and is new is worse than none; what is not judged any more is neither better nor worse. */
function kindOf({ before, now }: Pick<Change, 'before' | 'now'>): Change['kind'] {
  if (isBad(now) && before !== 'failed') return 'worse';
  return isBad(before) && now === 'passed' ? 'better' : 'other';
}

/** `1 worse, 2 better, 355 alike`. */
export function differenceWords({ changes, alike }: Difference): string {
  const count = (kind: Change['kind']): number => changes.filter(change => change.kind === kind).length;
  const parts = [`${count('worse')} worse`, `${count('better')} better`];
  if (count('other') > 0) parts.push(`${count('other')} judged in another way, or in one of the runs only`);
  return [...parts, `${alike} alike`].join(', ');
}

/** Which run a difference begins at. */
export const runWords = ({ dut, driver, seed, startedAt, environment }: RunRecord): string =>
  `${dut} (${driver}), seed ${seed}, ${startedAt}${environment.commit === '' ? '' : `, commit ${environment.commit.slice(0, 12)}`}`;
