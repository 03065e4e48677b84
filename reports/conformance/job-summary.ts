import { count, verdict } from '../html.ts';
import { differenceWords, runWords } from './difference.ts';
import { cellOf, cellWords, sectionName, sectionsOf, standardName } from './matrix.ts';
import type { ConformanceReport, JudgedRun } from './judged-run.ts';

/** GitHub takes 1 MiB for a step: what fails all over is counted. */
const LISTED_MAX = 50;

/** The report in Markdown, for the summary of a job on GitHub and its like: totals, what has changed, failures, matrix. */
export function jobSummary({ runs, difference }: ConformanceReport): string {
  const standing = difference?.changes.filter(({ kind }) => kind === 'worse') ?? [];
  return [
    '## Conformance',
    '',
    '| judged | passed | failed | unsupported | inconclusive | |',
    '| --- | ---: | ---: | ---: | ---: | --- |',
    ...runs.map(totalsRow),
    '',
    ...(difference === null
      ? []
      : [`Against ${escapeMarkdown(runWords(difference.before))}: **${differenceWords(difference)}**.`, '']),
    ...standing
      .slice(0, LISTED_MAX)
      .map(({ id, reason }) => `- worse: ${escapeMarkdown(id)}: ${escapeMarkdown(reason)}`),
    ...(standing.length > LISTED_MAX ? [`- and ${standing.length - LISTED_MAX} more`] : []),
    ...(standing.length > 0 ? [''] : []),
    ...runs.flatMap(failureLines),
    ...matrixLines(runs),
    '',
  ].join('\n');
}

function totalsRow({ label, run }: JudgedRun): string {
  const counts = (['passed', 'failed', 'unsupported', 'inconclusive'] as const).map(outcome =>
    count(run.clauses, outcome),
  );
  return `| ${[escapeMarkdown(label), ...counts, escapeMarkdown(verdict(run))].join(' | ')} |`;
}

function failureLines({ label, run }: JudgedRun): string[] {
  const bad = run.clauses.filter(({ outcome }) => outcome === 'failed' || outcome === 'inconclusive');
  if (bad.length === 0) return [];
  return [
    `### Failures of ${escapeMarkdown(label)}`,
    '',
    ...bad
      .slice(0, LISTED_MAX)
      .map(({ id, text, reason }) => `- **${escapeMarkdown(id)}** ${escapeMarkdown(text)}: ${escapeMarkdown(reason)}`),
    ...(bad.length > LISTED_MAX ? [`- and ${bad.length - LISTED_MAX} more`] : []),
    '',
  ];
}

function matrixLines(runs: readonly JudgedRun[]): string[] {
  const sections = sectionsOf(runs.map(({ run }) => run));
  return [
    '<details><summary>Matrix by section</summary>',
    '',
    `| standard | section | ${runs.map(({ label }) => escapeMarkdown(label)).join(' | ')} |`,
    `| --- | --- |${' --- |'.repeat(runs.length)}`,
    ...sections.map(
      section =>
        `| ${escapeMarkdown(standardName(section.rfc))} | ${escapeMarkdown(sectionName(section))} | ${runs.map(({ run }) => cellWords(cellOf(run, section))).join(' | ')} |`,
    ),
    '',
    '</details>',
  ];
}

const REASON_CHARACTERS_MAX = 500;

/** One line that is text and nothing else, whatever a peer has put into it: no markup, no cell, no one called by name. */
export function escapeMarkdown(text: string): string {
  const line = text.replaceAll(/[\p{Cc}\s]+/gu, ' ').trim();
  const short = line.length > REASON_CHARACTERS_MAX ? `${line.slice(0, REASON_CHARACTERS_MAX)} …` : line;
  return short
    .replaceAll(/[\\`*_[\]|~#!]/g, '\\$&')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('@', '&#64;');
}
