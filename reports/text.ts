import type { ClauseRecord, RunRecord } from './format.ts';

const MARKS = { passed: 'ok  ', failed: 'FAIL', unsupported: '--  ', inconclusive: '??  ' } as const;

/** The run for a terminal: a line a clause, what a failure means and how to see it again, the totals last. */
export function renderText(run: RunRecord): string {
  const suites = [...new Set(run.clauses.map(clause => clause.suite))];
  const lines = suites.flatMap(suite => {
    const clauses = run.clauses.filter(clause => clause.suite === suite);
    const common = commonLegacy(clauses);
    return [
      `${suite} (${run.dut}, ${run.driver}, seed ${run.seed}${shardWords(run)})`,
      ...common.map(what => `  legacy: ${what}`),
      ...clauses.flatMap(clause => clauseLines(clause, common)),
      '',
    ];
  });
  return [...lines, totals(run), ''].join('\n');
}

/** `, shard 1/4`: nothing for a run that is whole. */
export const shardWords = ({ shard }: RunRecord): string =>
  shard === undefined ? '' : `, shard ${shard.index}/${shard.count}`;

/** What every clause of a suite rests on is said once. */
function commonLegacy([first, ...others]: readonly ClauseRecord[]): readonly string[] {
  return (first?.legacy ?? []).filter(what => others.every(({ legacy = [] }) => legacy.includes(what)));
}

function clauseLines(clause: ClauseRecord, common: readonly string[]): string[] {
  const missed = clause.controls.filter(control => !control.caught);
  return [
    `  ${MARKS[clause.outcome]} ${clause.id}  ${clause.text}`,
    ...(clause.legacy ?? []).filter(what => !common.includes(what)).map(what => `       legacy: ${what}`),
    ...(clause.reason === '' ? [] : [`       ${clause.reason}`]),
    ...missed.map(control => `       does not catch ${control.subject}: ${control.how}`),
    ...(clause.outcome === 'failed' ? evidenceLines(clause) : []),
  ];
}

function evidenceLines(clause: ClauseRecord): string[] {
  return [
    ...clause.evidence.map(
      item => `       ${item.frame === null ? item.link : `${item.link} #${item.frame}`}  ${item.line}  (${item.says})`,
    ),
    `       replay: ${clause.replay}`,
  ];
}

function totals(run: RunRecord): string {
  const count = (outcome: ClauseRecord['outcome']): number =>
    run.clauses.filter(clause => clause.outcome === outcome).length;
  const controls = run.clauses.flatMap(clause => clause.controls);
  const parts = [`${count('passed')} passed`, `${count('failed')} failed`];
  if (count('unsupported') > 0) parts.push(`${count('unsupported')} unsupported`);
  if (count('inconclusive') > 0) parts.push(`${count('inconclusive')} inconclusive`);
  const caught =
    controls.length === 0
      ? ''
      : `; ${controls.filter(control => control.caught).length} of ${controls.length} broken subjects caught`;
  return `${parts.join(', ')} in ${(run.durationMs / 1000).toFixed(1)} s${shardWords(run)}${caught}`;
}
