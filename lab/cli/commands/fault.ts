import type { Command } from 'commander';
import { socketPath } from '../../state/root.ts';
import type { LabStatus } from '../../supervisor/api.ts';
import { connectLab } from '../client.ts';
import { type CommandContext, examples, JSON_OPTION, LAB_OPTION } from '../command.ts';
import { faultActions, type FaultWords, type ImpairmentWords } from '../fault-words.ts';
import { findLab } from '../find-lab.ts';
import { faultText } from '../status-text.ts';
import { table } from '../table.ts';
import { printable, type Terminal } from '../terminal.ts';

const DESCRIPTION = `Break a running lab, and mend it; without a fault, what is broken now.
  cut LINK                    both ends lose the carrier
  partition LINK --from NODE  frames from that end are lost, and nobody sees it
  impair LINK --loss 5% …     what is given changes, both ways or --from NODE; the rest stays as it is
  heal LINK                   as the file has it: joined, whole, with its own impairments
  kill NODE                   as if its power went; restart NODE starts it, with nothing remembered
  pause NODE                  it stands still, and remembers; resume NODE lets it go on
  rebind NODE                 a NAT forgets its mappings
  skew NODE BY                its clock is so far ahead (-- -90s: behind)`;

export function define(command: Command, context: CommandContext): void {
  command
    .description(DESCRIPTION)
    .argument('[fault]', 'what is to happen')
    .argument('[target]', 'the link or node')
    .argument('[by]', 'of skew: a duration')
    .option('--from <node>', 'the end whose frames are meant')
    .option('--delay <duration>', 'each frame takes this long')
    .option('--jitter <duration>', 'up to this much more or less')
    .option('--loss <percent>', 'share of frames that vanish')
    .option('--duplicate <percent>', 'share of frames that arrive twice')
    .option('--reorder <percent>', 'share of frames that later ones overtake')
    .option('--corrupt <percent>', 'share of frames with a flipped bit')
    .option('--rate <rate>', 'bits of Ethernet frame per second; none: unlimited')
    .option('--queue <frames>', 'frames that may wait for the rate')
    .option(...LAB_OPTION)
    .option(...JSON_OPTION)
    .addHelpText(
      'after',
      examples([
        'lab fault cut wan',
        'lab fault impair wan --loss 5% --delay 50ms',
        'lab fault partition wan --from alice',
        'lab fault heal wan',
        'lab fault kill bob && lab fault restart bob',
        'lab fault',
      ]),
    )
    .action((kind: string | undefined, target: string | undefined, by: string | undefined, options: Options) =>
      run({ kind, target, by }, options, context.terminal),
    );
}

interface Options extends ImpairmentWords {
  readonly from?: string;
  readonly lab?: string;
  readonly json?: true;
}

type Words = Readonly<Record<'kind' | 'target' | 'by', string | undefined>>;

async function run({ kind, target, by }: Words, options: Options, terminal: Terminal): Promise<void> {
  const client = connectLab(socketPath(findLab(options.lab).directory));
  if (kind === undefined || kind === 'list') return show(await client.status(), options, terminal);
  const { lab: _, json: __, ...impairment } = options;
  const words: FaultWords = { ...impairment, kind, target: target ?? '', by };
  for (const action of faultActions(words, await client.status())) await client.fault(action);
  show(await client.status(), options, terminal);
}

/** Links and nodes that are not as the file has them. */
function show(status: LabStatus, options: Options, terminal: Terminal): void {
  const links = status.links.filter(
    ({ isCut, lostFrom, impairments, planned }) =>
      isCut || lostFrom.length > 0 || JSON.stringify(impairments) !== JSON.stringify(planned),
  );
  const nodes = status.nodes.filter(({ condition }) => condition !== 'up');
  if (options.json) {
    const brokenLinks = links.map(({ name, ends, isCut, lostFrom, impairments }) => ({
      name,
      ends,
      isCut,
      lostFrom,
      impairments,
    }));
    const brokenNodes = nodes.map(({ name, condition }) => ({ name, condition }));
    return terminal.data(JSON.stringify({ lab: status.lab, links: brokenLinks, nodes: brokenNodes }));
  }
  const rows = [
    ...links.map(link => ['link', link.name, faultText(link)]),
    ...nodes.map(({ name, condition }) => ['node', name, condition]),
  ];
  if (rows.length === 0) return terminal.data(`${status.lab}: nothing is broken`);
  for (const line of table(
    ['WHAT', 'NAME', 'FAULT'],
    rows.map(row => row.map(printable)),
  ))
    terminal.data(line);
}
