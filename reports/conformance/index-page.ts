import { count, verdict } from '../html.ts';
import type { ClauseRecord, Outcome } from '../format.ts';
import { escapeXml } from '../junit.ts';
import { provenance, renderPage, scrollable } from '../page.ts';
import { shardWords } from '../text.ts';
import { type Change, type Difference, differenceWords, runWords } from './difference.ts';
import {
  cellOf,
  cellWords,
  clausesOf,
  MARKS,
  type Section,
  sectionName,
  sectionsOf,
  standardName,
  worstOf,
} from './matrix.ts';
import type { ConformanceReport, JudgedRun } from './judged-run.ts';

/** The first page: what each run came to, what has changed, the matrix, and every clause by its section. */
export function indexPage({ runs, difference }: ConformanceReport): string {
  const sections = sectionsOf(runs.map(({ run }) => run));
  const [first] = runs;
  const heading =
    runs.length === 1 && first !== undefined
      ? `${first.run.dut}: ${verdict(first.run)}`
      : `${runs.length} runs compared`;
  return renderPage({
    title: heading,
    brand: 'ipsec-lab · conformance report',
    heading,
    header: runs.map(runSummary),
    main: [
      contents(difference),
      difference === null ? '' : differenceSection(difference, runs),
      failures(runs),
      matrix(sections, runs),
      '<section aria-labelledby="clauses">',
      '<h2 id="clauses">Clauses</h2>',
      ...sections.map(section => sectionDetails(section, runs)),
      '</section>',
    ].filter(html => html !== ''),
    footer: runs.map(({ run }) => provenance(run.environment, run.startedAt)).join('\n'),
  });
}

const contents = (difference: Difference | null): string =>
  [
    '<nav aria-label="On this page"><ul>',
    ...(difference === null ? [] : ['<li><a href="#difference">Difference</a></li>']),
    '<li><a href="#failures">Failures</a></li><li><a href="#matrix">Matrix</a></li><li><a href="#clauses">Clauses</a></li>',
    '</ul></nav>',
  ].join('');

function runSummary({ label, run }: JudgedRun): string {
  const outcomes = (Object.keys(MARKS) as Outcome[]).filter(outcome => count(run.clauses, outcome) > 0);
  const controls = run.clauses.flatMap(clause => clause.controls);
  const caught = controls.filter(control => control.caught).length;
  return [
    `<ul class="totals" aria-label="${escapeXml(label)}">`,
    ...outcomes.map(
      outcome => `<li class="${outcome}">${MARKS[outcome]} <b>${count(run.clauses, outcome)}</b> ${outcome}</li>`,
    ),
    controls.length === 0 ? '' : `<li><b>${caught}/${controls.length}</b> broken subjects caught</li>`,
    '</ul>',
    `<p>Judged <b>${escapeXml(run.dut)}</b> with the <b>${escapeXml(run.driver)}</b> driver, seed <code>${escapeXml(run.seed)}</code>${shardWords(run)}, in ${(run.durationMs / 1000).toFixed(1)} s.</p>`,
  ].join('\n');
}

function differenceSection(difference: Difference, runs: readonly JudgedRun[]): string {
  const { before, changes } = difference;
  const judged = runs.find(({ run }) => run === difference.now);
  const linkOf = (id: string): string => {
    const clause = judged?.run.clauses.find(clause => clause.id === id);
    return clause === undefined || judged === undefined ? escapeXml(id) : clauseLink(clause, judged, id);
  };
  const rows = [...changes].sort((a, b) => KINDS.indexOf(a.kind) - KINDS.indexOf(b.kind));
  return [
    '<section aria-labelledby="difference">',
    '<h2 id="difference">Difference</h2>',
    `<p>Against ${escapeXml(runWords(before))}: <b>${escapeXml(differenceWords(difference))}</b>.</p>`,
    rows.length === 0
      ? ''
      : scrollable('what came out otherwise', [
          '<table>',
          '<thead><tr><th scope="col">clause</th><th scope="col">change</th><th scope="col">before</th><th scope="col">now</th><th scope="col">why</th></tr></thead>',
          '<tbody>',
          ...rows.map(
            ({ id, kind, before: was, now, reason }) =>
              `<tr><th scope="row">${linkOf(id)}</th><td>${kind === 'worse' ? '<span class="failed">worse</span>' : kind}</td><td>${outcomeWord(was)}</td><td>${outcomeWord(now)}</td><td>${escapeXml(reason)}</td></tr>`,
          ),
          '</tbody></table>',
        ]),
    '</section>',
  ].join('\n');
}

