import type { Command } from 'commander';
import { CommanderError, Command as ProgramCommand } from 'commander';
import { MachineObstacle } from '../drivers/machine-obstacle.ts';
import { ExitCode, Failure, machineCannot } from '../state/failure.ts';
import type { CommandContext, CommandEntry } from './command.ts';
import { withSeparator } from './exec-arguments.ts';
import { standard } from './standard.ts';
import { createTerminal, printFailure, type Terminal } from './terminal.ts';
import { version } from './version.ts';

/** In the order of a first hour with the lab. Loaded one at a time: `lab --help` must not wait for what it does not show. */
export const COMMANDS: readonly CommandEntry[] = [
  { name: 'up', summary: 'bring a topology up and run its checks', load: () => import('./commands/up.ts') },
  {
    name: 'attach',
    summary: "put gateways into a network of Mininet's that runs",
    load: () => import('./commands/attach.ts'),
  },
  { name: 'status', summary: 'nodes, links, tunnels, SAs and counters', load: () => import('./commands/status.ts') },
  { name: 'exec', summary: 'run a command on a node', load: () => import('./commands/exec.ts') },
  { name: 'shell', summary: 'a prompt on a node', load: () => import('./commands/shell.ts') },
  { name: 'capture', summary: 'see the packets of a link', load: () => import('./commands/capture.ts') },
  { name: 'check', summary: "run the topology's checks again", load: () => import('./commands/check.ts') },
  { name: 'explain', summary: 'what a node would do with a packet', load: () => import('./commands/explain.ts') },
  { name: 'ike', summary: 'what nodes negotiate, and commands about it', load: () => import('./commands/ike.ts') },
  { name: 'fault', summary: 'break links and nodes, and mend them', load: () => import('./commands/fault.ts') },
  {
    name: 'restart',
    summary: 'start nodes again, with nothing remembered',
    load: () => import('./commands/restart.ts'),
  },
  { name: 'bundle', summary: 'put a run into one file', load: () => import('./commands/bundle.ts') },
  { name: 'open', summary: 'look into a bundle, or do its run again', load: () => import('./commands/open.ts') },
  { name: 'down', summary: 'remove labs and all that they left', load: () => import('./commands/down.ts') },
  { name: 'topologies', summary: 'list the topologies that ship', load: () => import('./commands/topologies.ts') },
  { name: 'validate', summary: 'find every error of a file at once', load: () => import('./commands/validate.ts') },
  {
    name: 'diff-policy',
    summary: 'which flows two topologies treat differently',
    load: () => import('./commands/diff-policy.ts'),
  },
  { name: 'pki', summary: 'keys, certificates and authorities for IKE', load: () => import('./commands/pki.ts') },
  { name: 'graph', summary: 'draw a topology', load: () => import('./commands/graph.ts') },
  {
    name: 'import',
    summary: "write another tool's network as a topology",
    load: () => import('./commands/import.ts'),
  },
  { name: 'export', summary: 'write a topology for other tools', load: () => import('./commands/export.ts') },
  { name: 'image', summary: 'the image that labs in containers run', load: () => import('./commands/image.ts') },
  { name: 'test', summary: 'run conformance suites', load: () => import('./commands/test.ts') },
  { name: 'bench', summary: 'measure speed, with statistics', load: () => import('./commands/bench.ts') },
  { name: 'report', summary: 'pages of what lab test has left', load: () => import('./commands/report.ts') },
  { name: 'doctor', summary: 'what this machine can do', load: () => import('./commands/doctor.ts') },
  { name: 'completion', summary: 'completion for your shell', load: () => import('./commands/completion.ts') },
  { name: '__complete', summary: '', hidden: true, load: () => import('./commands/complete.ts') },
];

/** Runs one command line, without `node` and `lab`; the exit status. */
export async function main(argv: readonly string[], terminal: Terminal): Promise<number> {
  let status: number = ExitCode.GOOD;
  const context: CommandContext = {
    terminal,
    exit: code => {
      status = code;
    },
    loadProgram: words => createProgram(words, context),
  };
  try {
    const words = normalize(argv);
    const program = await createProgram(words, context);
    await program.parseAsync([...words], { from: 'user' });
    return status;
  } catch (error) {
    terminal.progress(null);
    return exitCodeOf(error, terminal);
  }
}

/** The program with all commands named, and the one that `words` asks for loaded. */
async function createProgram(words: readonly string[], context: CommandContext): Promise<Command> {
  const program = new ProgramCommand('lab')
    .description('A network simulation and conformance test lab for IPsec')
    .version(version(), '-V, --version')
    .helpCommand(false)
    .showHelpAfterError(false)
    .exitOverride()
    .configureOutput({
      writeOut: text => context.terminal.data(text.trimEnd()),
      outputError: text => complain(text, context.terminal),
    })
    .addHelpText('after', START);
  const wanted = words.find(word => !word.startsWith('-'));
  for (const entry of COMMANDS) {
    const command = program.command(entry.name, { hidden: entry.hidden ?? false }).summary(entry.summary);
    command.description(entry.summary.replace(/^./, first => first.toUpperCase()));
    if (wanted === entry.name) (await entry.load()).define(command, context);
  }
  return program;
}

const START = `
Start here:
  $ lab up site-to-site
  $ lab exec a1 -- ping -c 3 10.0.1.2
  $ lab capture wan --count 5

Exit status: 0 good, 1 a check or test failed, 2 wrong input, 3 the machine cannot do it.`;

/** `lab` is `lab --help`, `lab help up` is `lab up --help`, and `lab exec a1 ping -c 1 x` needs no `--`. */
function normalize(argv: readonly string[]): readonly string[] {
  if (argv.length === 0) return ['--help'];
  if (argv[0] === 'help') return helpFor(argv[1]);
  return argv[0] === 'exec' ? withSeparator(argv) : argv;
}

/** A command that there is not is asked for as it is, to be refused with a did-you-mean. */
function helpFor(name: string | undefined): readonly string[] {
  if (name === undefined) return ['--help'];
  return COMMANDS.some(command => command.name === name) ? [name, '--help'] : [name];
}

/** Commander's sentence in the form of all our complaints. */
function complain(text: string, terminal: Terminal): void {
  const [message = '', hint] = text.trim().split('\n');
  const meant = hint === undefined ? null : /^\(Did you mean (.*)\?\)$/.exec(hint)?.[1];
  printFailure(
    terminal,
    new Failure(
      ExitCode.BAD_INPUT,
      message.replace(/^error: /, ''),
      meant === null || meant === undefined ? 'see --help' : `did you mean ${meant}?`,
    ),
  );
}

function exitCodeOf(error: unknown, terminal: Terminal): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? ExitCode.GOOD : ExitCode.BAD_INPUT;
  if (error instanceof MachineObstacle) return exitCodeOf(machineCannot(error.message, error.fix), terminal);
  if (error instanceof Failure) {
    printFailure(terminal, error);
    return error.exitCode;
  }
  terminal.note(error instanceof Error ? (error.stack ?? error.message) : String(error));
  terminal.note('lab: this is a fault in ipsec-lab, not in what you asked for');
  return ExitCode.BUG;
}

/** What bin/lab.js calls. */
export async function run(): Promise<void> {
  const terminal = createTerminal(standard(1), standard(2), process.env);
  process.exitCode = await main(process.argv.slice(2), terminal);
}
