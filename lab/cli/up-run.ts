import { randomInt } from 'node:crypto';
import type { DriverName } from '../drivers/driver.ts';
import { badInput, ExitCode, Failure } from '../state/failure.ts';
import type { Topology } from '../topology/model.ts';
import { listLabFolders } from '../state/record.ts';
import { checkLabName, socketPath, stateRoot } from '../state/root.ts';
import type { LabStatus } from '../supervisor/api.ts';
import type { AttachedNetwork } from './attached-network.ts';
import { type CheckRun, checkLines, checkSummary, isGood, runLabChecks, tripwireLines } from './check-text.ts';
import { chooseDriver, requireContainers, requirePeers } from './choose-driver.ts';
import { connectLab, type LabClient } from './client.ts';
import type { CommandContext } from './command.ts';
import type { UpOptions } from './commands/up.ts';
import { isUp } from './find-lab.ts';
import { writeKeyLog } from './key-log-argument.ts';
import { launch } from './launch.ts';
import { withProtectedFlows } from './protected-argument.ts';
import { firstStepLines, summaryLines, tryNextLines } from './summary.ts';
import type { Terminal } from './terminal.ts';
import { topologyArgument } from './topology-argument.ts';

const STOP_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * `lab up`: everything until the lab is confirmed is undone when it fails, or on Ctrl-C. `attach` finds the hosts of a lab that is to
 * be in a network that runs already.
 */
export async function bringUp(
  argument: string,
  options: UpOptions,
  context: CommandContext,
  attach: (topology: Topology) => AttachedNetwork = topology => ({ topology, hosts: null }),
): Promise<void> {
  const { terminal } = context;
  const began = performance.now();
  const { topology, hosts } = attach(withProtectedFlows(topologyArgument(argument, terminal), options.protected));
  if (options.script !== undefined) {
    if (options.dryRun || options.reconcile)
      throw badInput('--script plays in a lab of its own', 'leave the other out');
    requirePeers(topology, 'sim');
    return play(topology, options.script, options, context);
  }
  if (options.bundle !== undefined) throw badInput('--bundle goes with --script', 'lab bundle, of a running lab');
  if (options.write !== undefined)
    throw badInput('-w goes with --script', 'lab capture LINK -w FILE, of a running lab');
  const name = checkLabName(options.name ?? topology.name);
  if (options.reconcile) {
    const running = listLabFolders(stateRoot())
      .filter(isUp)
      .find(folder => folder.name === name);
    if (running !== undefined)
      return (await import('./reconcile-run.ts')).reconcileLab(running, topology, options, context);
  }
  const choice = hosts === null ? chooseDriver(options.driver) : ({ driver: 'mininet', why: null } as const);
  if (options.dryRun) return (await import('./dry-run.ts')).showPlan(name, topology, choice, options, context);
  requirePeers(topology, choice.driver);
  await requireContainers(choice.driver);
  if (options.seed !== undefined && choice.driver !== 'sim') {
    throw badInput('--seed is for --driver sim: a live lab does not repeat itself', 'leave it out, or --driver sim');
  }
  const stop = new AbortController();
  // Listened to until this process ends: once the lab is confirmed a signal is too late, and may not make the end look like one
  // that left nothing behind.
  for (const signal of STOP_SIGNALS) process.on(signal, () => stop.abort());
  try {
    const seed = options.seed ?? String(randomInt(2 ** 31));
    const onProgress = (text: string): void => terminal.progress(`${name}: ${text} …`);
    onProgress(`coming up (${choice.driver})`);
    const lab = await launch({ name, driver: choice.driver, topology, seed, hosts, onProgress }, stop.signal);
    try {
      const client = connectLab(socketPath(lab.directory));
      const run = await inspect(client, { options, name, topology, choice, began }, terminal, stop.signal);
      await lab.confirm();
      if (run !== null && !isGood(run)) context.exit(ExitCode.CHECK_FAILED);
    } catch (error) {
      terminal.progress(`${name}: removing what was made …`);
      await lab.abandon();
      throw error;
    }
  } finally {
    terminal.progress(null);
  }
}

