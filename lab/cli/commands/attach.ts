import type { Command } from 'commander';
import { Option } from 'commander';
import { attachedNetwork } from '../attached-network.ts';
import { requireAttach } from '../choose-driver.ts';
import type { CommandContext } from '../command.ts';
import { examples, JSON_OPTION } from '../command.ts';
import { bringUp } from '../up-run.ts';
import type { UpOptions } from './up.ts';

const DESCRIPTION = `Put IPsec gateways into a network of Mininet's that runs already: each node of the topology is a host of that name,
with those interfaces. In the gateways' hosts the engine takes the interfaces; other hosts, switches and links stay as they are.
lab down gives the interfaces back, with the addresses and routes that they had. Needs root, as Mininet does.`;

type AttachOptions = Omit<UpOptions, 'driver' | 'seed' | 'script' | 'write'> & { readonly host: readonly string[] };

export function define(command: Command, context: CommandContext): void {
  command
    .description(DESCRIPTION)
    .argument('<topology>', 'a file, such as lab import mininet writes, with its gateways and their policies')
    .addOption(
      new Option(
        '--host <node=host>',
        'the host of a node that is called otherwise, or a process of it; may be repeated',
      )
        .argParser((word: string, before: readonly string[]) => [...before, word])
        .default([], 'each node by its name'),
    )
    .option('--name <lab>', 'name of the lab; that of the topology by default')
    .option('--no-checks', 'leave out the checks')
    .option('--key-log <dir>', 'make DIR a configuration folder with which Wireshark decrypts (holds keys)')
    .addOption(
      new Option('--protected <flow>', 'a flow that must never be seen in the clear; may be repeated')
        .argParser((flow: string, before: readonly string[]) => [...before, flow])
        .default([], 'none beyond the policies'),
    )
    .option(...JSON_OPTION)
    .addHelpText(
      'after',
      examples([
        'sudo lab attach sites.yaml',
        'sudo lab attach sites.yaml --host gw1=r1 --host gw2=4711',
        'sudo lab down',
      ]),
    )
    .action((file: string, { host, ...options }: AttachOptions) => {
      requireAttach();
      return bringUp(file, { ...options, driver: 'mininet' }, context, topology => attachedNetwork(topology, host));
    });
}
