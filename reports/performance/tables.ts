import { escapeMarkdown } from '../conformance/job-summary.ts';
import { CLAIM_COLUMNS, claimRow, claimVerdict } from './claims-section.ts';
import type { Column } from './figure.ts';
import { FIGURE_COLUMNS, figureRows } from './figure-table.ts';
import { GATE_COLUMNS, gateRows, gateWords } from './gate-section.ts';
import { headingOf, headlineSentences } from './index-page.ts';
import { environmentFacts, LIMITS, methodSentences } from './method-section.ts';
import type { PerformanceReport, Study } from './study.ts';
import { figuresOf, ORDER, OTHER, TOPICS, unmeasured } from './topics.ts';
import { VERSUS_COLUMNS, versusRows } from './versus-section.ts';

/** The report in Markdown: all that the page has but for the pictures. */
export function markdownReport({ studies, claims, gate }: PerformanceReport): string {
  const topics = ORDER.flatMap(id => [...TOPICS, OTHER].filter(topic => topic.id === id));
  return [
    ...markdownSummary({ studies, claims, gate }),
    ...topics.flatMap(topic =>
      studies.flatMap(study => {
        const figures = figuresOf(study, topic);
        if (figures.length === 0) return [];
        return [
          `## ${topic.heading}, ${escapeMarkdown(study.label)}`,
          '',
          topic.about,
          '',
          ...rowsOf(FIGURE_COLUMNS, figureRows(figures, study)),
          '',
        ];
      }),
    ),
    '## Method',
    '',
    ...studies.slice(0, 1).flatMap(study => methodSentences(study).map(sentence => `- ${sentence}`)),
    '',
    '## Limits',
    '',
    ...LIMITS.map(sentence => `- ${sentence}`),
    '',
    '## Environment',
    '',
    ...studies.flatMap(study => [
      ...environmentFacts(study).map(([name, value]) => `- ${escapeMarkdown(name)}: ${escapeMarkdown(value)}`),
      '',
    ]),
  ].join('\n');
}

/** What the summary of a job shows: the verdict, this engine and the others, and the claims. */
export function markdownSummary({ studies, claims, gate }: PerformanceReport): readonly string[] {
  const missing = unmeasured(studies).map(({ heading }) => heading.toLowerCase());
  return [
    `# ${escapeMarkdown(headingOf(studies))}`,
    '',
    ...(gate === null
      ? []
      : [
          `**${gateWords(gate)}** against the base of ${escapeMarkdown(gate.base.startedAt)}.`,
          '',
          ...gate.reasons.slice(0, LISTED_MAX).map(reason => `- ${escapeMarkdown(reason)}`),
          ...(gate.reasons.length > LISTED_MAX ? [`- and ${gate.reasons.length - LISTED_MAX} more`] : []),
          ...gate.notes.map(note => `- to be known besides: ${escapeMarkdown(note)}`),
          '',
          ...rowsOf(GATE_COLUMNS, gateRows(gate).slice(0, LISTED_MAX)),
          '',
        ]),
    ...studies.flatMap(summaryOf),
    '## Four claims about cost',
    '',
    ...claims.flatMap(claim => [
      `- “${escapeMarkdown(claim.statement)}” **${claimVerdict(claim)}**: ${escapeMarkdown(claim.because)}.`,
    ]),
    '',
    ...claims.flatMap(({ evidence }) =>
      evidence.length === 0 ? [] : [...rowsOf(CLAIM_COLUMNS, evidence.map(claimRow)), ''],
    ),
    ...(missing.length === 0 ? [] : [`Not measured: ${missing.join(', ')}.`, '']),
  ];
}

/** A job's summary takes 1 MiB. */
const LISTED_MAX = 200;

function summaryOf(study: Study): readonly string[] {
  const warnings = study.disturbances.map(reason => `> The machine was disturbed: ${escapeMarkdown(reason)}.`);
  const versus =
    study.versus.length === 0 ? [] : [...rowsOf(VERSUS_COLUMNS, versusRows(study).slice(0, LISTED_MAX)), ''];
  return [
    `## ${escapeMarkdown(study.label)}`,
    '',
    ...(warnings.length === 0 ? [] : [...warnings, '']),
    ...headlineSentences(study).map(sentence => `- ${escapeMarkdown(sentence)}`),
    '',
    ...versus,
  ];
}

function rowsOf(columns: readonly Column[], rows: readonly (readonly string[])[]): readonly string[] {
  return [
    line(columns.map(({ head }) => head)),
    line(columns.map(({ isNumber }) => (isNumber ? '---:' : '---'))),
    ...rows.map(row => line(row.map(escapeMarkdown))),
  ];
}

const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;

/** Every sample of every run, a line each, for a spreadsheet (RFC 4180). */
export function* samplesCsv(studies: readonly Study[]): Generator<string> {
  const names = [
    ...new Set(studies.flatMap(({ record }) => record.figures.flatMap(({ parameters }) => Object.keys(parameters)))),
  ].sort();
  yield csvLine(['run', 'id', 'subject', 'metric', 'unit', 'better', ...names, 'round', 'value']);
  for (const { label, record } of studies)
    for (const { id, subject, metric, unit, better, parameters, samples } of record.figures)
      for (const { round, value } of samples)
        yield csvLine([
          label,
          id,
          subject,
          metric,
          unit,
          better,
          ...names.map(name => parameters[name] ?? ''),
          round,
          value,
        ]);
}

/** A spreadsheet takes what begins so for a formula, whoever wrote it. */
const FORMULA = /^[=+\-@\t\r]/;

const csvLine = (cells: readonly (string | number)[]): string =>
  `${cells
    .map(cell => (typeof cell === 'string' && FORMULA.test(cell) ? `'${cell}` : String(cell)))
    .map(cell => (/[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell))
    .join(',')}\r\n`;
