import type { ClauseRecord, RunRecord } from '../format.ts';
import { clausePage } from './clause-page.ts';
import { indexPage } from './index-page.ts';
import type { ConformanceReport } from './judged-run.ts';

/** The pages one after the other, so that captures need not be held all at once; `path` is relative to the report's folder. */
export function* conformancePages(
  report: ConformanceReport,
): Generator<{ readonly path: string; readonly text: string }> {
  yield { path: 'index.html', text: indexPage(report) };
  for (const judged of report.runs) {
    for (const [clause, path] of judged.pageOf) yield { path, text: clausePage(clause, judged, report.difference) };
  }
}

/** Names for runs: the implementation and the driver, then what tells them apart. */
export function labelsOf(runs: readonly RunRecord[]): string[] {
  const plain = runs.map(({ dut, driver }) => `${dut} (${driver})`);
  return plain.map((label, i) => {
    const before = plain.slice(0, i).filter(other => other === label).length;
    return before === 0 ? label : `${label} no. ${before + 1}`;
  });
}

/** A path for each clause of a run, by its id, in a folder of the run's label; no two are the same. */
export function clausePaths(
  { clauses }: RunRecord,
  { folder, label, ending }: { readonly folder: string; readonly label: string; readonly ending: string },
): Map<ClauseRecord, string> {
  const taken = new Set<string>();
  return new Map(
    clauses.map(clause => {
      let name = fileName(clause.id);
      while (taken.has(name)) name += '_';
      taken.add(name);
      return [clause, `${folder}/${fileName(label).replace(/_$/, '')}/${name}${ending}`];
    }),
  );
}

/** No folder, and no hidden file. */
const fileName = (text: string): string =>
  text
    .replaceAll(/[^\w.-]+/g, '_')
    .replace(/^\.+/, '_')
    .slice(0, 120);
