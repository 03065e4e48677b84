import type { Command } from 'commander';
import { ExitCode } from '../../state/failure.ts';
import { openTopology } from '../../topology/shipped.ts';
import type { CommandContext } from '../command.ts';
import { examples, JSON_OPTION } from '../command.ts';
import { diagnosticText } from '../topology-argument.ts';

const DESCRIPTION = `Find every error of topology files at once: file:line:column, what is wrong, and how to fix it.
Exit status 2 when there is one.`;

export function define(command: Command, context: CommandContext): void {
  command
    .description(DESCRIPTION)
    .argument('<file...>', 'files, or names of shipped topologies')
    .option(...JSON_OPTION)
    .addHelpText('after', examples(['lab validate my-lab.yaml', 'lab validate topologies/*.yaml --json']))
    .action((files: string[], options: { readonly json?: true }) => validate(files, options, context));
}

function validate(files: readonly string[], options: { readonly json?: true }, context: CommandContext): void {
  const { terminal } = context;
  const results = files.map(file => ({ argument: file, ...openTopology(file) }));
  const broken = results.filter(result => result.topology === null);
  if (broken.length > 0) context.exit(ExitCode.BAD_INPUT);
  if (options.json) {
    const diagnostics = results.flatMap(result => result.diagnostics);
    return terminal.data(JSON.stringify({ ok: broken.length === 0, diagnostics }));
  }
  for (const { argument, topology, diagnostics } of results) {
    for (const diagnostic of diagnostics) terminal.note(diagnosticText(diagnostic, terminal.noteStyle));
    if (topology === null) continue;
    const { nodes, links, checks } = topology;
    terminal.data(`${argument}: good (${nodes.length} nodes, ${links.length} links, ${checks.length} checks)`);
  }
}
