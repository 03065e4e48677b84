import { escapeXml } from '../junit.ts';
import { foldedTable, numbers, words } from './figure.ts';
import type { GatedFigure, GateVerdict } from './study.ts';
import { changeWords } from './units.ts';

/** What `--compare` found: why it failed, or that there is no significant difference; then figure by figure. */
export function gateSection(gate: GateVerdict): string {
  const of = gate.base.commit === '' ? '' : ` of commit ${gate.base.commit.slice(0, 12)}`;
  return [
    '<section aria-labelledby="gate">',
    '<h2 id="gate">Against the base</h2>',
    `<p><span class="verdict">${escapeXml(gateWords(gate))}</span>, ${escapeXml(gate.label)} against the run of ${escapeXml(gate.base.startedAt)}${escapeXml(of)}. Changes below ${(gate.changeMin * 100).toFixed(0)} % count for nothing, and the doubt is shared among all figures: of a hundred runs of one commit one is called slower, however many figures there are.</p>`,
    list(gate.reasons, 'warning', 'Why it does not pass'),
    list(gate.notes, '', 'To be known besides'),
    gate.figures.length === 0 ? '' : foldedTable('Against the base', GATE_COLUMNS, gateRows(gate)),
    '</section>',
  ].join('\n');
}

export function gateWords({ passed, figures, reasons }: GateVerdict): string {
  if (!passed) return `✗ ${reasons.length} ${reasons.length === 1 ? 'reason' : 'reasons'} not to pass`;
  const faster = figures.filter(({ verdict }) => verdict === 'faster').length;
  return faster === 0
    ? '✓ no significant difference'
    : `✓ nothing became slower, ${faster} of ${figures.length} became faster`;
}

const list = (sentences: readonly string[], kind: string, label: string): string =>
  sentences.length === 0
    ? ''
    : `<ul class="${kind}" aria-label="${label}">${sentences.map(sentence => `<li>${escapeXml(sentence)}</li>`).join('')}</ul>`;

export const GATE_COLUMNS = [words('figure'), words('verdict'), numbers('change'), words('effect')];

const RANK = ['slower', null, 'faster', 'noSignificantDifference'] as const;

/** What matters first. */
export const gateRows = ({ figures }: GateVerdict): readonly (readonly string[])[] =>
  figures
    .toSorted((a, b) => RANK.indexOf(a.verdict) - RANK.indexOf(b.verdict))
    .map(figure => [
      figure.id,
      verdictWords(figure),
      figure.change === null ? '' : changeWords(figure.change),
      figure.size,
    ]);

function verdictWords({ verdict, obstacle }: GatedFigure): string {
  if (verdict === null) return obstacle ?? 'not compared';
  return verdict === 'noSignificantDifference' ? 'no significant difference' : verdict;
}
