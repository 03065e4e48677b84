import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { RunRecord } from '../../reports/format.ts';
import { readRun } from '../../reports/render.ts';
import type { Bundle, BundledRun, Verdict } from '../bundle/bundle.ts';
import { topologyIn } from '../bundle/topology-files.ts';
import { badInput } from '../state/failure.ts';
import { socketPath } from '../state/root.ts';
import type { Topology } from '../topology/model.ts';
import { runLabChecks } from './check-text.ts';
import { chooseDriver, DRIVER_CHOICES, requireContainers, requirePeers } from './choose-driver.ts';
import { connectLab } from './client.ts';
import type { CommandContext } from './command.ts';
import { launch } from './launch.ts';
import { withProtectedFlows } from './protected-argument.ts';
import type { Terminal } from './terminal.ts';
import { verdictsOf } from './verdicts.ts';

type Run<Kind extends BundledRun['kind']> = Extract<BundledRun, { kind: Kind }>;

/** Does what a bundle tells of once more, from what is in it alone. `folder`: where it is unpacked, as `bundle`. */
export async function runAgain(bundle: Bundle, folder: string, context: CommandContext): Promise<readonly Verdict[]> {
  const { run } = bundle.manifest;
  switch (run.kind) {
    case 'lab':
      return labAgain(topologyOf(bundle, run), run, context);
    case 'script':
      return scriptAgain(topologyOf(bundle, run), run, folder, context);
    case 'test':
      return clausesAgain(run, folder, context);
  }
}

function topologyOf(bundle: Bundle, run: Run<'lab' | 'script'>): Topology {
  const { topology, diagnostics } = topologyIn(bundle, run.topology);
  if (topology !== null) return withProtectedFlows(topology, run.protected);
  const [first] = diagnostics;
  const where = first === undefined ? '' : `: ${first.file}:${first.line}:${first.column}: ${first.message}`;
  throw badInput(`the topology of the bundle has errors for this lab${where}`, 'use the version that has bundled it');
}

async function labAgain(
  topology: Topology,
  run: Run<'lab'>,
  { terminal }: CommandContext,
): Promise<readonly Verdict[]> {
  const asked = DRIVER_CHOICES.find(known => known === run.driver);
  if (asked === undefined) throw badInput(`the bundle is of driver "${run.driver}", which this lab has not`, null);
  const { driver } = chooseDriver(asked);
  requirePeers(topology, driver);
  await requireContainers(driver);
  const name = `again-${process.pid}`;
  const onProgress = (text: string): void => terminal.progress(`${name}: ${text} …`);
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stop.abort());
  const lab = await launch({ name, driver, topology, seed: run.seed ?? '1', hosts: null, onProgress }, stop.signal);
  try {
    return verdictsOf(await runLabChecks(connectLab(socketPath(lab.directory)), terminal, () => undefined));
  } finally {
    await lab.abandon();
    terminal.progress(null);
  }
}

async function scriptAgain(
  topology: Topology,
  run: Run<'script'>,
  folder: string,
  context: CommandContext,
): Promise<readonly Verdict[]> {
  const { runScript } = await import('./script-run.ts');
  const scriptFile = join(folder, 'bundle', run.script);
  const plan = { topology, scriptFile, seed: run.seed, captureFile: null, keyLogFolder: null, json: true };
  return runScript(plan, { ...context, terminal: silently(context.terminal) });
}

/** A few clauses one after the other, many by their suites; what else those judge is not compared. */
async function clausesAgain(run: Run<'test'>, folder: string, context: CommandContext): Promise<readonly Verdict[]> {
  if (run.clauses.length === 0) throw badInput('the bundle has no clause', 'use one that lab bundle has written');
  const suites = [...new Set(run.clauses.map(({ suite }) => suite))];
  const isFew = run.clauses.length <= CLAUSES_ALONE_MAX;
  const rounds = isFew ? run.clauses.map(({ id, suite }) => ({ only: [`--only=${id}`], suites: [suite] })) : [];
  const verdicts = new Map<string, string>();
  for (const round of isFew ? rounds : [{ only: [], suites }]) {
    for (const { id, outcome } of await suitesAgain(run, round, join(folder, 'report'), context))
      verdicts.set(id, outcome);
  }
  return run.clauses.flatMap(({ id }) => {
    const outcome = verdicts.get(id);
    return outcome === undefined ? [] : [{ what: id, outcome }];
  });
}

/** Each costs the start of a test runner. */
const CLAUSES_ALONE_MAX = 5;

async function suitesAgain(
  { dut, driver, seed }: Run<'test'>,
  { only, suites }: { readonly only: readonly string[]; readonly suites: readonly string[] },
  report: string,
  { terminal }: CommandContext,
): Promise<RunRecord['clauses']> {
  const { main } = await import('./main.ts');
  const settings = [`--dut=${dut}`, `--driver=${driver}`, `--seed=${seed}`, `--report=${report}`, '--json'];
  await main(['test', ...only, ...settings, '--', ...suites], silently(terminal));
  if (!existsSync(join(report, 'results.json'))) throw badInput('the suites were not run', 'see above');
  return readRun(report).clauses;
}

/** What it would print is not what was asked for. */
const silently = (terminal: Terminal): Terminal => ({ ...terminal, data: () => undefined });
