import type { Command } from 'commander';
import { badInput } from '../../state/failure.ts';
import { socketPath } from '../../state/root.ts';
import { capturePackets } from '../capture-run.ts';
import { connectLab } from '../client.ts';
import type { CommandContext } from '../command.ts';
import { examples, LAB_OPTION } from '../command.ts';
import { checkName, findLab } from '../find-lab.ts';
import { wholeNumber } from '../numbers.ts';

const DESCRIPTION = `See the packets of a link: first those that passed since the lab came up, then each new one, until Ctrl-C.
One decoded line a packet, or pcapng with -w. The lines leave out ARP, neighbour discovery and multicast listener reports
(--all shows them); a file always has every frame.`;

export function define(command: Command, context: CommandContext): void {
  command
    .description(DESCRIPTION)
    .argument('[link]', 'a link of the lab; all links without it')
    .option('-w, --write <file>', 'write pcapng to a file; - is standard output')
    .option('--count <n>', 'stop after so many packets', wholeNumber)
    .option('--seconds <s>', 'stop after so many seconds; 0: only what was seen before', seconds)
    .option('--all', 'ARP and the like as well')
    .option('--live', 'leave out what was seen before')
    .option('--decrypt', "show what is inside ESP and IKE, and whether AH is authentic, with the lab's own keys")
    .option('--key-log <dir>', 'make DIR a configuration folder with which Wireshark decrypts (holds keys)')
    .option(...LAB_OPTION)
    .option('--json', 'one JSON a packet and line')
    .addHelpText(
      'after',
      examples([
        'lab capture wan --count 5',
        'lab capture wan --decrypt --live',
        'lab capture wan -w wan.pcapng --seconds 10 --key-log keys && WIRESHARK_CONFIG_DIR=keys tshark -r wan.pcapng',
        'lab capture wan -w - | tcpdump -r -',
      ]),
    )
    .action((link: string | undefined, options: Options) => capture(link, options, context));
}

interface Options {
  readonly write?: string;
  readonly count?: number;
  readonly seconds?: number;
  readonly all?: true;
  readonly live?: true;
  readonly decrypt?: true;
  readonly keyLog?: string;
  readonly lab?: string;
  readonly json?: true;
}

async function capture(link: string | undefined, options: Options, { terminal }: CommandContext): Promise<void> {
  if (options.live && options.seconds === 0) {
    throw badInput('--live with --seconds 0 leaves out everything', 'leave out one of them');
  }
  if (options.write !== undefined && options.json) {
    throw badInput('both -w and --json', 'pcapng or JSON: give one of them');
  }
  if (options.write === '-' && terminal.isTTY) {
    throw badInput('pcapng would upset your terminal', 'lab capture … -w - | tcpdump -r -, or -w FILE');
  }
  const lab = findLab(options.lab);
  await capturePackets(connectLab(socketPath(lab.directory)), terminal, {
    link: link === undefined ? null : checkName('link', link, lab),
    write: options.write ?? null,
    count: options.count ?? null,
    seconds: options.seconds ?? null,
    history: options.live !== true,
    decrypt: options.decrypt === true,
    keyLog: options.keyLog ?? null,
    json: options.json === true,
    chatter: options.all === true,
  });
}

function seconds(text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && value >= 0 && value <= 2_000_000) return value;
  throw badInput(`--seconds ${text} is not a number of seconds`, '0 to 2000000, for instance 2.5');
}
