import { copyFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { Command } from 'commander';
import { differenceOf, differenceWords, type Difference } from '../../../reports/conformance/difference.ts';
import { jobSummary } from '../../../reports/conformance/job-summary.ts';
import type { JudgedRun } from '../../../reports/conformance/judged-run.ts';
import { clausePaths, conformancePages, labelsOf } from '../../../reports/conformance/report.ts';
import type { ClauseRecord, RunRecord } from '../../../reports/format.ts';
import { verdict } from '../../../reports/html.ts';
import { readRun } from '../../../reports/render.ts';
import { badInput, ExitCode } from '../../state/failure.ts';
import { type CommandContext, examples, JSON_OPTION } from '../command.ts';
import { appendSummary, writeInto, writing } from '../report-files.ts';
import { framesOfCapture } from '../report-frames.ts';
import { printable } from '../terminal.ts';

const DESCRIPTION = `Pages of what was measured and judged, to read, print and publish: they need no network and nothing beside them.`;

const CONFORMANCE = `Pages of what lab test has left in one folder or several, one an implementation: summary, matrix by section, and a page a clause
with its ladder diagram, the frames that its verdict rests on, its capture and the command that judges it again.
With --compare, what came out otherwise than in an earlier run; exit status 1 when a clause fails now that did not fail then.`;

const PERFORMANCE = `One page, and the same as Markdown, CSV and JSON with every sample, of what lab bench has left in one run or several: charts with
the table behind each, this engine against the others, four claims about cost, method and limits. With --compare, whether anything became
slower than in an earlier run on the same machine; exit status 1, and why, when it did.`;

const CONFORMANCE_EXAMPLES = [
  'lab test; lab report conformance',
  'lab report conformance engine-run strongswan-run -o pages',
  'lab report conformance report --compare report-of-main --summary summary.md',
];
const PERFORMANCE_EXAMPLES = [
  'lab bench compare; lab report performance',
  'lab report performance compare-run ciphers-run setup-run -o pages',
  'lab report performance compare-run --compare base/bench.json --summary summary.md',
];

export function define(command: Command, context: CommandContext): void {
  const wantsJson = (): boolean => command.opts<{ json?: true }>().json === true;
  command
    .description(DESCRIPTION)
    .configureHelp({ showGlobalOptions: true })
    .option(...JSON_OPTION)
    .addHelpText('after', examples([...CONFORMANCE_EXAMPLES.slice(0, 1), ...PERFORMANCE_EXAMPLES.slice(0, 1)]));
  command
    .command('conformance')
    .description(CONFORMANCE)
    .argument('[folder...]', 'what lab test --report has left; report without any')
    .option('-o, --output <dir>', 'where the pages go; conformance in the first folder without it')
    .option('--compare <folder>', 'an earlier run of the same implementation')
    .option('--summary <file>', 'append the summary in Markdown; on GitHub it goes to $GITHUB_STEP_SUMMARY without it')
    .addHelpText('after', examples(CONFORMANCE_EXAMPLES))
    .action((folders: string[], options: Options) => {
      conformance(folders.length === 0 ? ['report'] : folders, { ...options, json: wantsJson() }, context);
    });
  command
    .command('performance')
    .description(PERFORMANCE)
    .argument('[run...]', 'folders that lab bench has written to, or a bench.json; bench without any')
    .option('-o, --output <dir>', 'where the report goes; performance in the folder of the first run without it')
    .option('--compare <run>', 'an earlier run of the same profile on the same machine, by its folder or bench.json')
    .option('--summary <file>', 'append the summary in Markdown; on GitHub it goes to $GITHUB_STEP_SUMMARY without it')
    .addHelpText('after', examples(PERFORMANCE_EXAMPLES))
    .action(async (runs: string[], options: Options) => {
      const { reportPerformance } = await import('../performance-report.ts');
      reportPerformance(runs.length === 0 ? ['bench'] : runs, { ...options, json: wantsJson() }, context);
    });
}

interface Options {
  readonly output?: string;
  readonly compare?: string;
  readonly summary?: string;
}

function conformance(
  folders: readonly string[],
  options: Options & { readonly json: boolean },
  { terminal, exit }: CommandContext,
): void {
  const runs = folders.map(recordIn);
  const labels = labelsOf(runs);
  const output = resolve(options.output ?? join(folders[0] ?? '.', 'conformance'));
  const judged = runs.map((run, i) => judgedRun(run, labels[i] ?? '', folders[i] ?? '.'));
  const difference = options.compare === undefined ? null : compared(options.compare, runs);
  const report = { runs: judged, difference };
  terminal.progress(`writing ${output} …`);
  let pages = 0;
  writing(output, '--output DIR', () => {
    for (const { path, text } of conformancePages(report)) {
      writeInto(output, path, text);
      pages += 1;
    }
    judged.forEach((run, i) => copyCaptures(run, folders[i] ?? '.', output));
  });
  appendSummary(options.summary, () => jobSummary(report));
  terminal.progress(null);
  const worse = difference?.changes.filter(({ kind }) => kind === 'worse') ?? [];
  if (worse.length > 0) exit(ExitCode.CHECK_FAILED);
  const index = join(output, 'index.html');
  if (options.json)
    return terminal.data(JSON.stringify({ report: index, pages, changes: difference?.changes ?? null }));
  for (const { label, run } of judged) terminal.data(`${label}: ${verdict(run)}`);
  if (difference !== null) terminal.data(`against ${printable(options.compare ?? '')}: ${differenceWords(difference)}`);
  for (const { id, reason } of worse) terminal.data(printable(`  worse: ${id}  ${reason}`));
  terminal.data(`report: ${index} (${pages} pages)`);
}

function recordIn(folder: string): RunRecord {
  const file = join(folder, 'results.json');
  if (!existsSync(file))
    throw badInput(`there is no ${printable(file)}`, 'lab test --report DIR leaves one; give that folder');
  try {
    const run = readRun(folder);
    if (!Array.isArray(run.clauses)) throw new Error('it has no clauses');
    return run;
  } catch (error) {
    const why = error instanceof SyntaxError ? 'is no JSON' : String(error instanceof Error ? error.message : error);
    throw badInput(`${printable(file)} cannot be read: ${printable(why)}`, 'run lab test again');
  }
}

/** A path in a record may have been written by anyone: a capture is a file of the folder pcap, as lab test leaves it, or is none. */
const CAPTURE = /^pcap\/[\w.-]+\.pcapng$/;

const captureFile = ({ pcapng }: ClauseRecord, folder: string): string | null =>
  pcapng !== null && CAPTURE.test(pcapng) && existsSync(join(folder, pcapng)) ? join(folder, pcapng) : null;

function judgedRun(run: RunRecord, label: string, folder: string): JudgedRun {
  const captures = clausePaths(run, { folder: 'pcap', label, ending: '.pcapng' });
  return {
    label,
    run,
    pageOf: clausePaths(run, { folder: 'clauses', label, ending: '.html' }),
    captureOf: new Map([...captures].filter(([clause]) => captureFile(clause, folder) !== null)),
    framesOf: clause => {
      const file = captureFile(clause, folder);
      return file === null ? null : framesOfCapture(readFileSync(file), clause);
    },
  };
}

/** With the one run of the same implementation and driver, or with the only one. */
function compared(folder: string, runs: readonly RunRecord[]): Difference {
  const before = recordIn(folder);
  const same = runs.find(({ dut, driver }) => dut === before.dut && driver === before.driver);
  const now = same ?? (runs.length === 1 ? runs[0] : undefined);
  if (now === undefined)
    throw badInput(
      `no run here is of ${printable(before.dut)} (${printable(before.driver)})`,
      'compare one run at a time',
    );
  return differenceOf(before, now);
}

function copyCaptures({ captureOf }: JudgedRun, folder: string, output: string): void {
  for (const [clause, path] of captureOf) {
    const file = captureFile(clause, folder);
    if (file === null) continue;
    mkdirSync(dirname(join(output, path)), { recursive: true });
    copyFileSync(file, join(output, path));
  }
}
