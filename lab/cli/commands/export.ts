import { type Command, Argument } from 'commander';
import { exportCompose } from '../../exchange/compose/export.ts';
import { exportContainerlab } from '../../exchange/containerlab/export.ts';
import { plainNetwork } from '../../exchange/plain/network.ts';
import { exportShell } from '../../exchange/shell/export.ts';
import { badInput } from '../../state/failure.ts';
import type { Topology } from '../../topology/model.ts';
import type { CommandContext } from '../command.ts';
import { examples, JSON_OPTION } from '../command.ts';
import type { Terminal } from '../terminal.ts';
import { diagnosticText, topologyArgument } from '../topology-argument.ts';

const FORMATS = ['containerlab', 'compose', 'shell'] as const;
type Format = (typeof FORMATS)[number];

const DESCRIPTION = `Write a topology's network for other tools: a containerlab file, a docker-compose file, or plain commands of ip.
Nodes are plain Linux there and have no IPsec: what a policy protects is dropped, never sent in the clear. Nothing in the file reaches
beyond it, and the machine's own network is not in it.`;

/** Small, with iproute2 and what one wants of a host. */
const IMAGE = 'ghcr.io/srl-labs/network-multitool';

interface Options {
  readonly image: string;
  readonly json?: true;
}

export function define(command: Command, context: CommandContext): void {
  command
    .description(DESCRIPTION)
    .addArgument(new Argument('<format>', 'what to write').choices(FORMATS))
    .argument('<topology>', 'a shipped name or a file')
    .option('--image <name>', 'what containers run; it needs sh and iproute2', IMAGE)
    .option(...JSON_OPTION)
    .addHelpText(
      'after',
      examples([
        'lab export containerlab dual-stack > dual-stack.clab.yml',
        'lab export compose site-to-site > docker-compose.yml',
        'lab export shell clear > clear.sh && sudo sh clear.sh up',
      ]),
    )
    .action((format: Format, argument: string, { image, json }: Options) => {
      const topology = topologyArgument(argument, context.terminal);
      const text = written(format, topology, image, context.terminal);
      context.terminal.data(json ? JSON.stringify({ format, text }) : text.trimEnd());
    });
}

function written(format: Format, topology: Topology, image: string, terminal: Terminal): string {
  const network = plainNetwork(topology);
  if (format === 'shell') return exportShell(network);
  if (format === 'containerlab') return exportContainerlab(network, image);
  const exported = exportCompose(network, image, topology.file);
  if (exported.kind === 'text') return exported.text;
  for (const diagnostic of exported.diagnostics) terminal.note(diagnosticText(diagnostic, terminal.noteStyle));
  throw badInput('Docker cannot have this network', 'lab export shell, or lab export containerlab');
}
