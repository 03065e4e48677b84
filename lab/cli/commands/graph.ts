import { type Command, Option } from 'commander';
import { drawTopology, GRAPH_FORMATS, type GraphFormat } from '../../topology/graph.ts';
import type { CommandContext } from '../command.ts';
import { examples, JSON_OPTION } from '../command.ts';
import { topologyArgument } from '../topology-argument.ts';

interface Options {
  readonly format: GraphFormat;
  readonly json?: true;
}

export function define(command: Command, context: CommandContext): void {
  command
    .description('Draw a topology: nodes, links, addresses, and which tunnels protect what.')
    .argument('<topology>', 'a shipped name or a file')
    .addOption(new Option('--format <format>', 'what to draw with').choices(GRAPH_FORMATS).default('mermaid'))
    .option(...JSON_OPTION)
    .addHelpText(
      'after',
      examples(['lab graph site-to-site', 'lab graph site-to-site --format svg > site-to-site.svg']),
    )
    .action((argument: string, { format, json }: Options) => {
      const graph = drawTopology(topologyArgument(argument, context.terminal), format);
      context.terminal.data(json ? JSON.stringify({ format, graph }) : graph.trimEnd());
    });
}
