import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { tmpdir } from 'node:os';
import type { Command } from 'commander';
import type { Bundle } from '../../bundle/bundle.ts';
import { badInput, errorCode, ExitCode } from '../../state/failure.ts';
import { openBundle } from '../bundle-file.ts';
import { type CommandContext, examples, JSON_OPTION } from '../command.ts';
import { runAgain } from '../run-again.ts';
import { table } from '../table.ts';
import { printable, type Terminal } from '../terminal.ts';
import { differences } from '../verdicts.ts';
import { version } from '../version.ts';

const DESCRIPTION = `Say what is in a bundle, unpack it into a new folder, or do its run again and compare the verdicts.
Exit status of --run: 0 when they are the same, failures included; 1 when they differ.`;

export function define(command: Command, context: CommandContext): void {
  command
    .description(DESCRIPTION)
    .argument('<file>', 'what lab bundle has written')
    .option('--run', 'do it again, in a lab of its own')
    .option('-d, --directory <dir>', 'unpack it there; must not exist')
    .option(...JSON_OPTION)
    .addHelpText(
      'after',
      examples(['lab open failure.lab.tgz', 'lab open failure.lab.tgz --run', 'lab open failure.lab.tgz -d failure']),
    )
    .action((file: string, options: Options) => open(file, options, context));
}

interface Options {
  readonly run?: true;
  readonly directory?: string;
  readonly json?: true;
}

async function open(file: string, options: Options, context: CommandContext): Promise<void> {
  const bundle = openBundle(file);
  if (options.directory !== undefined) unpack(bundle, options.directory);
  if (options.run) return rerun(bundle, options, context);
  show(basename(file), bundle, options, context.terminal);
}

/** Names were looked at when the bundle was read: none leads out of the folder. */
function unpack({ manifest, files }: Bundle, directory: string): void {
  if (existsSync(directory)) throw badInput(`${directory} is there already`, 'name a folder that is not: -d DIR');
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    writeFileSync(join(directory, 'manifest.json'), `${JSON.stringify(manifest, null, 2)}\n`, {
      mode: 0o600,
      flag: 'wx',
    });
    for (const [name, octets] of files) {
      const path = join(directory, name);
      mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
      writeFileSync(path, octets, { mode: 0o600, flag: 'wx' });
    }
  } catch (error) {
    const code = errorCode(error);
    if (code === null) throw error;
    throw badInput(`cannot unpack into ${directory}: ${code}`, 'name a folder in one of your own: -d DIR');
  }
}

async function rerun(bundle: Bundle, options: Options, { terminal, exit, loadProgram }: CommandContext): Promise<void> {
  const { manifest } = bundle;
  if (manifest.by.version !== version()) {
    terminal.note(
      `bundled by version ${printable(manifest.by.version)}, and this is ${version()}: they may differ by that`,
    );
  }
  const folder = mkdtempSync(join(tmpdir(), 'lab-open-'));
  try {
    unpack(bundle, join(folder, 'bundle'));
    const now = await runAgain(bundle, resolve(folder), { terminal, exit: () => undefined, loadProgram });
    const others = differences(manifest.verdicts, now);
    if (others.length > 0) exit(ExitCode.CHECK_FAILED);
    if (options.json) {
      return terminal.data(
        JSON.stringify({ run: manifest.run, same: others.length === 0, verdicts: now, differences: others }),
      );
    }
    if (others.length === 0) return terminal.data(`the same again: all ${now.length} verdicts are as they were`);
    const rows = others.map(({ what, before, now: after }) => [what, before ?? '-', after ?? '-'].map(printable));
    for (const line of table(['VERDICT', 'BUNDLED', 'NOW'], rows)) terminal.data(line);
    terminal.data(`${others.length} of ${Math.max(now.length, manifest.verdicts.length)} verdicts differ`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function show(name: string, { manifest }: Bundle, options: Options, terminal: Terminal): void {
  if (options.json) return terminal.data(JSON.stringify(manifest));
  const { run, verdicts, files, by, madeAt } = manifest;
  terminal.data(
    `${printable(name)}: a run of ${runText(run)}, bundled ${printable(madeAt)} by ipsec-lab ${printable(by.version)}`,
  );
  const rows = files.map(each => [printable(each.name), String(each.octets)]);
  for (const line of table(['FILE', 'OCTETS'], rows)) terminal.data(line);
  terminal.data('');
  for (const line of table(
    ['VERDICT', 'OUTCOME'],
    verdicts.map(each => [each.what, each.outcome].map(printable)),
  ))
    terminal.data(line);
}

function runText(run: Bundle['manifest']['run']): string {
  switch (run.kind) {
    case 'lab':
      return printable(`${run.topology} (${run.driver})`);
    case 'script':
      return printable(`${run.script} on ${run.topology} (seed ${run.seed})`);
    case 'test':
      return printable(`${run.clauses.length} clauses (${run.dut}, ${run.driver})`);
  }
}
