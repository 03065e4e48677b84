import type { Command } from 'commander';
import { ExitCode } from '../../state/failure.ts';
import { socketPath } from '../../state/root.ts';
import { checkLines, checkSummary, isGood, runLabChecks, tripwireLines } from '../check-text.ts';
import { connectLab } from '../client.ts';
import type { CommandContext } from '../command.ts';
import { examples, JSON_OPTION } from '../command.ts';
import { findLab } from '../find-lab.ts';

export function define(command: Command, context: CommandContext): void {
  command
    .description("Run the topology's own checks again. Exit status 1 when one fails.")
    .argument('[lab]', 'name of the lab')
    .option('--lab <name>', 'the same')
    .option(...JSON_OPTION)
    .addHelpText('after', examples(['lab check', 'lab check site-to-site --json']))
    .action((lab: string | undefined, options: Options) => check(lab ?? options.lab, options, context));
}

interface Options {
  readonly lab?: string;
  readonly json?: true;
}

async function check(name: string | undefined, options: Options, context: CommandContext): Promise<void> {
  const { terminal } = context;
  const lab = findLab(name);
  const run = await runLabChecks(connectLab(socketPath(lab.directory)), terminal, result => {
    if (options.json) return;
    for (const line of checkLines(result, terminal.style)) terminal.data(line);
  });
  const ok = isGood(run);
  if (!ok) context.exit(ExitCode.CHECK_FAILED);
  if (options.json) return terminal.data(JSON.stringify({ lab: lab.name, ok, ...run }));
  for (const line of tripwireLines(run.tripwire, terminal.style)) terminal.data(line);
  terminal.data(`\n${checkSummary(run, terminal.style)}`);
}
