import { indexPage } from './index-page.ts';
import type { PerformanceReport } from './study.ts';
import { markdownReport, samplesCsv } from './tables.ts';

/** The files of a report; `path` is relative to its folder. */
export function performanceFiles(
  report: PerformanceReport,
): readonly { readonly path: string; readonly text: string }[] {
  return [
    { path: 'index.html', text: indexPage(report) },
    { path: 'report.md', text: markdownReport(report) },
    { path: 'samples.csv', text: [...samplesCsv(report.studies)].join('') },
    { path: 'report.json', text: `${JSON.stringify(jsonReport(report))}\n` },
  ];
}

/** For programs: each run's record, whole, and what was made of it, by the ids of its figures. */
function jsonReport({ studies, claims, gate }: PerformanceReport): object {
  return {
    format: 1,
    runs: studies.map(({ record, figures, versus, ...study }) => ({
      ...study,
      record,
      figures: figures.map(({ figure, ...judged }) => ({ id: figure.id, ...judged })),
      versus: versus.map(({ figure, other, ratio, effect }) => ({ id: figure.id, other: other.id, ratio, effect })),
    })),
    claims,
    gate,
  };
}