const KINDS: readonly Change['kind'][] = ['worse', 'better', 'other'];

const outcomeWord = (outcome: Outcome | null): string =>
  outcome === null ? 'not judged' : `<span class="${outcome}">${MARKS[outcome]} ${outcome}</span>`;

const clauseLink = (clause: ClauseRecord, judged: JudgedRun, text: string): string =>
  `<a href="${escapeXml(encodeURI(judged.pageOf.get(clause) ?? ''))}">${escapeXml(text)}</a>`;

function failures(runs: readonly JudgedRun[]): string {
  const items = runs.flatMap(judged =>
    judged.run.clauses
      .filter(({ outcome }) => outcome === 'failed' || outcome === 'inconclusive')
      .map(
        clause =>
          `<li>${outcomeWord(clause.outcome)} ${clauseLink(clause, judged, clause.id)}${runs.length > 1 ? `, ${escapeXml(judged.label)}` : ''}: ${escapeXml(clause.reason)}</li>`,
      ),
  );
  const list = items.length === 0 ? '<p>None.</p>' : `<ul>${items.join('\n')}</ul>`;
  return `<section aria-labelledby="failures">\n<h2 id="failures">Failures</h2>\n${list}\n</section>`;
}

function matrix(sections: readonly Section[], runs: readonly JudgedRun[]): string {
  const head = runs.map(({ label }) => `<th scope="col">${escapeXml(label)}</th>`).join('');
  return [
    '<section aria-labelledby="matrix">',
    '<h2 id="matrix">Matrix</h2>',
    scrollable('matrix of sections and implementations', [
      '<table>',
      '<caption>✓ clauses that hold · ✗ failed · ? inconclusive · – unsupported</caption>',
      `<thead><tr><th scope="col">standard</th><th scope="col">section</th>${head}</tr></thead>`,
      '<tbody>',
      ...sections.map(section => matrixRow(section, runs)),
      '</tbody></table>',
    ]),
    '</section>',
  ].join('\n');
}

function matrixRow(section: Section, runs: readonly JudgedRun[]): string {
  const cells = runs.map(({ run }) => {
    const cell = cellOf(run, section);
    return `<td class="${worstOf(cell) ?? 'unsupported'}">${cellWords(cell)}</td>`;
  });
  return `<tr><td>${escapeXml(standardName(section.rfc))}</td><th scope="row"><a href="#${anchorOf(section)}">${escapeXml(sectionName(section))}</a></th>${cells.join('')}</tr>`;
}

const anchorOf = ({ rfc, section }: Section): string => escapeXml(`s-${rfc}-${section}`.replaceAll(/[^\w.-]/g, '_'));

function sectionDetails(section: Section, runs: readonly JudgedRun[]): string {
  const isBad = runs.some(({ run }) => ['failed', 'inconclusive'].includes(worstOf(cellOf(run, section)) ?? ''));
  const clauses = new Map(runs.flatMap(({ run }) => clausesOf(run, section)).map(clause => [clause.id, clause]));
  return [
    `<details id="${anchorOf(section)}"${isBad ? ' open' : ''}>`,
    `<summary><span class="clause">${escapeXml(standardName(section.rfc))} ${escapeXml(sectionName(section))}</span> <span class="text">${clauses.size} ${clauses.size === 1 ? 'clause' : 'clauses'}</span></summary>`,
    '<ul>',
    ...[...clauses.values()].map(
      clause => `<li>${escapeXml(clause.text)} (${clause.level})<br>${outcomesOf(clause.id, runs).join(' · ')}</li>`,
    ),
    '</ul>',
    '</details>',
  ].join('\n');
}

/** Of one clause, in each run that judged it; each leads to its page. */
function outcomesOf(id: string, runs: readonly JudgedRun[]): string[] {
  return runs.flatMap(judged => {
    const clause = judged.run.clauses.find(clause => clause.id === id);
    if (clause === undefined) return [];
    const text = runs.length > 1 ? `${id}, ${judged.label}` : id;
    return [`${outcomeWord(clause.outcome)} ${clauseLink(clause, judged, text)}`];
  });
}
