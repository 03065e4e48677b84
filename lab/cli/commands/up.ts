import type { Command } from 'commander';
import { Option } from 'commander';
import type { CommandContext } from '../command.ts';
import { examples, JSON_OPTION } from '../command.ts';
import { DRIVER_CHOICES, type DriverChoice } from '../choose-driver.ts';
import { bringUp } from '../up-run.ts';

const DESCRIPTION = `Bring a topology up, run its checks, and say what exists and what to try next.
Exit status 1 when a check fails (the lab stays up), 2 for a wrong file, 3 when the machine cannot do it.`;

export interface UpOptions {
  readonly driver: DriverChoice;
  readonly seed?: string;
  readonly name?: string;
  readonly checks: boolean;
  readonly keyLog?: string;
  readonly protected: readonly string[];
  readonly script?: string;
  readonly write?: string;
  readonly bundle?: string;
  readonly dryRun?: true;
  readonly reconcile?: true;
  readonly json?: true;
}

export function define(command: Command, context: CommandContext): void {
  command
    .description(DESCRIPTION)
    .argument('<topology>', 'a shipped name (lab topologies) or a file')
    .addOption(
      new Option(
        '--driver <driver>',
        'auto: netns where this machine can do it, else sim; docker: a container a node; mininet: a host of Mininet a node; swarm: a service of a Docker Swarm a node',
      )
        .choices(DRIVER_CHOICES)
        .default('auto'),
    )
    .option('--seed <seed>', 'all chance of a simulated run, to repeat it exactly')
    .option('--name <lab>', 'name of the lab; that of the topology by default')
    .option('--no-checks', 'leave out the checks')
    .option('--key-log <dir>', 'make DIR a configuration folder with which Wireshark decrypts (holds keys)')
    .addOption(
      new Option('--protected <flow>', 'a flow that must never be seen in the clear; may be repeated')
        .argParser((flow: string, before: readonly string[]) => [...before, flow])
        .default([], 'none beyond the policies'),
    )
    .option(
      '--script <file>',
      'play a traffic script in virtual time (sim), then take the lab down: the same seed, the same octets',
    )
    .option('-w, --write <file>', 'with --script: all packets of all links, as pcapng')
    .option(
      '--bundle <file>',
      'with --script: all that reproduces the run elsewhere, in one file (lab open FILE --run)',
    )
    .option('--dry-run', 'say what would be made, or with --reconcile what would change, and touch nothing')
    .option('--reconcile', 'change the lab that runs to what the file says now; the rest of it stays up')
    .option(...JSON_OPTION)
    .addHelpText(
      'after',
      examples([
        'lab up site-to-site',
        'lab up site-to-site --driver sim --seed 7',
        'lab image build && sudo lab up site-to-site --driver docker',
        'lab up site-to-site --driver mininet',
        'docker swarm init --advertise-addr 127.0.0.1 && sudo lab up site-to-site --driver swarm',
        "lab up clear --protected '10.0.0.0/24 <-> 10.0.1.0/24'",
        'lab up my-lab.yaml --name second --no-checks',
        'lab up my-lab.yaml --dry-run',
        'lab up my-lab.yaml --reconcile',
        'lab up site-to-site --seed 7 --script traffic.lab -w run.pcapng',
      ]),
    )
    .action((topology: string, options: UpOptions) => bringUp(topology, options, context));
}
