import type { Command } from 'commander';
import { didYouMean } from '../../../engine/config/suggest.ts';
import { badInput, machineCannot } from '../../state/failure.ts';
import { socketPath } from '../../state/root.ts';
import type { Topology } from '../../topology/model.ts';
import { connectLab } from '../client.ts';
import type { CommandContext } from '../command.ts';
import { examples, JSON_OPTION, LAB_OPTION } from '../command.ts';
import { checkName, findLab } from '../find-lab.ts';
import { flowQuery } from '../flow-arguments.ts';
import { printable } from '../terminal.ts';

const DESCRIPTION = `What a node would do with a packet: filter, route, policy, SA, and what would leave. Nothing is sent.
SRC and DST are addresses or names of nodes; PROTO is a name or a number, or a message of ICMP such as icmp/3/4.`;

export function define(command: Command, context: CommandContext): void {
  command
    .description(DESCRIPTION)
    .argument('<node>', 'the node that decides; one that runs the engine')
    .argument('<src>', 'address[:port]; [address]:port for IPv6')
    .argument('<dst>', 'address[:port]')
    .argument('[proto]', 'tcp, udp, icmp, icmp/TYPE[/CODE], …; tcp when there is a port, else icmp')
    .option(
      '--in <interface>',
      'it arrives there in the clear, forged or not; else: by the way that leads to SRC, and its SAs',
    )
    .option(...LAB_OPTION)
    .option(...JSON_OPTION)
    .addHelpText(
      'after',
      examples([
        'lab explain alice 10.0.0.2:443 10.0.1.2:80 tcp',
        'lab explain alice a1 b1',
        'lab explain alice a1 b1 icmp/3/4',
        'lab explain alice b1 a1 --in net0     # forged, from the WAN',
      ]),
    )
    .action((node: string, source: string, destination: string, protocol: string | undefined, options: Options) =>
      explain({ node, source, destination, protocol }, options, context),
    );
}

interface Options {
  readonly in?: string;
  readonly lab?: string;
  readonly json?: true;
}

interface Question {
  readonly node: string;
  readonly source: string;
  readonly destination: string;
  readonly protocol: string | undefined;
}

async function explain(question: Question, options: Options, { terminal }: CommandContext): Promise<void> {
  const lab = findLab(options.lab);
  const node = checkName('node', question.node, lab);
  const client = connectLab(socketPath(lab.directory));
  const topology = await client.topology();
  const arrival = options.in === undefined ? {} : { arrival: interfaceOf(node, options.in, topology) };
  const flow = { ...flowQuery(question.source, question.destination, question.protocol, topology), ...arrival };
  const { explanation } = await client.explain(node, flow);
  if (explanation === null) {
    if (topology.nodes.some(found => found.name === node && found.engine))
      throw machineCannot(`${node} does not run`, 'lab status; lab down, and lab up again');
    const engines = topology.nodes.filter(found => found.engine).map(found => found.name);
    throw badInput(
      `${node} is a plain stack, not the engine, and decides by itself`,
      `ask one of ${engines.join(', ')}`,
    );
  }
  if (options.json) return terminal.data(JSON.stringify({ node, flow, ...explanation }));
  const { bold, good, bad } = terminal.style;
  const colour = { protect: good, bypass: bold, discard: bad, unroutable: bad }[explanation.verdict];
  terminal.data(colour(explanation.verdict));
  for (const [index, step] of explanation.steps.entries()) terminal.data(`  ${index + 1}. ${step}`);
  if (explanation.rule !== null) terminal.data(`  rule of the filter: ${printable(explanation.rule)}`);
  if (explanation.policy !== null) terminal.data(`  policy: ${printable(explanation.policy)}`);
  if (explanation.frameOctets === null) return;
  const way = explanation.interface === null ? '' : ` through ${explanation.interface}`;
  terminal.data(`  64 octets of payload leave${way} as a frame of ${explanation.frameOctets} octets`);
}

function interfaceOf(node: string, name: string, topology: Topology): string {
  const found = topology.nodes.find(each => each.name === node);
  const names = [...(found?.interfaces ?? []), ...(found?.tunnels ?? [])].map(each => each.name);
  if (names.includes(name)) return name;
  throw badInput(`${node} has no interface "${printable(name)}"`, didYouMean(name, names, 'lab status'));
}
