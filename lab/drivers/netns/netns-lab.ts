import { setTimeout as wait } from 'node:timers/promises';
import { toolNamed } from '../../../engine/config/tools/tools.ts';
import { type FrameSender, openFrameSender } from '../../../engine/host/frame-sender.ts';
import type { IkeConfig } from '../../../engine/ike/config.ts';
import type { IkeStatus } from '../../../engine/ike/status.ts';
import type { IkeCommand, IkeSecrets } from '../../../engine/ike/daemon.ts';
import type { Explanation, FlowQuery, NodeStatus } from '../../../engine/node/node.ts';
import { NS_PER_MS } from '../../../engine/wire/instant.ts';
import type { EspSaKeys } from '../../capture/key-log.ts';
import { changeLine } from '../../reconcile/change-text.ts';
import type { Change } from '../../reconcile/changes.ts';
import type { ChangingTopology } from '../../reconcile/changing-topology.ts';
import { planCommand } from '../../system/commands.ts';
import { followKernel } from '../../system/racoon-service.ts';
import type { FaultAction, Topology, TopologyNode } from '../../topology/model.ts';
import type { Capability, DriverName, ExecIo, NodeIke, Probe, ProbeResult, RunContext, RunningLab } from '../driver.ts';
import type { FaultBook, LabCondition } from '../fault-book.ts';
import { Revival } from '../revival.ts';
import { directionTowards } from '../link/link-faults.ts';
import { framesOf } from '../system-frames.ts';
import { MachineObstacle } from '../machine-obstacle.ts';
import type { EngineFleet } from './engine-fleet.ts';
import type { AdoptedAddresses } from './adopted-addresses.ts';
import { type Ground, LAB_GOES } from './ground.ts';
import type { HttpProcess } from './http-process.ts';
import type { CableEnd } from './layout.ts';
import { withEngineRouters } from './engine-routers.ts';
import { applyChanges, assertPossible } from './live-changes.ts';
import type { LinkControl } from './link-control.ts';
import type { LiveCapture } from './live-capture.ts';
import { liveNow } from './live-now.ts';
import type { NetnsSystems } from './netns-systems.ts';
import { kernelNamespace, namespaceFile } from './names.ts';
import type { PeerFleet } from './peers/peer-fleet.ts';
import { pingProbe } from './ping-probe.ts';
import { moveScript, plainNodeScript } from './plain-node.ts';
import { plainStatus } from './plain-status.ts';
import { runScript, type Shell } from './run.ts';
import { socketProbe } from './socket-probe.ts';
import { signalProcessesIn } from './stray-processes.ts';
import { runSystem, type SystemHost } from './system-run.ts';
import { runTool, type ToolNode } from './tool-run.ts';

/** Exit status of a command on a node that stands still: ssh's, for a host that does not answer. */
const STATUS_NODE_PAUSED = 255;

export interface NetnsLabParts {
  /** As it is now. */
  readonly topology: Topology;
  readonly changing: ChangingTopology;
  readonly context: RunContext;
  readonly ground: Ground;
  readonly capture: LiveCapture;
  readonly fleet: EngineFleet;
  readonly peers: PeerFleet;
  readonly links: LinkControl;
  readonly faults: FaultBook;
  /** What the daemon of a node is told now; null: nobody negotiates there. */
  readonly ikeFor: (node: string) => IkeConfig | null;
  /** Gives a node the system that its topology makes of it. */
  readonly seatSystem: (node: string) => void;
  readonly services: readonly HttpProcess[];
  readonly adopted: AdoptedAddresses;
  readonly systems: NetnsSystems;
}

/** A lab that runs on this machine's kernel: its links and its capture are in the pod that this process is in. */
export class NetnsLab implements RunningLab {
  readonly driver: DriverName;
  readonly capabilities: ReadonlySet<Capability>;
  readonly #parts: NetnsLabParts;
  readonly #senders = new Map<CableEnd, FrameSender>();
  readonly #faultTimers: NodeJS.Timeout[] = [];
  /** Ends what `exec` has running when the lab goes. */
  readonly #goingDown = new AbortController();
  /** Probes to one listener go one after the other: each brings its own. */
  readonly #listeners = new Map<string, Promise<unknown>>();
  #down: Promise<void> | null = null;
  readonly #faults: FaultBook;
  readonly #revival = new Revival();
  /** Nodes that will be started again. */
  readonly #revivals = new Map<string, NodeJS.Timeout>();