/** `lab up --script`: simulated, in virtual time, and gone afterwards. */
async function play(
  topology: Topology,
  scriptFile: string,
  options: UpOptions,
  context: CommandContext,
): Promise<void> {
  if (options.driver !== 'auto' && options.driver !== 'sim') {
    throw badInput(
      '--script plays in virtual time, which a live lab does not have',
      `leave out --driver ${options.driver}`,
    );
  }
  const { runScript } = await import('./script-run.ts');
  const seed = options.seed ?? String(randomInt(2 ** 31));
  const [captureFile, keyLogFolder] = [options.write ?? null, options.keyLog ?? null];
  const run = { topology, scriptFile, seed, captureFile, keyLogFolder, json: options.json ?? false };
  if (options.bundle === undefined) await runScript(run, context);
  else await (await import('./bundle-script.ts')).runBundled(run, options.bundle, options.protected, context);
}

interface Occasion {
  readonly options: UpOptions;
  readonly name: string;
  readonly topology: Topology;
  readonly choice: { readonly driver: DriverName; readonly why: string | null };
  readonly began: number;
}

/** Looks at the new lab: what exists, what the checks say. null: the checks were left out. */
async function inspect(
  client: LabClient,
  occasion: Occasion,
  terminal: Terminal,
  stop: AbortSignal,
): Promise<CheckRun | null> {
  const { options, name, topology, choice, began } = occasion;
  if (choice.why !== null) terminal.note(`${choice.why}: the simulator is used instead (lab doctor)`);
  const before = options.json ? null : await client.status();
  if (before !== null) {
    for (const line of summaryLines(before, terminal.style)) terminal.data(line);
    if (options.checks) terminal.data('\nchecks');
  }
  const run = options.checks ? await untilStopped(() => runChecks(client, options, terminal), stop) : null;
  if (options.keyLog !== undefined) await writeKeyLog(options.keyLog, client);
  const status = before ?? (await client.status());
  if (stop.aborted) throw interrupted();
  const seconds = (performance.now() - began) / 1000;
  if (options.json) {
    terminal.data(JSON.stringify(jsonOf(status, choice.why, run, seconds)));
    return run;
  }
  if (run !== null) for (const line of tripwireLines(run.tripwire, terminal.style)) terminal.data(line);
  const verdict = run === null ? 'its checks were left out' : checkSummary(run, terminal.style);
  terminal.data(`\n${terminal.style.bold(name)} is up; ${verdict} (${seconds.toFixed(1)} s)\n`);
  const isOnlyLab = listLabFolders(stateRoot()).length === 1;
  const checked = topology.checks.map(({ spec }) => spec);
  for (const line of firstStepLines(topology.firstSteps)) terminal.data(line);
  for (const line of tryNextLines(status, checked, isOnlyLab)) terminal.data(line);
  return run;
}

const runChecks = (client: LabClient, options: UpOptions, terminal: Terminal): Promise<CheckRun> =>
  runLabChecks(client, terminal, result => {
    if (options.json) return;
    for (const line of checkLines(result, terminal.style)) terminal.data(line);
  });

/** What `lab up --json` prints: `ok` and `checks` are null when the checks were left out. */
const jsonOf = (status: LabStatus, driverReason: string | null, run: CheckRun | null, seconds: number) => ({
  ...status,
  driverReason,
  ok: run === null ? null : isGood(run),
  checks: run?.checks ?? null,
  seconds: Number(seconds.toFixed(3)),
});

const interrupted = (): Failure => new Failure(ExitCode.INTERRUPTED, 'interrupted', null);

/** Does not even begin when it is stopped already: nobody would wait for the work then, nor hear that it failed. */
async function untilStopped<T>(work: () => Promise<T>, stop: AbortSignal): Promise<T> {
  if (stop.aborted) throw interrupted();
  return Promise.race([
    work(),
    new Promise<never>((_, reject) => stop.addEventListener('abort', () => reject(interrupted()))),
  ]);
}
