import { existsSync, readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { BenchRecord } from '../../reports/bench-format.ts';
import { gateWords } from '../../reports/performance/gate-section.ts';
import { headlineSentences } from '../../reports/performance/index-page.ts';
import { performanceFiles } from '../../reports/performance/report.ts';
import type { GateVerdict, PerformanceReport } from '../../reports/performance/study.ts';
import { markdownSummary } from '../../reports/performance/tables.ts';
import { judgeClaims } from '../bench/claims.ts';
import { gateVerdict } from '../bench/gate-verdict.ts';
import { readBenchRecord } from '../bench/read-record.ts';
import { labelsOf, studyOf } from '../bench/study.ts';
import { createSeededRandom, type SeededRandom } from '../drivers/sim/seeded-random.ts';
import { badInput, ExitCode } from '../state/failure.ts';
import type { CommandContext } from './command.ts';
import { appendSummary, writeInto, writing } from './report-files.ts';
import { printable } from './terminal.ts';

export interface PerformanceOptions {
  readonly output?: string;
  readonly compare?: string;
  readonly summary?: string;
  readonly json: boolean;
}

/** `lab report performance`: apart from the other reports, since it alone loads what draws charts. */
export function reportPerformance(
  runs: readonly string[],
  options: PerformanceOptions,
  { terminal, exit }: CommandContext,
): void {
  const records = runs.map(recordIn);
  refuseMixed(records);
  const base = options.compare === undefined ? null : recordIn(options.compare);
  const output = resolve(options.output ?? join(folderOf(runs[0] ?? '.'), 'performance'));
  terminal.progress('judging the samples …');
  const labels = labelsOf(records);
  const studies = records.map((record, i) => studyOf(labels[i] ?? '', record, randomFor(record.seed)));
  const seed = records[0]?.seed ?? '';
  const report: PerformanceReport = {
    studies,
    claims: judgeClaims(studies, randomFor(`${seed}/claims`)),
    gate: base === null ? null : gated(base, records, labels),
  };
  terminal.progress(`writing ${output} …`);
  const files = performanceFiles(report);
  writing(output, '--output DIR', () => {
    for (const { path, text } of files) writeInto(output, path, text);
  });
  appendSummary(options.summary, () => markdownSummary(report).join('\n'));
  terminal.progress(null);
  const { gate } = report;
  if (gate?.passed === false) exit(ExitCode.CHECK_FAILED);
  const index = join(output, 'index.html');
  if (options.json) return terminal.data(JSON.stringify({ report: index, files: files.map(({ path }) => path), gate }));
  for (const study of studies) {
    terminal.data(printable(`${study.label}: ${study.figures.length} figures of ${study.record.turns.length} turns`));
    for (const sentence of headlineSentences(study)) terminal.data(printable(`  ${sentence}`));
    for (const reason of study.disturbances) terminal.data(printable(`  disturbed: ${reason}`));
  }
  for (const { verdict, statement } of report.claims)
    if (verdict !== 'not measured') terminal.data(`  claim: ${statement} ${verdict}`);
  if (gate !== null) for (const line of gateLines(gate, options.compare ?? '')) terminal.data(printable(line));
  terminal.data(
    `report: ${index} (with ${files
      .slice(1)
      .map(({ path }) => path)
      .join(', ')})`,
  );
}

/** A run may be given by its folder or its file. */
const fileOf = (run: string): string =>
  existsSync(run) && statSync(run).isDirectory() ? join(run, 'bench.json') : run;
const folderOf = (run: string): string => join(fileOf(run), '..');

function recordIn(run: string): BenchRecord {
  const file = fileOf(run);
  if (!existsSync(file)) throw badInput(`there is no ${printable(file)}`, 'lab bench leaves one; give its folder');
  const read = readBenchRecord(readFileSync(file, 'utf8'));
  if (read.kind === 'unreadable')
    throw badInput(`${printable(file)} cannot be read: ${printable(read.reason)}`, 'run lab bench again');
  return read.record;
}

/** The same record makes the same report. */
const randomFor =
  (seed: string) =>
  (id: string): SeededRandom =>
    createSeededRandom(`${seed}/${id}`);

function refuseMixed(records: readonly BenchRecord[]): void {
  const worlds = new Set(records.map(({ world }) => world));
  if (worlds.size > 1) throw badInput('simulated and live figures are not told in one report', 'make a report of each');
}

/** With the one run of the base's profile. */
function gated(base: BenchRecord, records: readonly BenchRecord[], labels: readonly string[]): GateVerdict {
  const same = records.flatMap((record, i) =>
    record.profile === base.profile ? [{ record, label: labels[i] ?? '' }] : [],
  );
  const [one] = same;
  if (one === undefined || same.length > 1)
    throw badInput(
      `${same.length} runs here are of the profile ${printable(base.profile)}`,
      'compare one run of that profile with its base',
    );
  return gateVerdict(one.label, base, one.record);
}

function gateLines(gate: GateVerdict, base: string): readonly string[] {
  return [
    `against ${base}: ${gateWords(gate)}`,
    ...listed(gate.reasons).map(reason => `  ${reason}`),
    ...listed(gate.notes).map(note => `  note: ${note}`),
  ];
}

/** What a terminal shows of a long list. */
const listed = (sentences: readonly string[]): readonly string[] =>
  sentences.length <= LISTED_MAX
    ? sentences
    : [...sentences.slice(0, LISTED_MAX), `and ${sentences.length - LISTED_MAX} more, in the report`];
const LISTED_MAX = 20;
