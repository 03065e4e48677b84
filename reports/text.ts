import type { ClauseRecord, RunRecord } from './format.ts';

const MARKS = { passed: 'ok  ', failed: 'FAIL', unsupported: '--  ', inconclusive: '??  ' } as const;

/** The run for a terminal: a line a clause, what a failure means and how to see it again, the totals last. */
export function renderText(run: RunRecord): string {
  const suites = [...new Set(run.clauses.map(clause => clause.suite))];
  const lines = suites.flatMap(suite => [
    `${suite} (${run.dut}, ${run.driver}, seed ${run.seed})`,
    ...run.clauses.filter(clause => clause.suite === suite).flatMap(clauseLines),
    '',
  ]);
  return [...lines, totals(run), ''].join('\n');
}

function clauseLines(clause: ClauseRecord): string[] {
  const missed = clause.controls.filter(control => !control.caught);
  return [
    `  ${MARKS[clause.outcome]} ${clause.id}  ${clause.text}`,
    ...(clause.legacy ?? []).map(what => `       legacy: ${what}`),
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
  return `${parts.join(', ')} in ${(run.durationMs / 1000).toFixed(1)} s${caught}`;
}
