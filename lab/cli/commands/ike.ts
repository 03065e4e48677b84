import { setTimeout as delay } from 'node:timers/promises';
import type { Command } from 'commander';
import { didYouMean } from '../../../engine/config/suggest.ts';
import type { IkeCommand } from '../../../engine/ike/daemon.ts';
import type { IkeStatus } from '../../../engine/ike/status.ts';
import { badInput, ExitCode } from '../../state/failure.ts';
import { socketPath } from '../../state/root.ts';
import type { EventStatus, LabNodeStatus } from '../../supervisor/api.ts';
import type { Topology } from '../../topology/model.ts';
import { connectLab, type LabClient } from '../client.ts';
import { type CommandContext, examples, JSON_OPTION, LAB_OPTION } from '../command.ts';
import { checkName, findLab } from '../find-lab.ts';
import { childTable, extensionTable, ikeLines, ikeTable, ikeUsageTable, withPrefixes } from '../ike-text.ts';
import { section } from '../status-text.ts';
import { printable } from '../terminal.ts';

const DESCRIPTION = `What a node negotiates, and what it is to do about it:
  initiate CHILD              negotiate a Child SA, by its name in the topology
  terminate SA [--child]      end an IKE SA with its children, or one Child SA
  rekey SA [--child]          the same with new keys in its place
  reauthenticate SA           an IKE SA once more from the beginning
  redirect SA ADDRESS         send the peer elsewhere (RFC 5685)
SA is a name or a number of \`lab ike NODE\`. Without an action it shows what there is.`;

const ACTIONS = ['initiate', 'terminate', 'rekey', 'reauthenticate', 'redirect'] as const;
type Action = (typeof ACTIONS)[number];

/** How long to listen for what comes of a command. */
const LISTEN_MS = 10_000;
const LISTEN_EVERY_MS = 50;

export function define(command: Command, context: CommandContext): void {
  command
    .description(DESCRIPTION)
    .argument('<node>', 'the node; one that negotiates')
    .argument('[action]', ACTIONS.join(', '))
    .argument('[sa]', 'name or number')
    .argument('[address]', 'where to redirect to')
    .option('--child', 'SA is a Child SA')
    .option(...LAB_OPTION)
    .option(...JSON_OPTION)
    .addHelpText(
      'after',
      examples([
        'lab ike alice',
        'lab ike alice initiate v4_bob0',
        'lab ike alice rekey v4_bob0 --child',
        'lab ike alice terminate bob',
      ]),
    )
    .action(
      (node: string, action: string | undefined, sa: string | undefined, to: string | undefined, options: Options) =>
        run({ node, action, sa, to }, options, context),
    );
}

interface Options {
  readonly child?: true;
  readonly lab?: string;
  readonly json?: true;
}

interface Words {
  readonly node: string;
  readonly action: string | undefined;
  readonly sa: string | undefined;
  readonly to: string | undefined;
}

async function run(words: Words, options: Options, context: CommandContext): Promise<void> {
  const lab = findLab(options.lab);
  const name = checkName('node', words.node, lab);
  const client = connectLab(socketPath(lab.directory));
  const { node, events } = await look(client, name);
  const { ike } = node;
  if (ike === null)
    throw badInput(`${name} negotiates nothing`, 'lab status shows who does; ike: in the topology says so');
  if (words.action === undefined) return show(node, options, context);
  const command = commandFor(words, ike, options.child === true, await client.topology());
  await client.ike(name, command);
  const news = await newsAfter(client, name, events.at(-1)?.at ?? '');
  if (options.json) context.terminal.data(JSON.stringify({ node: name, command, events: news }));
  for (const { kind, detail } of options.json ? [] : news)
    context.terminal.data(`${kind}  ${printable(withPrefixes(detail))}`);
  if (news.length === 0)
    context.terminal.note(`nothing has come of it in ${LISTEN_MS / 1000} s; lab status shows what will`);
  if (news.length === 0 || news.some(({ kind }) => FAILURES.has(kind))) context.exit(ExitCode.CHECK_FAILED);
}

