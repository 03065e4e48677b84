import { type Change, isStructural } from '../../reconcile/changes.ts';
import { nodeCommands } from '../../reconcile/node-commands.ts';
import type { Topology, TopologyNode } from '../../topology/model.ts';
import { MachineObstacle } from '../machine-obstacle.ts';
import { configure, makeUpDevices } from './configure.ts';
import { cableLines, cablesOf, looseLine, namespaceLine, nodeNamespaces, wayUpPair } from './layout.ts';
import { kernelNamespace, wireNamespace } from './names.ts';
import { isImpaired } from './netem.ts';
import type { NetnsLabParts } from './netns-lab.ts';
import { plainGoneScript } from './plain-node.ts';
import { removeNodeNamespaces } from './remove-namespaces.ts';
import { ipBatch, runScript } from './run.ts';

type NodeChange = Extract<Change, { kind: 'nodeChanged' }>;

/** One more set of links, whose devices in the middle need names that nobody has. */
let rounds = 0;

/** Throws, with nothing done, for what this lab cannot do while it runs. */
export function assertPossible({ ground, links }: NetnsLabParts, changes: readonly Change[]): void {
  if (ground.leaves !== undefined && changes.length > 0) {
    throw new MachineObstacle(
      'a lab in a network that runs without it does not follow its file',
      'lab down, then lab attach',
    );
  }
  if (ground.nics !== 'apart' && changes.some(isStructural)) {
    throw new MachineObstacle(
      `a ${ground.driver} lab has its nodes and links from the beginning: none can come or go`,
      'lab down, then lab up; or use --driver netns',
    );
  }
  for (const change of changes) if (change.kind === 'linkImpaired') links.assertImpairable(change.link);
}

/** Carries the changes out: what goes first, then what comes, then what is told to nodes that stay. */
export async function applyChanges(parts: NetnsLabParts, after: Topology, changes: readonly Change[]): Promise<void> {
  const before: Topology = { ...parts.topology };
  const changed = changes.filter(change => change.kind === 'nodeChanged');
  for (const { node } of changed) parts.adopted.remember(node);
  await takeAway(parts, before, changes);
  parts.changing.become(after);
  parts.faults.follow(after);
  parts.fleet.follow();
  parts.links.follow(after.nodes);
  await bring(parts, before, after, changes);
  for (const change of changes) {
    if (change.kind !== 'linkImpaired') continue;
    const link = after.links.find(({ name }) => name === change.link);
    if (link !== undefined) await parts.links.apply({ kind: 'impair', link: link.name, impairments: link.impairments });
  }
  for (const change of changed) {
    if (change.because.length === 0) await tell(parts, before, after, change);
    else await startAgain(parts, change.node);
  }
  await parts.links.cutAgain();
}

async function takeAway(parts: NetnsLabParts, before: Topology, changes: readonly Change[]): Promise<void> {
  const { links, fleet, peers, systems, adopted } = parts;
  for (const change of changes) if (change.kind === 'linkRemoved') await links.remove(change.link);
  for (const change of changes) {
    if (change.kind !== 'nodeRemoved') continue;
    const node = nodeOf(before, change.node);
    systems.remove(node.name);
    adopted.forget(node.name);
    await (peers.has(node.name) ? peers : fleet).remove(node.name);
    await removeNodeNamespaces(node);
  }
}

