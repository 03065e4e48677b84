import type { Command } from 'commander';
import { shippedTopologies } from '../../topology/shipped.ts';
import type { CommandContext } from '../command.ts';
import { examples, JSON_OPTION } from '../command.ts';
import { table } from '../table.ts';

export function define(command: Command, context: CommandContext): void {
  command
    .description('List the topologies that ship: names for lab up, lab graph and lab validate.')
    .option(...JSON_OPTION)
    .addHelpText('after', examples(['lab topologies', 'lab topologies --json | jq -r .[].file']))
    .action((options: { readonly json?: true }) => {
      const shipped = shippedTopologies();
      if (options.json) return context.terminal.data(JSON.stringify(shipped));
      const rows = shipped.map(({ name, title }) => [name, title]);
      for (const line of table(['TOPOLOGY', 'TITLE'], rows)) context.terminal.data(line);
    });
}
