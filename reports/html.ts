import type { ClauseRecord, Outcome, RunRecord } from './format.ts';
import { escapeXml } from './junit.ts';
import { provenance, renderPage, row, scrollable } from './page.ts';
import { shardWords } from './text.ts';

const WORDS: Readonly<Record<Outcome, string>> = {
  passed: 'passed',
  failed: 'failed',
  unsupported: 'unsupported',
  inconclusive: 'inconclusive',
};

/** The run as one page that needs nothing else: no script, no font, no address outside of itself; readable in print. */
export function renderHtml(run: RunRecord): string {
  const suites = [...new Set(run.clauses.map(clause => clause.suite))];
  const title = `${run.dut}: ${verdict(run)}`;
  return renderPage({
    title,
    brand: 'ipsec-lab · conformance',
    heading: title,
    header: [summary(run)],
    main: suites.map(suite => suiteSection(suite, run)),
    footer: provenance(run.environment, run.startedAt),
  });
}

/** What a run comes to, in a few words. */
export function verdict(run: RunRecord): string {
  const failed = count(run.clauses, 'failed');
  if (failed > 0) return `${failed} of ${run.clauses.length} clauses failed`;
  const judged = count(run.clauses, 'passed');
  return judged === run.clauses.length
    ? `all ${judged} clauses hold`
    : `${judged} of ${run.clauses.length} clauses hold, the rest were not judged`;
}

export const count = (clauses: readonly ClauseRecord[], outcome: Outcome): number =>
  clauses.filter(clause => clause.outcome === outcome).length;

function summary(run: RunRecord): string {
  const outcomes = (Object.keys(WORDS) as Outcome[]).filter(outcome => count(run.clauses, outcome) > 0);
  const controls = run.clauses.flatMap(clause => clause.controls);
  const caught = controls.filter(control => control.caught).length;
  return [
    '<ul class="totals">',
    ...outcomes.map(outcome => `<li class="${outcome}"><b>${count(run.clauses, outcome)}</b> ${WORDS[outcome]}</li>`),
    controls.length > 0 ? `<li><b>${caught}/${controls.length}</b> broken subjects caught</li>` : '',
    '</ul>',
    `<p>Judged <b>${escapeXml(run.dut)}</b> with the <b>${escapeXml(run.driver)}</b> driver, seed <code>${escapeXml(run.seed)}</code>${shardWords(run)}, in ${(run.durationMs / 1000).toFixed(1)} s.</p>`,
  ].join('\n');
}

function suiteSection(suite: string, run: RunRecord): string {
  const clauses = run.clauses.filter(clause => clause.suite === suite);
  return [
    `<section aria-label="${escapeXml(suite)}">`,
    `<h2>${escapeXml(suite)}</h2>`,
    ...clauses.map(clauseDetails),
    '</section>',
  ].join('\n');
}

function clauseDetails(clause: ClauseRecord): string {
  return [
    `<details id="${escapeXml(clause.id)}"${clause.outcome === 'failed' ? ' open' : ''}>`,
    `<summary><span class="outcome ${clause.outcome}">${WORDS[clause.outcome]}</span> <span class="clause">${escapeXml(clause.id)}</span> <span class="text">${escapeXml(clause.text)}</span></summary>`,
    '<dl>',
    row(
      'Asked by',
      `${escapeXml(clause.rfc.toUpperCase().replace('RFC', 'RFC '))} §${escapeXml(clause.section)}, ${clause.level}`,
    ),
    row('How', escapeXml(clause.scenario)),
    ...(clause.legacy ?? []).map(what => row('Legacy', `<span class="failed">${escapeXml(what)}</span>`)),
    clause.reason === '' ? '' : row('Why', escapeXml(clause.reason)),
    ...clause.controls.map(control =>
      row(
        'Control',
        `<b>${escapeXml(control.subject)}</b> ${control.caught ? 'caught' : '<span class="failed">not caught</span>'}: ${escapeXml(control.how)}`,
      ),
    ),
    clause.pcapng === null
      ? ''
      : row('Capture', `<a href="${escapeXml(encodeURI(clause.pcapng))}" download>${escapeXml(clause.pcapng)}</a>`),
    row('Replay', `<code>${escapeXml(clause.replay)}</code>`),
    '</dl>',
    evidenceTable(clause),
    '</details>',
  ].join('\n');
}

function evidenceTable(clause: ClauseRecord): string {
  if (clause.evidence.length === 0) return '';
  return scrollable('evidence', [
    '<table>',
    '<thead><tr><th scope="col">frame</th><th scope="col">link</th><th scope="col">on the wire</th><th scope="col">shows</th></tr></thead>',
    '<tbody>',
    ...clause.evidence.map(
      item =>
        `<tr><td>${item.frame ?? ''}</td><td>${escapeXml(item.link)}</td><td><code>${escapeXml(item.line)}</code></td><td>${escapeXml(item.says)}</td></tr>`,
    ),
    '</tbody>',
    '</table>',
  ]);
}
