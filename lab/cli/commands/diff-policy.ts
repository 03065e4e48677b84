import type { Command } from 'commander';
import { didYouMean } from '../../../engine/config/suggest.ts';
import { diffPolicies, type PolicyChange } from '../../../engine/ipsec/policy-diff.ts';
import { badInput, ExitCode } from '../../state/failure.ts';
import type { Topology, TopologyNode } from '../../topology/model.ts';
import { spdOwners, spdSide } from '../../topology/node-spd.ts';
import { resolveTopologyArgument } from '../../topology/shipped.ts';
import type { CommandContext } from '../command.ts';
import { examples, JSON_OPTION } from '../command.ts';
import { changeJson, changeLines } from '../policy-change-text.ts';
import { printable } from '../terminal.ts';
import { topologyArgument } from '../topology-argument.ts';

const DESCRIPTION = `Which flows change between PROTECT, BYPASS and DISCARD from A to B: of all flows
that there can be, not of a sample. A and B are shipped topologies or files, or
one node of each (A:NODE); nodes are compared with those of the same name.
A line is LOCAL <-> REMOTE, protocol and remote port; -> is outbound only, <-
inbound only. IP filters are not compared. Exit status 0 when nothing changes, 1
when something does.`;

export function define(command: Command, context: CommandContext): void {
  command
    .description(DESCRIPTION)
    .argument('<a>', 'before: a shipped topology or a file, or one node of it (A:NODE)')
    .argument('<b>', 'after')
    .option('--node <name>', 'this node only')
    .option(...JSON_OPTION)
    .addHelpText(
      'after',
      examples([
        'lab diff-policy site-to-site my-office.yaml',
        'lab diff-policy before.yaml after.yaml --node alice --json',
        'lab diff-policy site-to-site:alice site-to-site:bob',
      ]),
    )
    .action((a: string, b: string, options: Options) => diffPolicy(a, b, options, context));
}

interface Options {
  readonly node?: string;
  readonly json?: true;
}

function diffPolicy(a: string, b: string, options: Options, context: CommandContext): void {
  const { terminal } = context;
  const [before, after] = [sideOf(a, options, context), sideOf(b, options, context)];
  const found = pairsOf(before, after).map(pair => compare(before.topology, after.topology, pair));
  const isSame = found.every(({ missing, spds }) => missing === null && spds.length === 0);
  if (!isSame) context.exit(ExitCode.CHECK_FAILED);
  if (options.json) return terminal.data(JSON.stringify({ same: isSame, nodes: found.map(json) }));
  for (const node of found) for (const line of text(node, a, b)) terminal.data(line);
  for (const { name, filter } of found)
    if (filter === 'differs') terminal.note(`${name}: the IP filter differs, and is not compared`);
  if (isSame) terminal.data(`nothing changes: ${found.map(({ name }) => name).join(', ')}`);
}

interface Side {
  readonly topology: Topology;
  /** null: all nodes. */
  readonly node: string | null;
}

/** `NAME`, `FILE`, `NAME:NODE` or `FILE:NODE`; a file whose name has a colon is that file. */
function sideOf(argument: string, options: Options, { terminal }: CommandContext): Side {
  const [, file = argument, named = null] =
    resolveTopologyArgument(argument).kind === 'file' ? [] : (/^(.+):([^:/]+)$/.exec(argument) ?? []);
  const topology = topologyArgument(file, terminal);
  const node = named ?? options.node ?? null;
  if (named !== null && options.node !== undefined && named !== options.node) {
    throw badInput(`${printable(argument)} and --node ${printable(options.node)} name two nodes`, 'leave one out');
  }
  return { topology, node };
}

/** null: the other topology alone has it. */
type Pair = readonly [TopologyNode | null, TopologyNode | null];

function pairsOf(before: Side, after: Side): Pair[] {
  if (before.node !== null || after.node !== null) {
    return [[nodeNamed(before, before.node ?? after.node), nodeNamed(after, after.node ?? before.node)]];
  }
  const of = (side: Side, name: string) => side.topology.nodes.find(node => node.name === name) ?? null;
  const nodes = [...before.topology.nodes, ...after.topology.nodes];
  const names = [...new Set(nodes.filter(({ policies }) => policies.length > 0).map(({ name }) => name))];
  if (names.length === 0) throw badInput('neither topology has a policy', 'give topologies whose nodes have some');
  return names.map(name => [of(before, name), of(after, name)]);
}

function nodeNamed({ topology }: Side, name: string | null): TopologyNode {
  const found = topology.nodes.find(node => node.name === name);
  if (found !== undefined) return found;
  const names = topology.nodes.map(node => node.name);
  throw badInput(
    `topology ${topology.name} has no node "${printable(name ?? '')}"`,
    didYouMean(name ?? '', names, 'there are none'),
  );
}

/** Only SPDs that differ. */
interface NodeDiff {
  readonly name: string;
  /** The side that does not have the node. */
  readonly missing: 'a' | 'b' | null;
  readonly policies: number;
  readonly spds: readonly SpdDiff[];
  /** Nobody compares what it means: of the same rules it is known. */
  readonly filter: 'same' | 'differs';
}

interface SpdDiff {
  /** The tunnel or interface; null: the node's own. */
  readonly owner: string | null;
  /** null: too many to list. */
  readonly changes: readonly PolicyChange[] | null;
}

function compare(before: Topology, after: Topology, [was, is]: Pair): NodeDiff {
  if (was === null || is === null) {
    const node = was ?? is;
    const missing = was === null ? 'a' : 'b';
    return { name: node?.name ?? '', missing, policies: node?.policies.length ?? 0, spds: [], filter: 'same' };
  }
  const owners = [...new Set([...spdOwners(was), ...spdOwners(is)])];
  const spds = owners.map(owner => {
    return { owner, changes: diffPolicies(spdSide(before, was, owner), spdSide(after, is, owner)) };
  });
  const name = was.name === is.name ? was.name : `${was.name} and ${is.name}`;
  return {
    name,
    missing: null,
    policies: is.policies.length,
    spds: spds.filter(({ changes }) => changes?.length !== 0),
    filter: rulesOf(was) === rulesOf(is) ? 'same' : 'differs',
  };
}

/** What the rules say, wherever they stand. */
const rulesOf = ({ filter }: TopologyNode): string => JSON.stringify(filter?.rules.map(rule => rule.text) ?? null);

function text({ name, missing, policies, spds }: NodeDiff, a: string, b: string): string[] {
  if (missing !== null) {
    const where = missing === 'a' ? b : a;
    return [`${name}: only in ${printable(where)}, with ${policies} ${policies === 1 ? 'policy' : 'policies'}`];
  }
  return spds.flatMap(({ owner, changes }) => {
    const lines = changes === null ? ['too much changes to list it'] : changeLines(changes);
    return [owner === null ? name : `${name}, ${owner}`, ...lines.map(line => `  ${line}`)];
  });
}

const json = ({ name, missing, spds, filter }: NodeDiff) => ({
  node: name,
  missingIn: missing,
  filter,
  spds: spds.map(({ owner, changes }) => ({ owner, changes: changes?.map(changeJson) ?? null })),
});
