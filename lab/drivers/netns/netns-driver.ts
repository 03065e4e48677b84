import { accessSync, constants, readFileSync } from 'node:fs';
import { createSystemRandom } from '../../../engine/host/system-random.ts';
import { createTypescriptKernel } from '../../../engine/ipsec/typescript-kernel.ts';
import { createNode } from '../../../engine/node/create.ts';
import type { Topology, TopologyLink, TopologyNode } from '../../topology/model.ts';
import { nodeConfig } from '../../topology/node-config.ts';
import type { Capability, Driver, RunContext, RunningLab } from '../driver.ts';
import { EngineFleet, type Stand } from './engine-fleet.ts';
import type { LiveEvent } from './engine-process.ts';
import { addressLine, kernelNamespaceScript, upAddresses, wireNamespaceScript } from './engine-namespace.ts';
import { type Cable, cablesOf, layoutBatch, type WayUp } from './layout.ts';
import { LinkControl } from './link-control.ts';
import { LiveCapture } from './live-capture.ts';
import { liveNow } from './live-now.ts';
import { MiddleProcess } from './middle-process.ts';
import { endName, kernelNamespace, MIDDLE_NAMESPACE, wireNamespace } from './names.ts';
import { netemArguments, netemAvailable } from './netem.ts';
import { NetnsLab, removeNamespaces } from './netns-lab.ts';
import { plainNodeScript } from './plain-node.ts';
import { POD_MARK } from './pod.ts';
import { ipBatch, runScript } from './run.ts';
import { script, setting } from './script.ts';

export interface NetnsDriverOptions {
  /** What a node runs instead of the engine with its TypeScript kernel. */
  readonly standFor?: (node: string) => Partial<Stand>;
}

const CAPABILITIES: ReadonlySet<Capability> = new Set(['real-programs', 'scheduled-faults', 'inject', 'impairments']);

/**
 * Labs on this machine's kernel: a network namespace a node, veth pairs for links, a process for each engine node. `up` has
 * to run inside a pod (pod.ts), of which a lab has all to itself.
 */
export function createNetnsDriver(options: NetnsDriverOptions = {}): Driver {
  return { name: 'netns', capabilities: CAPABILITIES, up: (topology, context) => up(topology, context, options) };
}

async function up(topology: Topology, context: RunContext, options: NetnsDriverOptions): Promise<RunningLab> {
  if (!insidePod()) throw new Error('a live lab comes up inside a pod: start this process through podCommand()');
  const wayUp: WayUp = tunOpenable() ? 'tun' : 'veth';
  const partitioned = new Set(
    topology.faults.flatMap(({ action }) => (action.kind === 'partition' ? [action.link] : [])),
  );
  const impaired = topology.links.filter(isImpaired);
  const byKernel = impaired.length > 0 && netemAvailable() ? impaired.filter(link => !partitioned.has(link.name)) : [];
  const cables = cablesOf(
    topology,
    link => (isImpaired(link) || partitioned.has(link.name)) && !byKernel.includes(link),
  );
  const closing: (() => unknown)[] = [() => removeNamespaces(topology)];
  try {
    await ipBatch(layoutBatch(topology, cables, wayUp));
    const tell = (node: string | null, { kind, detail }: Pick<LiveEvent, 'kind' | 'detail'>) =>
      context.onEvent({ at: liveNow(), node, kind, detail });
    const fleet = new EngineFleet({
      topology,
      runId: context.runId,
      wayUp,
      standFor: node => ({ kernel: 'typescript', implementation: null, ...options.standFor?.(node) }),
      finishedPorts: new Set(byKernel.flatMap(link => link.endpoints.map(endName))),
      onEvents: (name, events) => {
        for (const event of events) tell(name, event);
        if (events.some(event => event.kind === 'addressConfigured')) void adoptAddresses(topology, fleet, name);
      },
    });
    fleet.launch();
    closing.push(() => fleet.close());
    const throughMiddle = cables.filter(cable => cable.kind === 'middle');
    const middle =
      throughMiddle.length === 0
        ? null
        : new MiddleProcess(context.runId, detail => tell(null, { kind: 'died', detail }));
    closing.push(() => middle?.kill());
    // Nothing is up yet: the capture misses nothing.
    const capture = new LiveCapture(cables, context.onPacket);
    closing.push(() => capture.close());
    await Promise.all([
      configure(topology, cables, wayUp),
      fleet.start(),
      middle?.start(throughMiddle),
      ...byKernel.map(link => impair(cables, link)),
    ]);
    const links = new LinkControl(cables, fleet, middle);
    return new NetnsLab({ topology, context, cables, capture, fleet, middle, links }, CAPABILITIES);
  } catch (error) {
    for (const close of closing.reverse()) await close();
    throw error;
  }
}

