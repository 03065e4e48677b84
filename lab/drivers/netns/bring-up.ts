import { readdirSync, readFileSync } from 'node:fs';
import { createSystemRandom } from '../../../engine/host/system-random.ts';
import type { IkeConfig } from '../../../engine/ike/config.ts';
import type { NodeConfig } from '../../../engine/node/config.ts';
import type { CapturedPacket } from '../../capture/packet.ts';
import { changingTopology } from '../../reconcile/changing-topology.ts';
import { ikeConfig } from '../../topology/ike-config.ts';
import type { Topology } from '../../topology/model.ts';
import type { Capability, RunContext, RunningLab } from '../driver.ts';
import { enrol } from '../enrolment.ts';
import { FaultBook } from '../fault-book.ts';
import { hostsOf } from '../hosts.ts';
import { firstSystem } from '../system-origin.ts';
import { AdoptedAddresses } from './adopted-addresses.ts';
import { configure, impair, makeUpDevices } from './configure.ts';
import { EngineFleet, type Stand } from './engine-fleet.ts';
import type { LiveEvent } from './engine-process.ts';
import type { Ground } from './ground.ts';
import { HttpProcess } from './http-process.ts';
import { cablesOf, layoutBatch } from './layout.ts';
import { LinkControl } from './link-control.ts';
import { LiveCapture } from './live-capture.ts';
import { liveNow } from './live-now.ts';
import { MiddleProcess } from './middle-process.ts';
import { withEngineRouters } from './engine-routers.ts';
import { endName } from './names.ts';
import { isImpaired, netemAvailable, netemMatches } from './netem.ts';
import { NetnsLab } from './netns-lab.ts';
import { NetnsSystems, type SystemNode } from './netns-systems.ts';
import { PeerFleet } from './peers/peer-fleet.ts';
import { POD_MARK } from './pod.ts';
import { ipBatch, runScript } from './run.ts';

export interface LiveOptions {
  /** What a node runs instead of the engine with its TypeScript kernel. */
  readonly standFor?: (node: string) => Partial<Stand>;
  /** The last word on the configuration of each engine node; the topology's unless given. */
  readonly arrange?: (config: NodeConfig) => NodeConfig;
  /** The configuration of a node's IKE daemon; as the topology says unless given. */
  readonly ikeFor?: (node: string) => IkeConfig | null;
  /** More lines for the `charon` section of strongswan.conf, or `config setup` of ipsec.conf, of a node that runs such a daemon. */
  readonly peerSettings?: (node: string) => string;
  /** `none`: no packet is heard, and no daemon tells its keys, for measurements, from which both take their share. */
  readonly capture?: 'all' | 'none';
}

export const LIVE_CAPABILITIES: ReadonlySet<Capability> = new Set([
  'real-programs',
  'scheduled-faults',
  'inject',
  'impairments',
]);

/**
 * A live lab on what `ground` gives its nodes. Has to run inside a pod (pod.ts), of which a lab has all to itself; what was made is
 * removed again when this throws.
 */
