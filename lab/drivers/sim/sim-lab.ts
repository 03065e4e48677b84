import { toolNamed } from '../../../engine/config/tools/tools.ts';
import type { Random } from '../../../engine/crypto/random.ts';
import type { IkeConfig } from '../../../engine/ike/config.ts';
import type { IkeCommand, IkeContext, IkeDaemon, IkeSecrets } from '../../../engine/ike/daemon.ts';
import type { IpsecKernel } from '../../../engine/ipsec/kernel.ts';
import type { NodeConfig } from '../../../engine/node/config.ts';
import type { Explanation, FlowQuery, Node, NodeContext, NodeStatus } from '../../../engine/node/node.ts';
import { NS_PER_MS } from '../../../engine/wire/instant.ts';
import type { EspSaKeys } from '../../capture/key-log.ts';
import { changeLine } from '../../reconcile/change-text.ts';
import type { Change } from '../../reconcile/changes.ts';
import type { ChangingTopology } from '../../reconcile/changing-topology.ts';
import { planCommand } from '../../system/commands.ts';
import { followKernel } from '../../system/racoon-service.ts';
import type { FaultAction, Topology } from '../../topology/model.ts';
import type { HttpService } from '../http-service.ts';
import type { Capability, ExecIo, LabEvent, NodeIke, Probe, ProbeResult, RunContext, RunningLab } from '../driver.ts';
import type { LabCondition } from '../fault-book.ts';
import { directionTowards } from '../link/link-faults.ts';
import { framesOf } from '../system-frames.ts';
import { echoService } from './host/echo-service.ts';
import { probeProgram } from './host/probe-program.ts';
import type { Process, ProgramMain } from './host/process.ts';
import { findProgram } from './host/programs.ts';
import { silent, StandardInput } from './host/standard-input.ts';
import { type SystemHost, systemProgram } from './host/system-program.ts';
import { toolProgram } from './host/tool-program.ts';
import { InputFeed } from './input-feed.ts';
import type { Machine } from './machine.ts';
import type { Pace } from './pace.ts';
import { applyChanges } from './sim-changes.ts';
import type { Simulation } from './simulation.ts';
import { World } from './world.ts';

export interface SimLabParts {
  /** As it is now. */
  readonly topology: Topology;
  readonly changing: ChangingTopology;
  readonly run: RunContext;
  readonly capabilities: ReadonlySet<Capability>;
  readonly simulation: Simulation;
  readonly pace: Pace;
  readonly kernelFor: (node: string, random: Random) => IpsecKernel;
  readonly makeNode: (config: NodeConfig, context: NodeContext) => Node;
  readonly services: readonly HttpService[];
  /** What the IKE daemon of a node is told; null: it has none. */
  readonly ikeFor: (node: string) => IkeConfig | null;
  readonly makeIke: (config: IkeConfig, context: IkeContext, node: string) => IkeDaemon;
}

/** Exit status of a command on a node that is down: ssh's, for a host that it cannot reach. */
const STATUS_NODE_DOWN = 255;
const encoder = new TextEncoder();

/** A simulated lab that is up. */
export class SimLab implements RunningLab {
  readonly topology: Topology;
  readonly driver = 'sim';
  readonly capabilities: ReadonlySet<Capability>;
  readonly #world: World;
  readonly #pace: Pace;
  readonly #simulation: Simulation;
  readonly #changing: ChangingTopology;
  readonly #ikeFor: SimLabParts['ikeFor'];
  readonly #onEvent: (event: LabEvent) => void;
  #isDown = false;

  constructor(parts: SimLabParts) {
    this.#changing = parts.changing;
    this.topology = parts.topology;
    this.#ikeFor = parts.ikeFor;
    this.#onEvent = event => parts.run.onEvent(event);
    this.capabilities = parts.capabilities;
    this.#pace = parts.pace;
    this.#simulation = parts.simulation;
    this.#world = new World(parts);
    this.#world.start();
    this.#pace.kick();
  }

  now(): bigint {
    this.#pace.enter();
    return this.#simulation.clock.unixNs;
  }

