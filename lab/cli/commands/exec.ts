import { resolve } from 'node:path';
import { isatty } from 'node:tty';
import type { Command } from 'commander';
import { toolNamed } from '../../../engine/config/tools/tools.ts';
import { charonEnvironment } from '../../drivers/netns/strongswan/charon-place.ts';
import { socketPath } from '../../state/root.ts';
import { connectLab, type LabClient } from '../client.ts';
import type { CommandContext } from '../command.ts';
import { examples, JSON_OPTION, LAB_OPTION } from '../command.ts';
import { mayBeSystemCommand } from '../../system/commands.ts';
import { execInPod } from '../exec-pod.ts';
import { execThroughSocket } from '../exec-socket.ts';
import { checkName, findLab } from '../find-lab.ts';

const DESCRIPTION = `Run a command on a node. Standard input, output, error and the exit status pass through.
With the sim driver: ping, traceroute, nc, send. With netns and mininet: any program of this machine. With docker and swarm: those of the image.
Nodes that run the engine have commands and files of their own with either: dladm, ipadm, route, netstat, svcadm, svcs, ikecert,
ikeadm, in.iked, ipf, ipfstat, ipsecconf, ipsecalgs, ipseckey, setkey, racoon, racoonctl, service, snoop, tcpdump; tee, cat, ls, cp, rm and mkdir below /etc/inet, /etc/ipf, /etc/racoon.`;

export function define(command: Command, context: CommandContext): void {
  command
    .description(DESCRIPTION)
    .usage('[options] <node> [--] <command...>')
    .argument('<node>', 'a node of the lab')
    .argument('<command...>', 'the command and its arguments')
    .option(...LAB_OPTION)
    .option(...JSON_OPTION)
    .addHelpText(
      'after',
      examples([
        'lab exec a1 -- ping -c 3 10.0.1.2',
        'lab exec b1 -- nc -l 9000 > received & lab exec a1 -- nc -N 10.0.1.2 9000 < file',
        'lab exec alice -- ip route     # netns',
        'lab exec alice -- setkey -DP',
        'lab exec alice -- tee /etc/inet/ike/config < FILE',
        'lab exec alice -- dladm show-iptun',
        'lab exec bob -- swanctl --list-sas     # a node of kind peer',
      ]),
    )
    .action((node: string, argv: string[], options: Options) => exec(node, argv, options, context));
}

interface Options {
  readonly lab?: string;
  readonly json?: true;
}

async function exec(node: string, argv: readonly string[], options: Options, context: CommandContext): Promise<void> {
  const lab = findLab(options.lab);
  checkName('node', node, lab);
  const keep = options.json === true;
  const { runId } = lab.record;
  // What runs in a container has the container's rights, which the daemon gives and the pod does not have.
  const isInContainers = lab.record.driver === 'docker' || lab.record.driver === 'swarm';
  const pod = isInContainers ? null : lab.record.pod;
  const client = connectLab(socketPath(lab.directory));
  const isTool = mayBeSystemCommand(argv, { hasPrograms: true }) && (await isEngine(client, node));
  if (isInContainers && !isTool && !keep && isatty(0) && isatty(1)) {
    const { execWithTerminal, hasContainer } = await import('../../drivers/docker/terminal.ts');
    // On another machine of a swarm a command is the lab's affair, and has no terminal.
    if (lab.record.driver === 'docker' || (await hasContainer({ runId, node }))) {
      const terminal = { input: process.stdin, output: process.stdout };
      context.exit(await execWithTerminal({ runId, node }, argv, terminal));
      return;
    }
  }
  const result =
    pod === null || isTool
      ? await execThroughSocket(client, { node, argv: isTool ? withWholePath(argv) : argv, stdin: true }, keep)
      : await execInPod(pod.pid, runId, node, argv, keep, await environmentOf(client, node));
  context.exit(result.status);
  if (!keep) return;
  const [stdout, stderr] = [result.stdout.toString('utf8'), result.stderr.toString('utf8')];
  context.terminal.data(JSON.stringify({ node, command: argv, exitStatus: result.status, stdout, stderr }));
}

/** Whether the node runs the engine, whose tools the lab itself answers. */
async function isEngine(client: LabClient, node: string): Promise<boolean> {
  const { nodes } = await client.topology();
  return nodes.some(({ name, engine }) => name === node && engine);
}

/** With which the tools of another implementation find its daemon on that node. */
async function environmentOf(client: LabClient, node: string): Promise<Readonly<Record<string, string>>> {
  const { nodes } = await client.topology();
  const isStrongSwan = nodes.some(({ name, implementation }) => name === node && implementation === 'strongswan');
  return isStrongSwan ? charonEnvironment(node) : {};
}

/** The file that a tool is to read, as the lab finds it from its own directory. */
function withWholePath(argv: readonly string[]): readonly string[] {
  const plan = toolNamed(argv[0] ?? '')?.plan(argv.slice(1));
  if (plan?.kind !== 'reads' || plan.source.kind !== 'file') return argv;
  const { path } = plan.source;
  return argv.map((word, i) => (i > 0 && word.endsWith(path) ? word.slice(0, -path.length) + resolve(path) : word));
}
