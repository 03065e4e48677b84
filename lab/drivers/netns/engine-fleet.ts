import { randomBytes } from 'node:crypto';
import type {
  IkeOrder,
  NodeAnswers,
  NodeOrder,
  NodeRequest,
  PortOrder,
  UpOrder,
} from '../../../engine/host/messages.ts';
import type { IkeConfig } from '../../../engine/ike/config.ts';
import type { IkeCommand } from '../../../engine/ike/daemon.ts';
import type { NodeConfig, SaConfig } from '../../../engine/node/config.ts';
import type { NodeCommand } from '../../../engine/node/node.ts';
import { ikePorts } from '../../../engine/ike/datagram.ts';
import { deriveSas, type DerivedSas } from '../../topology/keys.ts';
import type { Topology, TopologyNode } from '../../topology/model.ts';
import { nodeConfig } from '../../topology/node-config.ts';
import type { ExpiryWatch } from '../expiry-watch.ts';
import { forPolicies, hasOtherChildren } from '../followed-policies.ts';
import { hostsOf } from '../hosts.ts';
import { KnownKeys } from '../known-keys.ts';
import type { StartNodeChild } from './child-process.ts';
import { EngineProcess, type LiveEvent } from './engine-process.ts';
import type { WayUp } from './layout.ts';
import {
  kernelNamespace,
  namespaceFile,
  type NicsPlace,
  UP_DEVICE,
  UP_DEVICE_MAC,
  UP_DEVICE_PEER,
  wireNamespace,
} from './names.ts';

/** What runs as a node: see NodeOrder. */
export type Stand = Pick<NodeOrder, 'kernel' | 'implementation'>;

export interface EngineFleetOptions {
  readonly topology: Topology;
  readonly runId: string;
  readonly wayUp: WayUp;
  readonly nics: NicsPlace;
  readonly startChild: StartNodeChild;
  /** What each node runs. */
  readonly standFor: (node: string) => Stand;
  /** The last word on the configuration of each node. */
  readonly arrange: (config: NodeConfig) => NodeConfig;
  /** What the daemon of each node is told; null: nobody negotiates there. */
  readonly ikeFor: (node: string) => IkeOrder | null;
  /** Whether packets are heard that the keys of daemons are to open. */
  readonly learnsKeys: boolean;
  /** Ports (`node:interface`) that send finished packets only. */
  readonly finishedPorts: ReadonlySet<string>;
  readonly onEvents: (node: string, events: readonly LiveEvent[]) => void;
}

/**
 * The engine nodes of a lab: a process each, and the SAs that they share. A node that restarts has lost its sequence
 * numbers, so it and its peers get SAs of the next generation, with keys that were never used.
 */
export class EngineFleet {
  readonly #options: EngineFleetOptions;
  #nodes: ReadonlyMap<string, TopologyNode> = new Map();
  readonly #processes = new Map<string, EngineProcess>();
  /** Live keys are of this run alone: nothing reproduces them. */
  readonly #runSecret = randomBytes(32).toString('hex');
  readonly #generations: Record<string, number> = {};
  /** Of all SAs that there have been. */
  readonly keys = new KnownKeys();
  #sas: DerivedSas;
  #watch: Promise<ExpiryWatch> | null = null;
  #lookAgain: NodeJS.Timeout | null = null;
  /** What each daemon is told: all of it, and what of it is for policies that its node has. */
  readonly #told = new Map<string, { readonly whole: IkeConfig; readonly now: IkeConfig }>();

  constructor(options: EngineFleetOptions) {
    this.#options = options;
    this.follow();
    this.#sas = this.#derive();
  }

  /** The topology is another one now. Nothing of what runs changes by that. */
  follow(): void {
    const engines = this.#options.topology.nodes.filter(node => node.engine);
    this.#nodes = new Map(engines.map(node => [node.name, node]));
  }

  /** The node is not there any more. */
  async remove(name: string): Promise<void> {
    await this.crash(name);
    this.#processes.delete(name);
    this.#told.delete(name);
  }

