import type { Command } from 'commander';
import { socketPath } from '../../state/root.ts';
import { connectLab } from '../client.ts';
import { type CommandContext, examples, JSON_OPTION, LAB_OPTION } from '../command.ts';
import { checkName, findLab } from '../find-lab.ts';
import type { Terminal } from '../terminal.ts';

export function define(command: Command, context: CommandContext): void {
  command
    .description('Start nodes of a running lab again, one after the other, with nothing remembered; the rest stays up.')
    .argument('<node...>', 'their names')
    .option(...LAB_OPTION)
    .option(...JSON_OPTION)
    .addHelpText('after', examples(['lab restart bob', 'lab restart alice bob --lab site-to-site']))
    .action((nodes: string[], options: Options) => restart(nodes, options, context.terminal));
}

interface Options {
  readonly lab?: string;
  readonly json?: true;
}

async function restart(nodes: readonly string[], options: Options, terminal: Terminal): Promise<void> {
  const lab = findLab(options.lab);
  for (const node of nodes) checkName('node', node, lab);
  const client = connectLab(socketPath(lab.directory));
  for (const node of nodes) {
    await client.fault({ kind: 'restart', node });
    if (!options.json) terminal.data(`${node} restarted`);
  }
  if (options.json) terminal.data(JSON.stringify({ lab: lab.name, restarted: nodes }));
}