/** Settings, addresses and routes of every namespace, and its devices up. */
async function configure(topology: Topology, cables: readonly Cable[], wayUp: WayUp): Promise<void> {
  const middle = cables.flatMap(({ kind, ends }) => (kind === 'middle' ? ends.map(({ far }) => far.interface) : []));
  const loose = topology.nodes
    .flatMap(node => node.interfaces.filter(iface => iface.link === null))
    .map((_, i) => `u${i}`);
  const middleScript = script(
    [
      setting('ipv6/conf/default/disable_ipv6', true),
      ...[...middle, ...loose].map(name => setting(`ipv6/conf/${name}/disable_ipv6`, true)),
    ],
    middle.map(name => `link set dev ${name} arp off up`),
  );
  await Promise.all([
    runScript(MIDDLE_NAMESPACE, middleScript),
    ...topology.nodes.flatMap(node =>
      node.engine
        ? [
            runScript(wireNamespace(node), wireNamespaceScript(node, wayUp)),
            runScript(kernelNamespace(node.name), kernelNamespaceScript(node, wayUp, sourceChooser(topology, node))),
          ]
        : [runScript(kernelNamespace(node.name), plainNodeScript(node))],
    ),
  ]);
}

/** The engine itself says which source it would choose: a node that never runs, asked beside the one that does. */
function sourceChooser(topology: Topology, node: TopologyNode): (destination: string) => string | null {
  const random = createSystemRandom();
  const twin = createNode(nodeConfig(topology, node.name, []), { random, kernel: createTypescriptKernel(random) });
  return destination => twin.sourceFor(destination);
}

/** Addresses that a node has formed by SLAAC are its kernel's as well. */
async function adoptAddresses(topology: Topology, fleet: EngineFleet, name: string): Promise<void> {
  const node = topology.nodes.find(candidate => candidate.name === name);
  const status = await fleet.find(name)?.request<'status'>({ kind: 'status' });
  if (node === undefined || status === undefined) return;
  const known = upAddresses(node);
  const formed = status.interfaces.flatMap(({ addresses }) => addresses.map(address => address.split('/')[0] ?? ''));
  const fresh = formed.filter(address => !known.includes(address) && !address.startsWith('fe80:'));
  if (fresh.length > 0) await runScript(kernelNamespace(name), script([], fresh.map(addressLine)));
}

/** netem on both ends, for frames that are packets each: an impairment must not hit a superframe as a whole. */
async function impair(cables: readonly Cable[], link: TopologyLink): Promise<void> {
  const cable = cables.find(candidate => candidate.link === link);
  for (const [side, { netns, end }] of (cable?.ends ?? []).entries()) {
    const words = netemArguments(link.impairments[side === 0 ? 0 : 1]);
    if (words === null) continue;
    const device = `dev ${end.interface}`;
    await runScript(
      netns,
      `set -e\nip link set ${device} gso_max_segs 1\ntc qdisc replace ${device} root netem ${words.join(' ')}\n`,
    );
  }
}

const isImpaired = (link: TopologyLink): boolean =>
  link.impairments.some(impairment => netemArguments(impairment) !== null);

function insidePod(): boolean {
  return readFileSync('/proc/self/mounts', 'utf8')
    .split('\n')
    .some(line => line.startsWith(`${POD_MARK} /run tmpfs `));
}

function tunOpenable(): boolean {
  try {
    accessSync('/dev/net/tun', constants.R_OK | constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