export async function bringUp(
  asked: Topology,
  context: RunContext,
  ground: Ground,
  options: LiveOptions = {},
): Promise<RunningLab> {
  const changing = changingTopology(withEngineRouters(asked));
  const { topology } = changing;
  if (!insidePod()) throw new Error('a live lab comes up inside a pod: start this process through podCommand()');
  if (readdirSync('/run/netns').length > 0) throw new Error('there is a lab in this pod already');
  const { wayUp, nics, startChild, shell = runScript } = ground;
  /** Of links that faults of the file do to what a veth alone does not. */
  const apart = new Set(
    topology.faults.flatMap(({ action }) =>
      action.kind === 'partition' || action.kind === 'impair' ? [action.link] : [],
    ),
  );
  const faults = new FaultBook(topology);
  const impaired = topology.links.filter(isImpaired);
  const far = topology.links.filter(link => ground.viaMiddle?.(link, topology) ?? false);
  const forNetem = impaired.filter(link => netemMatches(link) && !apart.has(link.name) && !far.includes(link));
  const byKernel = forNetem.length > 0 && netemAvailable() ? forNetem : [];
  const ours = topology.links.filter(link => impaired.includes(link) || apart.has(link.name) || far.includes(link));
  const cables = cablesOf(topology, link => ours.includes(link) && !byKernel.includes(link), nics);
  const random = createSystemRandom();
  const enrolment = await enrol(topology, Date.now() / 1000, () => random);
  const tell = (node: string | null, event: LiveEvent) => context.onEvent({ at: liveNow(), node, ...event });
  let lab: NetnsLab | null = null;
  /** Before the lab is up, its end is the lab's. */
  const died = (node: string) => lab?.died(node);
  const closing: (() => unknown)[] = [() => ground.remove(topology)];
  try {
    const nodeLines = await ground.nodeLines(topology, (node, detail) => {
      if (node !== null) faults.set(node, 'down');
      tell(node, { kind: 'died', detail });
    });
    if (ground.makeLinks === undefined) await ipBatch(layoutBatch(topology, cables, wayUp, nics, nodeLines));
    else {
      await ipBatch(nodeLines);
      await ground.makeLinks(topology, cables);
    }
    const ikeFor = options.ikeFor ?? (name => ikeConfig(topology, name, enrolment.credentials(name)));
    const systems = new NetnsSystems();
    const adopted = new AdoptedAddresses(topology, (name, question) => fleet.ask(name, question), shell);
    const fleet: EngineFleet = new EngineFleet({
      topology,
      runId: context.runId,
      wayUp,
      nics,
      startChild,
      standFor: node => ({ kernel: 'typescript', implementation: null, ...options.standFor?.(node) }),
      arrange: options.arrange ?? (config => config),
      ikeFor: name => {
        const config = ikeFor(name);
        return config === null ? null : { config, hosts: hostsOf(topology) };
      },
      learnsKeys: options.capture !== 'none',
      finishedPorts: new Set(byKernel.flatMap(link => link.endpoints.map(endName))),
      onEvents: (name, events) => {
        for (const event of events) tell(name, event);
        if (events.some(({ kind }) => kind === 'died')) died(name);
        if (events.some(({ kind }) => kind === 'policyChanged')) {
          fleet
            .followPolicies(name)
            .catch((error: unknown) => tell(name, { kind: 'commandRefused', detail: String(error) }));
        }
        if (events.every(({ kind }) => kind !== 'addressConfigured' && kind !== 'addressesChanged')) return;
        adopted
          .adopt(name)
          .catch((error: unknown) => tell(name, { kind: 'addressesNotAdopted', detail: String(error) }));
      },
    });
    const peers = new PeerFleet({
      topology,
      runId: context.runId,
      ikeFor,
      settingsOf: options.peerSettings ?? (() => ''),
      onDeath: (node, detail) => {
        tell(node, { kind: 'died', detail });
        died(node);
      },
      onMissing: (node, detail) => tell(node, { kind: 'notConfigured', detail }),
      onSaid: (node, implementation, lines) => {
        for (const line of lines) tell(node, { kind: 'peerSaid', detail: `${implementation}: ${line}` });
      },
      onRefused: (node, detail) => tell(node, { kind: 'commandRefused', detail }),
    });
    closing.push(() => peers.close());
    const services = [...enrolment.services, ...(context.services ?? [])].map(
      service =>
        new HttpProcess(service, context.runId, startChild, detail => tell(service.node, { kind: 'died', detail })),
    );
    closing.push(() => Promise.all(services.map(service => service.kill())));
    fleet.launch();
    const middleDied = (detail: string) => tell(null, { kind: 'died', detail });
    closing.push(() => fleet.close());
    const throughMiddle = cables.filter(cable => cable.kind === 'middle');
    const middle = throughMiddle.length === 0 ? null : new MiddleProcess(context.runId, middleDied);
    closing.push(() => middle?.kill());
    // Nothing is up yet: the capture misses nothing.
    const hear = (packet: CapturedPacket): void => {
      context.onPacket(packet);
      systems.captured(packet);
    };
    const capture = new LiveCapture(cables, options.capture === 'none' ? null : hear);
    closing.push(() => capture.close());
    await makeUpDevices(topology, wayUp, shell);
    await Promise.all([
      configure(topology, cables, wayUp, nics, ground),
      Promise.all(services.map(service => service.ready)).then(() => fleet.start()),
      middle?.start(throughMiddle),
      ...cables
        .filter(({ link }) => byKernel.includes(link))
        .map(cable => (ground.impair === undefined ? impair(cable) : ground.impair(cable))),
    ]);
    // They begin at once, and wait long where nobody answers: the engines come first.
    await peers.start();
    const links = new LinkControl({
      cables,
      fleet,
      capture,
      middle,
      startMiddle: () => new MiddleProcess(context.runId, middleDied),
      shell,
    });
    const seatSystem = (name: string): void => {
      const system = firstSystem(topology, name, Date.now() / 1000, ikeFor(name)?.credentials ?? null);
      systems.add(name, system, systemNode(name, fleet, adopted));
    };
    for (const name of fleet.names) seatSystem(name);
    const parts = {
      topology,
      changing,
      ikeFor,
      seatSystem,
      context,
      ground,
      capture,
      fleet,
      peers,
      links,
      faults,
      services,
      adopted,
      systems,
    };
    lab = new NetnsLab(parts, LIVE_CAPABILITIES);
    return lab;
  } catch (error) {
    for (const close of closing.reverse()) await close();
    throw error;
  }
}

function systemNode(name: string, fleet: EngineFleet, adopted: AdoptedAddresses): SystemNode {
  return {
    status: () => fleet.ask<'status'>(name, { kind: 'status' }),
    ike: () => fleet.ask<'ike'>(name, { kind: 'ike' }),
    unixSeconds: () => Date.now() / 1000,
    command: command => fleet.command(name, command),
    configureIke: config => fleet.configureIke(name, config),
    ikeCommand: command => fleet.ikeCommand(name, command),
    settled: () => adopted.adopt(name),
  };
}

function insidePod(): boolean {
  return readFileSync('/proc/self/mounts', 'utf8')
    .split('\n')
    .some(line => line.startsWith(`${POD_MARK} /run tmpfs `));
}