  get names(): readonly string[] {
    return [...this.#nodes.keys()];
  }

  /** Begins to start the processes; their namespaces are all that they need for it. */
  launch(): void {
    for (const node of this.#nodes.values()) this.#processes.set(node.name, this.#launch(node));
  }

  /** Resolves when every node runs on its ports, which must be there by now. */
  async start(): Promise<void> {
    await Promise.all([...this.#processes].map(([name, started]) => started.start(this.#order(name))));
  }

  /** null: not an engine node, or it does not run now. */
  find(name: string): EngineProcess | null {
    const found = this.#processes.get(name);
    return found?.isUp === true ? found : null;
  }

  /** null: it does not run, stands still, or ended before it could answer. */
  async ask<Kind extends 'status' | 'explain' | 'ike' | 'sources'>(
    name: string,
    question: Extract<NodeRequest, { kind: Kind }>,
  ): Promise<NodeAnswers[Kind] | null> {
    const engine = this.find(name);
    if (engine?.isPaused === true) return null;
    try {
      return (await engine?.request<Kind>(question)) ?? null;
    } catch (error) {
      if (engine?.alive === true) throw error;
      return null;
    }
  }

  /** What a tool of an administrator asks of a node. Rejects when it does not run. */
  async command(name: string, command: NodeCommand): Promise<void> {
    const running = this.find(name);
    if (running === null) throw new Error(`no engine runs on ${name}`);
    this.keys.learnFrom(command);
    await running.request<'command'>({ kind: 'command', command });
  }

  /** Rejects where nobody negotiates. */
  async ikeCommand(name: string, command: IkeCommand): Promise<void> {
    const isHeard = await this.find(name)?.request<'ikeCommand'>({ kind: 'ikeCommand', command });
    if (isHeard !== true) throw new Error(`${name} runs no IKE daemon`);
  }

  /** A daemon's configuration from now on, whether one runs or not; null: none does any more. Rejects when the node does not run. */
  async configureIke(name: string, config: IkeConfig | null): Promise<void> {
    const running = this.find(name);
    if (running === null) throw new Error(`no engine runs on ${name}`);
    if (config === null) {
      this.#told.delete(name);
      await running.request<'configureIke'>({ kind: 'configureIke', order: null });
      return;
    }
    this.#told.set(name, { whole: config, now: config });
    this.#look(name, config);
    await this.#tell(running, config);
  }

  /** The policies of a node are others now, and so may be what its daemon negotiates. */
  async followPolicies(name: string): Promise<void> {
    const running = this.find(name);
    const told = this.#told.get(name);
    const status = await this.ask<'status'>(name, { kind: 'status' });
    if (running === null || told === undefined || status === null || this.#told.get(name) !== told) return;
    const now = forPolicies(told.whole, new Set(status.policies.map(each => each.name)));
    if (!hasOtherChildren(told.now, now)) return;
    this.#told.set(name, { whole: told.whole, now });
    await this.#tell(running, now);
  }

  async #tell(running: EngineProcess, config: IkeConfig): Promise<void> {
    const order = this.#ikeOrder({ config, hosts: hostsOf(this.#options.topology) });
    try {
      await running.request<'configureIke'>({ kind: 'configureIke', order });
    } catch (error) {
      if (running.alive) throw error;
    }
  }

  has(name: string): boolean {
    return this.#nodes.has(name);
  }

  /** Whether its process is stopped, by whoever stops it. */
  setPaused(name: string, isPaused: boolean): void {
    const running = this.find(name);
    if (running !== null) running.isPaused = isPaused;
  }

  async crash(name: string): Promise<void> {
    await this.#processes.get(name)?.kill();
  }

  /** Also of a node that has never run. */
  async restart(name: string): Promise<void> {
    const node = this.#nodes.get(name);
    if (node === undefined) throw new Error(`${name} is not an engine node`);
    await this.crash(name);
    this.#generations[name] = (this.#generations[name] ?? 0) + 1;
    const before = this.#sas;
    this.#sas = this.#derive();
    const fresh = this.#launch(node);
    this.#processes.set(name, fresh);
    await fresh.start(this.#order(name));
    const peers = [...this.#processes].filter(([peer, { isUp }]) => peer !== name && isUp);
    await Promise.all(
      peers.map(([peer, running]) => this.#exchangeSas(running, before.nodes.get(peer), this.#sas.nodes.get(peer))),
    );
  }

  async close(): Promise<void> {
    clearInterval(this.#lookAgain ?? undefined);
    await Promise.all([...this.#processes.values()].map(running => running.kill()));
  }

  async #exchangeSas(
    running: EngineProcess,
    before: readonly SaConfig[] = [],
    after: readonly SaConfig[] = [],
  ): Promise<void> {
    const [old, wanted] = [new Set(before.map(saKey)), new Set(after.map(saKey))];
    for (const sa of before) {
      if (wanted.has(saKey(sa))) continue;
      await running.request<'command'>({
        kind: 'command',
        command: { kind: 'deleteSa', spi: sa.spi, direction: sa.direction },
      });
    }
    // An administrator may have taken policies away, and their SAs with them; whoever stands still is not asked.
    const status = running.isPaused ? null : await running.request<'status'>({ kind: 'status' });
    const names = status === null ? null : new Set<string | null>([null, ...status.policies.map(({ name }) => name)]);
    for (const sa of after) {
      if (!old.has(saKey(sa)) && names?.has(sa.policy) !== false)
        await running.request<'command'>({ kind: 'command', command: { kind: 'installSa', sa } });
    }
  }

  #derive(): DerivedSas {
    const derived = deriveSas(this.#options.topology, this.#runSecret, this.#generations);
    this.keys.learn(derived.keys);
    return derived;
  }

  #launch(node: TopologyNode): EngineProcess {
    const { onEvents, runId, startChild } = this.#options;
    const { name } = node;
    return new EngineProcess({
      node: name,
      netns: kernelNamespace(name),
      runId,
      startChild,
      negotiates: this.#options.ikeFor(name) !== null,
      onEvents: events => onEvents(name, events),
      onSecrets: (commands, ike) => {
        for (const command of commands) this.keys.learnFrom(command);
        this.keys.learnIke(ike);
      },
    });
  }

  #order(name: string): NodeOrder {
    const { topology, finishedPorts, standFor, arrange, nics } = this.#options;
    const node = this.#nodes.get(name);
    if (node === undefined) throw new Error(`${name} is not an engine node`);
    // A process that has its NICs with it needs no way to them, nor the right to go it.
    const netns = nics === 'together' ? null : namespaceFile(wireNamespace(node, nics));
    const ports = node.interfaces.map(
      (iface): PortOrder => ({
        name: iface.name,
        netns,
        offload: !finishedPorts.has(`${name}:${iface.name}`),
      }),
    );
    const ike = this.#options.ikeFor(name);
    if (ike === null) this.#told.delete(name);
    else {
      this.#told.set(name, { whole: ike.config, now: ike.config });
      this.#look(name, ike.config);
    }
    const { plain, marked } = ike === null ? NO_PORTS : ikePorts(ike.config);
    const negotiation =
      ike === null ? {} : { negotiation: { ports: [...plain, ...marked], encapsulationPorts: marked } };
    return {
      config: arrange({ ...nodeConfig(topology, name, this.#sas.nodes.get(name) ?? []), ...negotiation }),
      ports,
      up: this.#up(netns),
      ike: ike === null ? null : this.#ikeOrder(ike),
      ...standFor(name),
    };
  }

  /** Says what ends soon of a daemon's certificates; and again from time to time, as long as there is something to look at. */
  #look(name: string, config: IkeConfig): void {
    const { keys, anchors, peers } = config.credentials;
    if (keys.length + anchors.length + peers.length === 0) return;
    void this.#tellOfEnds(name, config);
    this.#lookAgain ??= setInterval(() => {
      for (const [each, { whole }] of this.#told) this.#look(each, whole);
    }, LOOK_MS).unref();
  }

  async #tellOfEnds(name: string, config: IkeConfig): Promise<void> {
    this.#watch ??= loadWatch();
    const watch = await this.#watch;
    const events = watch.look(name, config, Date.now() / 1000).map(detail => ({ kind: EXPIRES, detail }));
    if (events.length > 0) this.#options.onEvents(name, events);
  }

  #ikeOrder(ike: IkeOrder): IkeOrder {
    return { ...ike, config: { ...ike.config, revealsSecrets: this.#options.learnsKeys } };
  }

  #up(netns: string | null): UpOrder {
    // The process is in the node's kernel namespace, and so is a TUN device.
    if (this.#options.wayUp === 'tun') return { kind: 'tun', interface: UP_DEVICE, netns: null };
    return { kind: 'veth', interface: UP_DEVICE_PEER, netns, kernelMac: UP_DEVICE_MAC };
  }
}

const EXPIRES = 'certificateExpires' as const;
const LOOK_MS = 600_000;

/** What reads certificates is loaded where there are some: a lab is to be up at once. */
async function loadWatch(): Promise<ExpiryWatch> {
  const { ExpiryWatch: Watch } = await import('../expiry-watch.ts');
  return new Watch();
}

const NO_PORTS = { plain: [], marked: [] };

const saKey = (sa: SaConfig): string => [sa.direction, sa.protocol, sa.spi, sa.destination].join(' ');
