import { setTimeout as delay } from 'node:timers/promises';
import type { Command } from 'commander';
import { badInput } from '../../state/failure.ts';
import { isAlive } from '../../state/process.ts';
import { type LabFolder, listLabFolders } from '../../state/record.ts';
import { socketPath, stateRoot } from '../../state/root.ts';
import { connectLab } from '../client.ts';
import type { CommandContext } from '../command.ts';
import { examples, JSON_OPTION } from '../command.ts';
import { findLab, isLive, isUp } from '../find-lab.ts';
import { standardOutput } from '../standard.ts';
import { type SeenStatus, withProcesses } from '../seen-status.ts';
import { statusLines } from '../status-text.ts';
import { table } from '../table.ts';
import { printable, type Terminal } from '../terminal.ts';

export function define(command: Command, context: CommandContext): void {
  command
    .description(
      'Nodes, links, processes, tunnels, SAs and counters of a lab; with several labs and no name, a list of them.',
    )
    .argument('[lab]', 'name of the lab')
    .option('--lab <name>', 'the same')
    .option('--watch', 'again every second, until Ctrl-C')
    .option(...JSON_OPTION)
    .addHelpText('after', examples(['lab status', 'lab status site-to-site --watch', 'lab status --json | jq .nodes']))
    .action((lab: string | undefined, options: Options) => status(lab ?? options.lab, options, context.terminal));
}

interface Options {
  readonly lab?: string;
  readonly watch?: true;
  readonly json?: true;
}

async function status(name: string | undefined, options: Options, terminal: Terminal): Promise<void> {
  const folders = listLabFolders(stateRoot());
  if (name === undefined && (folders.length !== 1 || !folders.every(isUp))) return list(folders, options, terminal);
  const lab = findLab(name);
  const client = connectLab(socketPath(lab.directory));
  const look = async (): Promise<SeenStatus> => withProcesses(await client.status(), lab.record?.runId ?? null);
  if (!options.watch) return show(await look(), options, terminal);
  if (!terminal.isTTY && !options.json) {
    throw badInput('--watch needs a terminal', 'lab status --watch --json for a program: one JSON a line');
  }
  for (;;) {
    const found = await look();
    if (!options.json) standardOutput().write(CLEAR_SCREEN);
    show(found, options, terminal);
    await delay(WATCH_MS);
  }
}

const WATCH_MS = 1_000;
/** Cursor home, then erase to the end: less flicker than erasing first. */
const CLEAR_SCREEN = '\u001b[H\u001b[2J';

function show(found: SeenStatus, options: Options, terminal: Terminal): void {
  if (options.json) return terminal.data(JSON.stringify(found));
  for (const line of statusLines(found, terminal.style)) terminal.data(line);
}

/** What is known without asking the labs. */
function list(folders: readonly LabFolder[], options: Options, terminal: Terminal): void {
  const labs = folders.map(folder => ({
    lab: folder.name,
    state: stateOf(folder),
    driver: folder.record?.driver ?? null,
    topology: folder.record?.topology ?? null,
    startedAt: folder.record === null ? null : new Date(folder.record.createdAtMs).toISOString(),
  }));
  if (options.json) return terminal.data(JSON.stringify({ labs }));
  if (labs.length === 0) return terminal.note('no lab is running; lab up site-to-site starts one');
  const rows = labs.map(lab => [
    lab.lab,
    lab.state,
    lab.driver ?? '-',
    printable(lab.topology ?? '-'),
    lab.startedAt ?? '-',
  ]);
  for (const line of table(['LAB', 'STATE', 'DRIVER', 'TOPOLOGY', 'STARTED'], rows)) terminal.data(line);
  if (labs.some(lab => lab.state === 'killed'))
    terminal.note('lab down removes what is left of those that were killed');
}

function stateOf(folder: LabFolder): 'up' | 'starting' | 'killed' {
  if (isUp(folder)) return 'up';
  const { record } = folder;
  return record !== null && (isLive(folder) || isAlive(record.creator)) ? 'starting' : 'killed';
}