async function bring(
  parts: NetnsLabParts,
  before: Topology,
  after: Topology,
  changes: readonly Change[],
): Promise<void> {
  const { ground, links } = parts;
  const { shell = runScript } = ground;
  const added = changes.flatMap(change => (change.kind === 'nodeAdded' ? [nodeOf(after, change.node)] : []));
  const restarted = changes.flatMap(change =>
    change.kind === 'nodeChanged' && change.because.length > 0 ? [nodeOf(after, change.node)] : [],
  );
  const wanted = new Set(changes.flatMap(change => (change.kind === 'linkAdded' ? [change.link] : [])));
  const round = `r${rounds++}x`;
  const newLinks = { ...after, links: after.links.filter(({ name }) => wanted.has(name)) };
  const cables = cablesOf(newLinks, isImpaired, ground.nics, round);
  await dropPlugs(before, restarted, ground.nics);
  await ipBatch([
    ...nodeNamespaces({ ...after, nodes: added }, ground.nics).map(namespaceLine),
    ...cables.flatMap(cableLines),
    ...looseLines([...added, ...restarted], round, ground.nics),
    ...(ground.wayUp === 'veth' ? added.filter(({ engine }) => engine).map(wayUpPair) : []),
  ]);
  await makeUpDevices({ ...after, nodes: added }, ground.wayUp, shell);
  for (const node of restarted) {
    // Of those that stay; others have been made so.
    const lines = node.interfaces.map(({ name, mtu, mac }) => `ip link set dev ${name} mtu ${mtu} address ${mac}\n`);
    await shell(wireNamespace(node, ground.nics), lines.join(''));
    if (node.engine) continue;
    await ground.endPrograms(node.name);
    await shell(kernelNamespace(node.name), plainGoneScript(nodeOf(before, node.name), node));
  }
  await configure({ ...after, nodes: [...added, ...restarted] }, cables, ground.wayUp, ground.nics, ground);
  for (const cable of cables) await links.add(cable);
  for (const node of added) await startAgain(parts, node.name);
}

/** Interfaces that were on no link, of nodes that start again: whatever they are plugged into now is another device. */
async function dropPlugs(before: Topology, restarted: readonly TopologyNode[], nics: 'apart' | 'together') {
  for (const { name } of restarted) {
    const node = nodeOf(before, name);
    const loose = node.interfaces.filter(({ link }) => link === null);
    for (const port of loose) await runScript(wireNamespace(node, nics), `ip link del dev ${port.name}`);
  }
}

function looseLines(nodes: readonly TopologyNode[], round: string, nics: 'apart' | 'together'): string[] {
  return nodes
    .flatMap(node => node.interfaces.filter(({ link }) => link === null).map(port => ({ node, port })))
    .map(({ node, port }, index) => looseLine(node, port, `${round}u${index}`, nics));
}

/** A node that has what it stands on. */
async function startAgain(parts: NetnsLabParts, name: string): Promise<void> {
  const { fleet, peers, adopted, seatSystem, topology } = parts;
  const node = nodeOf(topology, name);
  if (node.implementation !== null) {
    await peers.renew(node);
    return peers.restart(name);
  }
  if (!node.engine) return;
  await fleet.restart(name);
  seatSystem(name);
  await adopted.adopt(name);
}

/** What a node that goes on is told. */
async function tell(parts: NetnsLabParts, before: Topology, after: Topology, change: NodeChange): Promise<void> {
  const { fleet, ground, systems, adopted, seatSystem, ikeFor } = parts;
  const name = change.node;
  const node = nodeOf(after, name);
  if (!node.engine) {
    const script = plainGoneScript(nodeOf(before, name), node);
    await (ground.shell ?? runScript)(kernelNamespace(name), script);
    return configure({ ...after, nodes: [node] }, [], ground.wayUp, ground.nics, ground);
  }
  const system = systems.find(name);
  // One that does not run will be so when it starts again.
  if (fleet.find(name) === null || system === null) return seatSystem(name);
  for (const command of nodeCommands(system.settings, before, after, name)) await fleet.command(name, command);
  if (change.aspects.some(aspect => OF_IKE.has(aspect))) await fleet.configureIke(name, ikeFor(name));
  seatSystem(name);
  await adopted.adopt(name);
}

/** What a daemon's configuration is made of, or follows. */
const OF_IKE: ReadonlySet<string> = new Set(['connections', 'policies', 'tunnels', 'addresses']);

function nodeOf(topology: Topology, name: string): TopologyNode {
  const node = topology.nodes.find(each => each.name === name);
  if (node === undefined) throw new Error(`topology ${topology.name} has no node ${name}`);
  return node;
}