const FAILURES: ReadonlySet<string> = new Set([
  'negotiationFailed',
  'authenticationFailed',
  'peerFailed',
  'commandRefused',
]);
/** What a command may come to. */
const OUTCOMES: ReadonlySet<string> = new Set([
  ...FAILURES,
  'ikeEstablished',
  'ikeRekeyed',
  'ikeReauthenticated',
  'ikeDeleted',
  'childEstablished',
  'childRekeyed',
  'childDeleted',
  'redirected',
  // A node that runs another implementation: it tells no more than this, and has done so by now.
  'peerSaid',
]);

function show(node: LabNodeStatus, options: Options, { terminal }: CommandContext): void {
  if (options.json) return terminal.data(JSON.stringify(node.ike));
  if (node.ike?.sas.length === 0) terminal.note(`${node.name} has no IKE SA now`);
  const lines = [
    ...section(ikeTable([node])).slice(1),
    ...section(ikeUsageTable([node])),
    ...section(extensionTable([node])),
    ...section(childTable([node], 'with counters')),
    ...ikeLines([node]),
  ];
  for (const line of lines) terminal.data(line);
}

async function look(client: LabClient, name: string): Promise<{ node: LabNodeStatus; events: readonly EventStatus[] }> {
  const { nodes, events } = await client.status();
  const node = nodes.find(found => found.name === name);
  if (node === undefined) throw badInput(`the lab has no node "${name}"`, 'lab status lists them');
  return { node, events };
}

/** The first events of the node's daemon after that time; none when nothing has happened for long. */
async function newsAfter(client: LabClient, name: string, at: string): Promise<readonly EventStatus[]> {
  for (let waitedMs = 0; waitedMs < LISTEN_MS; waitedMs += LISTEN_EVERY_MS) {
    await delay(LISTEN_EVERY_MS);
    const { events } = await look(client, name);
    const news = events.filter(event => event.at > at && event.node === name && OUTCOMES.has(event.kind));
    if (news.length > 0) return news;
  }
  return [];
}

function commandFor({ node, action, sa, to }: Words, ike: IkeStatus, isChild: boolean, topology: Topology): IkeCommand {
  const kind = ACTIONS.find(known => known === action);
  if (kind === undefined) {
    throw badInput(
      `"${printable(action ?? '')}" is nothing that can be done`,
      didYouMean(action ?? '', ACTIONS, 'lab ike --help'),
    );
  }
  if (sa === undefined)
    throw badInput(`${kind} what?`, `lab ike ${node} ${kind} ${kind === 'initiate' ? 'CHILD' : 'SA'}`);
  if (kind === 'initiate') return { kind, child: childNamed(node, sa, topology) };
  const which = saNamed(sa, isChild && mayBeChild(kind) ? childrenOf(ike) : ike.sas.map(nameOfIke), node);
  if (kind === 'terminate' || kind === 'rekey') return isChild ? { kind, child: which } : { kind, ike: which };
  if (kind === 'reauthenticate') return { kind, ike: which };
  if (to === undefined) throw badInput('redirect where?', `lab ike ${node} redirect ${sa} ADDRESS`);
  return { kind, ike: which, to };
}

const mayBeChild = (kind: Action): boolean => kind === 'terminate' || kind === 'rekey';

interface Named {
  readonly id: number;
  readonly name: string;
}

const nameOfIke = ({ id, connection }: IkeStatus['sas'][number]): Named => ({ id, name: connection });
const childrenOf = ({ sas }: IkeStatus): Named[] => sas.flatMap(({ children }) => children);

function saNamed(text: string, there: readonly Named[], node: string): string | number {
  const isNumber = /^[0-9]{1,15}$/.test(text);
  if (there.some(({ id, name }) => (isNumber && id === Number(text)) || name === text)) {
    return there.some(({ name }) => name === text) ? text : Number(text);
  }
  const names = there.map(({ name }) => name);
  throw badInput(`${node} has no SA "${printable(text)}"`, didYouMean(text, names, `lab ike ${node}`));
}

function childNamed(node: string, text: string, { nodes }: Topology): string {
  const connections = nodes.find(({ name }) => name === node)?.ike?.connections ?? [];
  const names = connections.flatMap(({ children }) => children.map(({ name }) => name));
  if (names.includes(text)) return text;
  throw badInput(
    `${node} has no child "${printable(text)}"`,
    didYouMean(text, names, names.join(', ') || 'lab status'),
  );
}
