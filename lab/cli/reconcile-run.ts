import { resolve } from 'node:path';
import { changeLine } from '../reconcile/change-text.ts';
import { type Change, planChanges } from '../reconcile/changes.ts';
import { keepMacs } from '../reconcile/keep-macs.ts';
import { badInput, ExitCode } from '../state/failure.ts';
import { tryLock } from '../state/lock.ts';
import { type LabFolder, readLabFolder, writeRecord } from '../state/record.ts';
import { socketPath, stateRoot } from '../state/root.ts';
import type { Topology } from '../topology/model.ts';
import { checkLines, checkSummary, isGood, runLabChecks, tripwireLines } from './check-text.ts';
import { connectLab, type LabClient } from './client.ts';
import type { CommandContext } from './command.ts';
import type { UpOptions } from './commands/up.ts';
import { printable } from './terminal.ts';

/** `lab up --reconcile` of a lab that runs: what the file says otherwise is changed, told, and judged. */
export async function reconcileLab(
  lab: LabFolder,
  topology: Topology,
  options: UpOptions,
  context: CommandContext,
): Promise<void> {
  const { terminal } = context;
  const lock = await tryLock(stateRoot(), lab.name);
  if (lock === null) throw badInput(`another command is at work with lab "${lab.name}"`, 'wait for its end');
  try {
    const client = connectLab(socketPath(lab.directory));
    const before = await client.asked();
    const next = keepMacs(before, topology);
    const { changes, obstacle } = planChanges(before, next);
    if (obstacle !== null)
      throw badInput(`lab "${lab.name}" cannot become that while it runs: ${obstacle.message}`, obstacle.fix);
    if (!options.json) for (const line of linesOf(lab.name, changes)) terminal.data(line);
    if (options.dryRun || changes.length === 0) {
      if (options.json) terminal.data(JSON.stringify({ lab: lab.name, changes, applied: false }));
      return;
    }
    terminal.progress(`${lab.name}: changing …`);
    await client.reconcile(next);
    remember(lab, next);
    terminal.progress(null);
    await judge(client, lab.name, changes, options, context);
  } finally {
    lock.release();
  }
}

function linesOf(name: string, changes: readonly Change[]): string[] {
  if (changes.length === 0) return [`${name} is what the file says: nothing to change`];
  return changes.map(change => printable(changeLine(change)));
}

/** What finds the lab's parts when none of its processes can be asked. */
function remember({ directory }: LabFolder, { name, file, nodes, links }: Topology): void {
  const { record } = readLabFolder(directory);
  if (record === null) return;
  const [nodeNames, linkNames] = [nodes, links].map(all => all.map(each => each.name));
  writeRecord(directory, {
    ...record,
    topology: name,
    file: resolve(file),
    nodes: nodeNames ?? [],
    links: linkNames ?? [],
  });
}

async function judge(
  client: LabClient,
  name: string,
  changes: readonly Change[],
  options: UpOptions,
  { terminal, exit }: CommandContext,
): Promise<void> {
  if (!options.checks) {
    if (options.json) terminal.data(JSON.stringify({ lab: name, changes, applied: true, ok: null, checks: null }));
    else terminal.data(`\n${terminal.style.bold(name)} is changed; its checks were left out`);
    return;
  }
  if (!options.json) terminal.data('\nchecks');
  const run = await runLabChecks(client, terminal, result => {
    if (!options.json) for (const line of checkLines(result, terminal.style)) terminal.data(line);
  });
  if (!isGood(run)) exit(ExitCode.CHECK_FAILED);
  if (options.json) {
    return terminal.data(JSON.stringify({ lab: name, changes, applied: true, ok: isGood(run), checks: run.checks }));
  }
  for (const line of tripwireLines(run.tripwire, terminal.style)) terminal.data(line);
  terminal.data(`\n${terminal.style.bold(name)} is changed; ${checkSummary(run, terminal.style)}`);
}