  constructor(parts: NetnsLabParts, capabilities: ReadonlySet<Capability>) {
    this.#parts = parts;
    this.#faults = parts.faults;
    this.driver = parts.ground.driver;
    this.capabilities = capabilities;
    for (const { atNs, action } of parts.topology.faults) {
      const apply = () =>
        void this.fault(action).catch((error: unknown) => this.#event(null, 'faultFailed', String(error)));
      this.#faultTimers.push(setTimeout(apply, atNs / NS_PER_MS));
    }
  }

  get topology(): Topology {
    return this.#parts.topology;
  }

  now(): bigint {
    return liveNow();
  }

  async sleep(milliseconds: number): Promise<void> {
    await wait(milliseconds);
    this.#parts.capture.flush();
  }

  async probe(probe: Probe): Promise<ProbeResult> {
    this.#node(probe.from);
    if (probe.with !== 'icmp' && probe.toNode !== null) this.#node(probe.toNode);
    const result = await this.#send(probe);
    this.#parts.capture.flush();
    return result;
  }

  async exec(node: string, argv: readonly string[], io: ExecIo): Promise<number> {
    const signals = [this.#goingDown.signal, ...(io.signal === null ? [] : [io.signal])];
    const whileUp = { ...io, signal: AbortSignal.any(signals) };
    const { name, engine } = this.#node(node);
    if (this.#faults.node(name) === 'paused') {
      io.stderr(Buffer.from(`${name} is paused\n`));
      return STATUS_NODE_PAUSED;
    }
    const system = this.#parts.systems.find(name);
    const plan = system === null ? null : planCommand(argv, system, { hasPrograms: true });
    if (plan !== null) return runSystem(plan, argv, this.#systemHost(name), whileUp);
    const tool = engine ? toolNamed(argv[0] ?? '') : null;
    if (tool !== null) {
      const status = await runTool(tool, argv, this.#toolNode(name), whileUp);
      if (system !== null) await this.#parts.systems.run(name, followKernel);
      return status;
    }
    return this.#parts.ground.exec(name, argv, whileUp, this.#parts.peers.environmentOf(name));
  }

  async inject(link: string, towards: string, frame: Uint8Array): Promise<void> {
    this.#assertUp();
    const cable = this.#parts.links.cable(link);
    const from = cable.ends[directionTowards(cable.link, towards)];
    const { netns, end } = from;
    const elsewhere = this.#parts.ground.inject?.(from.node.name, end.interface, frame) ?? null;
    if (elsewhere !== null) return elsewhere;
    const sender =
      this.#senders.get(from) ?? openFrameSender({ interface: end.interface, netns: namespaceFile(netns) });
    this.#senders.set(from, sender);
    sender.send(frame);
  }

  async fault(action: FaultAction): Promise<void> {
    this.#assertUp();
    this.#parts.ground.refuse?.(action, this.topology);
    if (action.kind === 'crash' || action.kind === 'restart') this.#leaveToWhoeverAsked(action.node);
    await this.#carryOut(action);
    this.#faults.note(action);
    this.#event('node' in action ? action.node : null, action.kind, describe(action));
  }

  /** Its process has ended, and nobody had asked for that. */
  died(name: string): void {
    this.#faults.set(name, 'down');
    const node = this.topology.nodes.find(each => each.name === name);
    if (node?.restart !== 'always' || this.#down !== null) return;
    const wait = this.#revival.died(name, performance.now());
    if (wait === null) return this.#event(name, 'restartGivenUp', 'it has ended too often');
    this.#event(name, 'restarting', `in ${wait / 1000} s`);
    clearTimeout(this.#revivals.get(name));
    this.#revivals.set(
      name,
      setTimeout(() => void this.#revive(node), wait),
    );
  }

  async #revive(node: TopologyNode): Promise<void> {
    this.#revivals.delete(node.name);
    try {
      await this.#crashOrRestart(node, 'restart');
      this.#faults.set(node.name, 'up');
      this.#revival.started(node.name, performance.now());
      this.#event(node.name, 'restarted', '');
    } catch (error) {
      if (this.#down !== null) return;
      this.#event(node.name, 'restartFailed', error instanceof Error ? error.message : String(error));
      // A process that ended at once has told so itself.
      if (!this.#revivals.has(node.name)) this.died(node.name);
    }
  }

  #leaveToWhoeverAsked(name: string): void {
    clearTimeout(this.#revivals.get(name));
    this.#revivals.delete(name);
    this.#revival.forget(name);
  }

  async reconcile(next: Topology, changes: readonly Change[]): Promise<void> {
    this.#assertUp();
    const after = withEngineRouters(next);
    assertPossible(this.#parts, changes);
    for (const change of changes) if ('node' in change) this.#leaveToWhoeverAsked(change.node);
    try {
      await applyChanges(this.#parts, after, changes);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      throw new MachineObstacle(`the lab is changed in part only: ${why}`, 'lab down, then lab up');
    }
    for (const change of changes) if (change.kind === 'nodeChanged') this.#nowRuns(change);
    this.#event(null, 'reconciled', changes.map(changeLine).join('; '));
  }

  #nowRuns({ node, because }: Extract<Change, { kind: 'nodeChanged' }>): void {
    if (because.length > 0) this.#faults.set(node, 'up');
  }

  condition(): LabCondition {
    return this.#faults.condition();
  }

  async #carryOut(action: FaultAction): Promise<void> {
    switch (action.kind) {
      case 'crash':
      case 'restart':
        await this.#crashOrRestart(this.#node(action.node), action.kind);
        return;
      case 'pause':
      case 'resume':
        await this.#stopOrContinue(this.#node(action.node), action.kind);
        return;
      case 'rebind':
        await this.#engine(action.node).request<'command'>({ kind: 'command', command: { kind: 'rebindNat' } });
        return;
      case 'move':
        await this.#move(action);
        return;
      case 'clockSkew':
        await this.#engine(action.node).request<'skew'>({ kind: 'skew', byNs: action.byNs });
        return;
      case 'linkDown':
      case 'linkUp':
      case 'partition':
      case 'heal':
      case 'impair':
        await this.#parts.links.apply(action);
    }
  }

  async status(): Promise<readonly NodeStatus[]> {
    this.#assertUp();
    const { topology, fleet, ground } = this.#parts;
    return Promise.all(
      topology.nodes.map(async node => {
        if (!node.engine) return plainStatus(node, ground.shell);
        return (await fleet.ask<'status'>(node.name, { kind: 'status' })) ?? deadStatus(node);
      }),
    );
  }

  async explain(node: string, flow: FlowQuery): Promise<Explanation | null> {
    if (!this.#node(node).engine) return null;
    return this.#parts.fleet.ask<'explain'>(node, { kind: 'explain', flow });
  }

  keys(): readonly EspSaKeys[] {
    return this.#parts.fleet.keys.esp;
  }

  async ike(): Promise<readonly NodeIke[]> {
    this.#assertUp();
    const { topology } = this.#parts;
    const all = await Promise.all(
      topology.nodes.map(async ({ name, engine }) => ({
        node: name,
        status: await this.#ikeStatus(name, engine),
      })),
    );
    return all.flatMap(({ node, status }) => (status === null ? [] : [{ node, status }]));
  }

  /** null also of a node that stands still: nobody there could answer. */
  async #ikeStatus(name: string, engine: boolean): Promise<IkeStatus | null> {
    const { fleet, peers } = this.#parts;
    if (this.#faults.node(name) === 'paused') return null;
    return engine ? fleet.ask<'ike'>(name, { kind: 'ike' }) : peers.status(name);
  }

  async ikeCommand(node: string, command: IkeCommand): Promise<void> {
    const { fleet, peers } = this.#parts;
    const { name } = this.#node(node);
    if (command.kind === 'configure' && fleet.has(name)) await fleet.configureIke(name, command.config);
    else await (peers.has(name) ? peers : fleet).ikeCommand(name, command);
  }

  ikeSecrets(): readonly IkeSecrets[] {
    return this.#parts.fleet.keys.ike;
  }

  captureLosses(): Readonly<Record<string, number>> {
    return this.#parts.capture.losses();
  }

  down(): Promise<void> {
    this.#down ??= this.#remove();
    return this.#down;
  }

  async #remove(): Promise<void> {
    for (const timer of [...this.#faultTimers, ...this.#revivals.values()]) clearTimeout(timer);
    this.#goingDown.abort(LAB_GOES);
    const { topology, ground, capture, fleet, peers, links, services } = this.#parts;
    await Promise.all([fleet.close(), peers.close(), links.close(), ...services.map(service => service.kill())]);
    for (const sender of this.#senders.values()) sender.close();
    capture.close();
    await ground.remove(topology);
  }

  #send(probe: Probe): Promise<ProbeResult> {
    const send = () => this.#parts.ground.probe?.(probe) ?? probeHere(probe);
    if (probe.with === 'icmp' || probe.toNode === null) return send();
    const listener = `${probe.toNode} ${probe.to} ${probe.with} ${probe.port}`;
    const turn = (this.#listeners.get(listener) ?? Promise.resolve()).then(send);
    this.#listeners.set(listener, turn);
    return turn;
  }

  /** Of a plain node the kernel itself moves. */
  async #move({ node, interface: port, addresses, gateway }: Extract<FaultAction, { kind: 'move' }>): Promise<void> {
    if (this.#node(node).engine) {
      const command = { kind: 'renumber', interface: port, addresses, gateway } as const;
      await this.#engine(node).request<'command'>({ kind: 'command', command });
      return;
    }
    await this.#shell(kernelNamespace(node), moveScript(port, addresses, gateway));
  }

  /** All that runs on it, the engine first of all; what arrives meanwhile waits in the kernel's buffers. */
  async #stopOrContinue({ name, engine }: TopologyNode, kind: 'pause' | 'resume'): Promise<void> {
    const { fleet, peers, ground } = this.#parts;
    if (!engine && !peers.has(name)) {
      throw new MachineObstacle(
        `${name} is a plain stack of the kernel, which cannot be paused`,
        'cut its links instead',
      );
    }
    const signal = kind === 'pause' ? 'SIGSTOP' : 'SIGCONT';
    if (ground.signalPrograms === undefined) signalProcessesIn([kernelNamespace(name)], signal);
    else await ground.signalPrograms(name, signal);
    fleet.setPaused(name, kind === 'pause');
  }

  /** A plain node is the kernel itself: all that can be taken from it are its links. */
  async #crashOrRestart(node: TopologyNode, kind: 'crash' | 'restart'): Promise<void> {
    const { fleet, peers, adopted, systems, ground } = this.#parts;
    const runner = node.engine ? fleet : peers.has(node.name) ? peers : null;
    if (runner !== null) {
      if (fleet.find(node.name) !== null) systems.crashed(node.name);
      await (kind === 'crash' ? runner.crash(node.name) : runner.restart(node.name));
      if (kind !== 'restart') return;
      await systems.booted(node.name);
      await adopted.readopt(node.name);
      return;
    }
    const down = node.interfaces.map(({ name }) => `ip link set dev ${name} down\n`).join('');
    await ground.endPrograms(node.name);
    await this.#shell(kernelNamespace(node.name), `${down}${kind === 'restart' ? plainNodeScript(node) : ''}`);
  }

  get #shell(): Shell {
    return this.#parts.ground.shell ?? runScript;
  }

  #systemHost(name: string): SystemHost {
    const { systems, ground, topology } = this.#parts;
    return {
      name,
      run: step => systems.run(name, step),
      exec: (argv, io) => ground.exec(name, argv, io, {}),
      restart: () => this.fault({ kind: 'restart', node: name }),
      tap: listener => systems.tap(listener),
      framesOf: netInterface => framesOf(topology, name, netInterface),
    };
  }

  #toolNode(name: string): ToolNode {
    return {
      name,
      status: () => this.#parts.fleet.ask<'status'>(name, { kind: 'status' }),
      command: command => this.#parts.fleet.command(name, command),
      unixSeconds: () => Number(this.now() / 1_000_000n) / 1000,
    };
  }

  #engine(node: string) {
    const found = this.#parts.fleet.find(this.#node(node).name);
    if (found === null) throw new Error(`no engine runs on ${node}`);
    return found;
  }

  #assertUp(): void {
    if (this.#down !== null) throw new Error(`the lab ${this.topology.name} is down`);
  }

  #node(name: string): TopologyNode {
    this.#assertUp();
    const node = this.topology.nodes.find(candidate => candidate.name === name);
    if (node === undefined) throw new Error(`there is no node ${name}`);
    return node;
  }

  #event(node: string | null, kind: string, detail: string): void {
    this.#parts.context.onEvent({ at: this.now(), node, kind, detail });
  }
}

const probeHere = (probe: Probe): Promise<ProbeResult> =>
  probe.with === 'icmp' ? pingProbe(kernelNamespace(probe.from), probe) : socketProbe(probe);

function describe(action: FaultAction): string {
  return Object.entries(action)
    .filter(([name]) => name !== 'kind')
    .map(([name, value]) => `${name} ${value}`)
    .join(', ');
}

function deadStatus(node: TopologyNode): NodeStatus {
  const counters = { receivedPackets: 0, receivedOctets: 0, sentPackets: 0, sentOctets: 0 };
  return {
    name: node.name,
    interfaces: node.interfaces.map(({ name, mtu }) => ({
      name,
      kind: 'ethernet',
      up: false,
      mtu,
      addresses: [],
      counters,
    })),
    routes: [],
    policies: [],
    filter: null,
    sas: [],
    drops: {},
  };
}