  sleep(milliseconds: number): Promise<void> {
    return this.#pace.run(finish => {
      const until = this.#simulation.now + Math.round(milliseconds * NS_PER_MS);
      this.#simulation.schedule(until, () => finish(undefined));
    });
  }

  probe(probe: Probe): Promise<ProbeResult> {
    return this.#pace.run(finish => {
      const machine = this.#world.machine(probe.from);
      if (!machine.isUp || machine.isPaused) {
        const why = `${probe.from} is ${machine.isUp ? 'paused' : 'down'}`;
        finish({ kind: 'refused', why, mtu: null });
        return;
      }
      const service = this.#startEcho(probe);
      const finishOnce = (result: ProbeResult) => {
        service?.kill();
        finish(result);
      };
      // A crash of the node ends the program without a report.
      const ended = () => finishOnce({ kind: 'timeout' });
      machine.spawn(['probe'], probeProgram(probe, finishOnce), silent(), ended);
    });
  }

  exec(node: string, argv: readonly string[], io: ExecIo): Promise<number> {
    return this.#pace.run(finish => {
      const machine = this.#world.machine(node);
      if (!machine.isUp || machine.isPaused) {
        io.stderr(encoder.encode(`${node} is ${machine.isUp ? 'paused' : 'down'}\n`));
        finish(STATUS_NODE_DOWN);
        return;
      }
      this.#spawn(machine, argv, io, finish);
    });
  }

  // oxlint-disable-next-line typescript/require-await -- other drivers have to wait
  async inject(link: string, towards: string, frame: Uint8Array): Promise<void> {
    this.#pace.enter();
    const cable = this.#world.cable(link);
    cable.transmit(directionTowards(cable.link, towards), frame);
    this.#pace.kick();
  }

  // oxlint-disable-next-line typescript/require-await -- other drivers have to wait
  async fault(action: FaultAction): Promise<void> {
    this.#pace.enter();
    this.#world.apply(action);
    this.#pace.kick();
  }

  // oxlint-disable-next-line typescript/require-await -- other drivers have to wait
  async reconcile(next: Topology, changes: readonly Change[]): Promise<void> {
    this.#pace.enter();
    const before: Topology = { ...this.topology };
    this.#changing.become(next);
    this.#world.follow(next, changes);
    applyChanges(this.#world, before, next, changes, this.#ikeFor);
    this.#onEvent({ at: this.now(), node: null, kind: 'reconciled', detail: changes.map(changeLine).join('; ') });
    this.#pace.kick();
  }

  condition(): LabCondition {
    return this.#world.faults.condition();
  }

  // oxlint-disable-next-line typescript/require-await -- other drivers have to wait
  async status(): Promise<readonly NodeStatus[]> {
    this.#pace.enter();
    return this.#world.status();
  }

  // oxlint-disable-next-line typescript/require-await -- other drivers have to wait
  async explain(node: string, flow: FlowQuery): Promise<Explanation | null> {
    this.#pace.enter();
    const machine = this.#world.machine(node);
    return machine.isUp && !machine.isPaused ? machine.node.explain(flow) : null;
  }

  keys(): readonly EspSaKeys[] {
    return this.#world.keys.esp;
  }

  // oxlint-disable-next-line typescript/require-await -- other drivers have to wait
  async ike(): Promise<readonly NodeIke[]> {
    this.#pace.enter();
    return this.#world.ike();
  }

  // oxlint-disable-next-line typescript/require-await -- other drivers have to wait
  async ikeCommand(node: string, command: IkeCommand): Promise<void> {
    this.#pace.enter();
    if (command.kind === 'configure') this.#world.configureIke(node, command.config);
    else this.#world.machine(node).ikeCommand(command);
    this.#pace.kick();
  }

  ikeSecrets(): readonly IkeSecrets[] {
    return this.#world.keys.ike;
  }

  captureLosses(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.topology.links.map(link => [link.name, 0]));
  }

  // oxlint-disable-next-line typescript/require-await -- other drivers have to wait
  async down(): Promise<void> {
    if (this.#isDown) return;
    this.#isDown = true;
    this.#world.stop();
    this.#pace.stop();
  }

  #spawn(machine: Machine, argv: readonly string[], io: ExecIo, finish: (status: number) => void): void {
    const stdin = new StandardInput(io.stdin === null ? 'none' : 'fed');
    const stop = () => {
      this.#pace.enter();
      running?.interrupt();
      machine.resume();
      this.#pace.kick();
    };
    const ended = (status: number) => {
      io.signal?.removeEventListener('abort', stop);
      finish(status);
    };
    const main = this.#programFor(argv, machine);
    const running: Process = machine.spawn(argv, main, { stdin, stdout: io.stdout, stderr: io.stderr }, ended);
    if (running.hasEnded) return;
    if (io.stdin !== null) this.#pace.feed(new InputFeed(io.stdin, running, machine));
    if (io.signal?.aborted === true) stop();
    else io.signal?.addEventListener('abort', stop, { once: true });
  }

  /**
   * Nodes of the engine have a system, and tools that look at the engine; plain ones would have those of their own stack, which is
   * not there.
   */
  #programFor(argv: readonly string[], machine: Machine): ProgramMain {
    const [name = ''] = argv;
    const system = this.#world.systems.find(machine.name);
    if (system === null) return findProgram(name);
    const plan = planCommand(argv, system, { hasPrograms: false });
    if (plan !== null) return systemProgram(plan, this.#systemHost(machine));
    const tool = toolNamed(name);
    return tool === null
      ? findProgram(name)
      : toolProgram(tool, () => this.#world.systems.run(machine.name, followKernel));
  }

  #systemHost(machine: Machine): SystemHost {
    const { systems } = this.#world;
    const simulation = this.#simulation;
    return {
      run: step => systems.run(machine.name, step),
      spawn: (argv, streams, ended) => machine.spawn(argv, findProgram(argv[0] ?? ''), streams, ended),
      tap: listener =>
        systems.tap(packet => {
          listener(packet);
          simulation.schedule(simulation.now, () => machine.resume());
        }),
      framesOf: netInterface => framesOf(this.topology, machine.name, netInterface),
    };
  }

  /** The service that a UDP or TCP probe needs; where somebody listens already, that is left to answer. */
  #startEcho(probe: Probe): Process | null {
    if (probe.with === 'icmp' || probe.toNode === null) return null;
    const machine = this.#world.machine(probe.toNode);
    return machine.isUp && !machine.isPaused
      ? machine.spawn(['echo-service'], echoService(probe.with, probe.port), silent(), () => undefined)
      : null;
  }
}
