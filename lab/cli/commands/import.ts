import { readFileSync, writeFileSync } from 'node:fs';
import type { Command } from 'commander';
import type { Imported } from '../../exchange/imported.ts';
import { draftText } from '../../exchange/network-draft.ts';
import { badInput, errorCode, ExitCode } from '../../state/failure.ts';
import { loadTopology } from '../../topology/load.ts';
import { type CommandContext, examples, JSON_OPTION } from '../command.ts';
import { requireMininet } from '../choose-driver.ts';
import { diagnosticText } from '../topology-argument.ts';

const DESCRIPTION = `Write another tool's network as a topology, for you to go on with: give gateways their policies, and check it.
What was assumed stands in comments, what was left out is said; what cannot be imported is an error with its place.`;

export interface ImportOptions {
  readonly out?: string;
  readonly json?: true;
}

/** A subcommand for each format. */
export function define(command: Command, context: CommandContext): void {
  command
    .description(DESCRIPTION)
    .configureHelp({ showGlobalOptions: true })
    .option('--out <file>', 'write here; standard output unless given')
    .option(...JSON_OPTION)
    .addHelpText('after', examples(['lab import containerlab spine.clab.yml > spine.yaml']));
  command
    .command('containerlab')
    .summary("nodes of kind linux, links and exec lines of containerlab's YAML")
    .description(
      "Read containerlab's YAML: nodes of kind linux, their links, and the addresses and routes of exec lines.",
    )
    .argument('<file>')
    .addHelpText('after', examples(['lab import containerlab spine.clab.yml --out spine.yaml && lab up ./spine.yaml']))
    .action(async (file: string, _: unknown, subcommand: Command) => {
      const { importContainerlab } = await import('../../exchange/containerlab/import.ts');
      finishImport(importContainerlab(file, textOf(file)), subcommand.optsWithGlobals<ImportOptions>(), context);
    });
  command
    .command('mininet')
    .summary('hosts, links and switches of a topology in Python, for Mininet')
    .description(
      `Read a Python file for Mininet: the topology that it defines, a subclass of Topo or an entry of \`topos\`. The file is run for that,
without any right, network or file; no network is started. Switches become the links that they make.`,
    )
    .argument('<file>')
    .option('--topo <topology>', 'which, with its arguments, where it has several: name,3,fanout=2')
    .addHelpText(
      'after',
      examples(['lab import mininet ring.py > ring.yaml', 'lab import mininet tree.py --topo tree,3 --out tree.yaml']),
    )
    .action(async (file: string, { topo }: { readonly topo?: string }, subcommand: Command) => {
      const { importMininet } = await import('../../exchange/mininet/import.ts');
      const imported = importMininet({ file, source: textOf(file), topo: topo ?? null }, requireMininet());
      finishImport(imported, subcommand.optsWithGlobals<ImportOptions>(), context);
    });
}

function textOf(file: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(file));
  } catch (error) {
    if (error instanceof TypeError) throw badInput(`${file} is not UTF-8 text`, 'save it as UTF-8');
    throw badInput(`cannot read ${file}: ${errorCode(error) ?? 'unknown error'}`, 'name a file');
  }
}

/**
 * Writes what was imported and says what was not. A topology that does not load yet is written as well: its diagnostics, in its
 * own lines, are what is left to do.
 */
export function finishImport(
  { draft, errors, notes }: Imported,
  { out, json }: ImportOptions,
  context: CommandContext,
): void {
  const { terminal, exit } = context;
  for (const diagnostic of [...errors, ...notes]) terminal.note(diagnosticText(diagnostic, terminal.noteStyle));
  if (draft === null) {
    throw badInput(`${errors.length === 1 ? 'one thing' : `${errors.length} things`} in it cannot be imported`, null);
  }
  const text = draftText(draft);
  if (out !== undefined) writeTo(out, text);
  const { diagnostics } = loadTopology(out ?? 'standard output', text);
  for (const diagnostic of diagnostics) terminal.note(diagnosticText(diagnostic, terminal.noteStyle));
  if (diagnostics.length > 0) exit(ExitCode.CHECK_FAILED);
  if (json) return terminal.data(JSON.stringify({ topology: text, notes, diagnostics }));
  if (out === undefined) return terminal.data(text.trimEnd());
  const next =
    diagnostics.length === 0 ? `lab up ${/[/]/.test(out) ? out : `./${out}`}` : `mend it, then: lab validate ${out}`;
  terminal.data(`wrote ${out}; next: ${next}`);
}

function writeTo(out: string, text: string): void {
  try {
    writeFileSync(out, text, { flag: 'wx' });
  } catch (error) {
    const code = errorCode(error);
    if (code === 'EEXIST') throw badInput(`${out} is there already`, 'remove it, or choose another name');
    throw badInput(`cannot write ${out}: ${code ?? 'unknown error'}`, 'choose another place: --out FILE');
  }
}
