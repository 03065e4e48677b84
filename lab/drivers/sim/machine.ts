import { hear, IkeInbox, refusalOf } from '../../../engine/host/ike-inbox.ts';
import { NegotiatedSas } from '../../../engine/host/negotiated-sas.ts';
import { NO_CONNECTIONS } from '../../../engine/ike/config.ts';
import type { IkeCommand, IkeDaemon, IkeEffects, IkeEvent, IkeFetch, IkeSecrets } from '../../../engine/ike/daemon.ts';
import { type IkePorts, packetsAround } from '../../../engine/ike/datagram.ts';
import type { IkeStatus } from '../../../engine/ike/status.ts';
import type { Effects, Node, NodeCommand, NodeEvent, NodeStatus } from '../../../engine/node/node.ts';
import { type Address, formatAddress, parseAddress } from '../../../engine/wire/address.ts';
import { type Instant, NS_PER_S } from '../../../engine/wire/instant.ts';
import { finishFrame, finishPacket } from '../../../engine/wire/offload.ts';
import type { Network, NetworkInterface } from './host/network.ts';
import { type Host, Process, type ProgramMain, type Streams } from './host/process.ts';
import { HostStack } from './host/stack.ts';
import type { SeededRandom } from './seeded-random.ts';
import type { Simulation } from './simulation.ts';

/** What surrounds a machine. */
export interface MachineOutside {
  readonly simulation: Simulation;
  /** A frame leaves by this port. The octets are not kept. */
  transmit(port: string, octets: Uint8Array): void;
  noted(event: NodeEvent): void;
  /** The node is told to do something, whoever tells it. */
  commanded(command: NodeCommand): void;
  ikeNoted(event: IkeEvent): void;
  revealed(secrets: readonly IkeSecrets[]): void;
  /** The daemon waits for this: `fetched` is to be called, whatever comes of it. */
  fetch(fetch: IkeFetch, fetched: (content: Uint8Array | null) => void): void;
}

/** The IKE daemon of a machine. `make` is given where the node is, which answers for the routes. */
export interface IkeSeat {
  readonly ports: IkePorts;
  readonly random: SeededRandom;
  make(node: Node): IkeDaemon;
}

/** What a machine runs between two crashes. */
interface Running {
  readonly node: Node;
  /** null: nobody negotiates. */
  ike: RunningIke | null;
  readonly stack: HostStack;
  readonly processes: Set<Process>;
  /** IP packets that the stack has made and the node has not seen. */
  outgoing: Uint8Array[];
}

interface RunningIke {
  readonly daemon: IkeDaemon;
  readonly inbox: IkeInbox;
  readonly seat: IkeSeat;
  readonly negotiated: NegotiatedSas;
}

/** Between two programs of the same host, and between a host and itself: see CABLE_NS in cable.ts. */
const LOOPBACK_NS = 1000;
const PROCESSES_MAX = 1024;
/** More at one instant is a bug: somebody does not move on. */
const ROUNDS_MAX = 100_000;
/** How old what is remembered of the node's interfaces may be. */
const INTERFACES_LIFETIME_NS = NS_PER_S;

/** What waits for a machine that stands still: as much as a socket's buffer takes, then frames are lost. */
const HELD_FRAMES_MAX = 256;

/** A simulated computer: an engine node, the host stack above it, programs above that, and a clock that may be wrong. */
export class Machine implements Host {
  readonly name: string;
  readonly #outside: MachineOutside;
  #running: Running | null = null;
  #skewNs = 0;
  /** What was to happen while the machine stands still; null: it does not. */
  #held: (() => void)[] | null = null;
  #heldFrames = 0;
  #isSettling = false;
  /** When wake-ups are scheduled, and the earliest of them that is needed. */
  readonly #scheduled = new Set<Instant>();
  #wakeAt: Instant | null = null;
  #interfaces: readonly NetworkInterface[] = [];
  #interfacesUntil: Instant = Number.NEGATIVE_INFINITY;

  constructor(name: string, outside: MachineOutside) {
    this.name = name;
    this.#outside = outside;
  }

  get isUp(): boolean {
    return this.#running !== null;
  }

  get stack(): HostStack {
    return this.#up().stack;
  }

  now(): Instant {
    return this.#outside.simulation.now + this.#skewNs;
  }

  status(): NodeStatus {
    const { node } = this.#up();
    if (this.#held === null) this.#take(node.wake(this.now())); // what it says of ages is as of the last call
    return node.status();
  }

  get node(): Node {
    return this.#up().node;
  }

  /** Begins to run; `random` is the host stack's own. The node must be fresh. `seat`: who negotiates; null: nobody. */
  boot(node: Node, random: SeededRandom, unplugged: readonly string[], seat: IkeSeat | null = null): void {
    if (this.#running !== null) throw new Error(`${this.name} is up already`);
    const ike = seat === null ? null : takingSeat(seat, node);
    const stack = new HostStack(this.#network(random));
    this.#running = { node, ike, stack, processes: new Set(), outgoing: [] };
    this.#interfacesUntil = Number.NEGATIVE_INFINITY;
    for (const port of unplugged) this.#take(node.command({ kind: 'link', port, up: false }, this.now()));
    this.#take(node.wake(this.now()));
    this.#settle();
  }

  /** A daemon begins, and the one that was there takes its leave; null: nobody negotiates any more. */
  seatIke(seat: IkeSeat | null): void {
    const running = this.#up();
    const { node, ike: before } = running;
    if (before !== null) {
      const farewell = { kind: 'configure', config: { ...NO_CONNECTIONS, revealsSecrets: true } } as const;
      this.#takeIke(running, before, before.daemon.command(farewell, this.now()));
      for (const command of before.negotiated.left(node)) this.#carryOut(node, command);
    }
    running.ike = seat === null ? null : takingSeat(seat, node);
    this.#settle();
  }

  /** null: nobody negotiates here. */
  get ikePorts(): IkePorts | null {
    return this.#up().ike?.seat.ports ?? null;
  }

  /** null: nobody negotiates here. */
  ikeStatus(): IkeStatus | null {
    return this.#up().ike?.daemon.status(this.now()) ?? null;
  }

  /** Throws where nobody negotiates. */
  ikeCommand(command: IkeCommand): void {
    const { ike } = this.#up();
    if (ike === null) throw new Error(`${this.name} runs no IKE daemon`);
    ike.inbox.command(command);
    this.#settle();
  }

  /** The power is gone: everything is forgotten, programs end with 137. */
  crash(): void {
    const running = this.#running;
    this.#running = null;
    this.#held = null;
    for (const process of running?.processes ?? []) process.kill();
  }

  get isPaused(): boolean {
    return this.#held !== null;
  }

  /** Nothing happens on it from now on, and nothing is forgotten. A machine that is down stays down. */
  pause(): void {
    if (this.#running === null || this.#held !== null) return;
    this.#held = [];
    this.#heldFrames = 0;
  }

  /** It goes on with what has come meanwhile. */
  unpause(): void {
    const held = this.#held ?? [];
    this.#held = null;
    for (const happens of held) happens();
    if (this.#running !== null) this.#settle();
  }

  receive(port: string, octets: Uint8Array): void {
    if (this.#running === null) return;
    if (this.#held !== null) {
      const kept = new Uint8Array(octets);
      if (this.#heldFrames++ < HELD_FRAMES_MAX) this.#held.push(() => this.receive(port, kept));
      return;
    }
    this.#take(this.#running.node.receive([{ port, octets, offload: null }], this.now()));
    this.#settle();
  }

  command(command: NodeCommand): void {
    if (this.#running === null) return;
    if (this.#held !== null) {
      this.#held.push(() => this.command(command));
      return;
    }
    this.#carryOut(this.#running.node, command);
    this.#settle();
  }

  /** From now on the machine's clock is so far ahead of the lab's. */
  skew(byNs: number): void {
    this.#skewNs = byNs;
    this.#interfacesUntil = Number.NEGATIVE_INFINITY;
    if (this.#running !== null) this.#settle();
  }

  /** Starts a program. `ended` hears its exit status, at once where it does not wait. Throws when the machine is down. */
  spawn(argv: readonly string[], main: ProgramMain, streams: Streams, ended: (status: number) => void): Process {
    const { processes } = this.#up();
    if (processes.size >= PROCESSES_MAX) throw new Error(`${this.name} runs ${PROCESSES_MAX} programs already`);
    const process = new Process(argv, main, this, streams, status => {
      processes.delete(process);
      ended(status);
    });
    processes.add(process);
    this.#settle();
    return process;
  }

  /** After something outside has woken a program: its input, or an interrupt. */
  resume(): void {
    if (this.#running !== null) this.#settle();
  }

  #up(): Running {
    if (this.#running === null) throw new Error(`${this.name} has crashed and was not restarted`);
    return this.#running;
  }

  #network(random: SeededRandom): Network {
    const { simulation } = this.#outside;
    return {
      random,
      now: () => this.now(),
      sourceFor: destination => this.#sourceFor(destination),
      interfaces: () => this.#currentInterfaces(),
      transmit: packet => void this.#running?.outgoing.push(packet),
      loop: packet =>
        simulation.schedule(
          simulation.now + LOOPBACK_NS,
          this.#whileRunning(() => this.#deliver(packet)),
        ),
    };
  }

  /** What was scheduled before a crash does not happen after it. */
  #whileRunning(run: () => void): () => void {
    const running = this.#running;
    return () => {
      if (this.#running !== running || running === null) return;
      const happens = () => {
        run();
        this.#settle();
      };
      if (this.#held === null) happens();
      else this.#held.push(happens);
    };
  }

  #deliver(octets: Uint8Array): void {
    this.#running?.stack.deliver(octets);
  }

  #sourceFor(destination: Address): Address | null {
    const source = this.#running?.node.sourceFor(formatAddress(destination)) ?? null;
    return source === null ? null : parseAddress(source);
  }

  #currentInterfaces(): readonly NetworkInterface[] {
    const now = this.now();
    if (
      this.#running !== null &&
      (now >= this.#interfacesUntil || now < this.#interfacesUntil - INTERFACES_LIFETIME_NS)
    ) {
      this.#interfacesUntil = now + INTERFACES_LIFETIME_NS;
      this.#interfaces = this.#running.node.status().interfaces.map(({ name, mtu, addresses }) => ({
        name,
        mtu,
        addresses: addresses.map(text => parseAddress(text.split('/')[0] ?? '')).filter(address => address !== null),
      }));
    }
    return this.#interfaces;
  }

  #carryOut(node: Node, command: NodeCommand): void {
    this.#outside.commanded(command);
    this.#take(node.command(command, this.now()));
    this.#interfacesUntil = Number.NEGATIVE_INFINITY;
  }

  #take({ frames, deliveries, events }: Effects): void {
    const inbox = this.#running?.ike?.inbox;
    for (const event of events) {
      this.#outside.noted(event);
      inbox?.note(event);
    }
    for (const { port, octets, offload } of frames) {
      for (const frame of finishFrame(octets, offload)) this.#outside.transmit(port, frame);
    }
    for (const { octets, offload } of deliveries) {
      for (const packet of finishPacket(octets, offload)) if (inbox?.takes(packet) !== true) this.#deliver(packet);
    }
  }

  /** Until nothing is left to do at this instant: packets down, programs that are ready; then sleeps until the next thing. */
  #settle(): void {
    if (this.#isSettling) return; // whoever is at it goes on until nothing is left
    if (this.#held !== null) return; // it goes on when the machine does
    this.#isSettling = true;
    let rounds = 0;
    for (let running = this.#running; running !== null; running = this.#running) {
      if (++rounds > ROUNDS_MAX) throw new Error(`${this.name} finds no rest at ${this.now()} ns`);
      const now = this.now();
      if (isDue(running.node.wakeAt(), now)) this.#take(running.node.wake(now));
      if (running.ike !== null) this.#runIke(running, running.ike, now);
      if (isDue(running.stack.wakeAt(), now)) running.stack.wake();
      if (running.outgoing.length > 0) {
        this.#sendDown(running, now);
        continue;
      }
      if (running.ike?.inbox.isEmpty === false) continue;
      if (running.processes.size === 0) break;
      const ready = [...running.processes].filter(process => process.isReady(now));
      if (ready.length === 0) break;
      for (const process of ready) process.run();
    }
    this.#isSettling = false;
    this.#sleep();
  }

  /** What its daemon hears, and what is due. */
  #runIke(running: Running, ike: RunningIke, now: Instant): void {
    for (const input of ike.inbox.take()) this.#takeIke(running, ike, hear(ike.daemon, input, now));
    if (isDue(ike.daemon.wakeAt(), now)) this.#takeIke(running, ike, ike.daemon.wake(now));
  }

  #takeIke(running: Running, { inbox, seat, negotiated }: RunningIke, effects: IkeEffects): void {
    const { commands, datagrams, events, secrets, fetches } = effects;
    if (secrets.length > 0) this.#outside.revealed(secrets);
    for (const datagram of datagrams) {
      running.outgoing.push(...packetsAround(datagram, seat.ports, seat.random.u32()));
    }
    // What has waited for an SA leaves behind the message that tells the peer to expect it.
    if (commands.length > 0 && running.outgoing.length > 0) this.#sendDown(running, this.now());
    this.#obey(running, negotiated, commands);
    for (const event of events) this.#outside.ikeNoted(event);
    for (const fetch of fetches) {
      const hand = (content: Uint8Array | null) => inbox.command({ kind: 'fetched', id: fetch.id, content });
      this.#outside.fetch(fetch, content => {
        if (this.#running !== running) return;
        hand(content);
        this.#settle();
      });
    }
  }

  #obey({ node }: Running, negotiated: NegotiatedSas, commands: readonly NodeCommand[]): void {
    for (const command of commands) {
      const why = refusalOf(command, node);
      if (why === null) {
        negotiated.note(command);
        this.#carryOut(node, command);
      } else this.#outside.ikeNoted({ kind: 'commandRefused', connection: null, detail: why });
    }
  }

  #sendDown(running: Running, now: Instant): void {
    const packets = running.outgoing.map(octets => ({ octets, offload: null }));
    running.outgoing = [];
    const { frames, events, deliveries } = running.node.send(packets, now);
    this.#take({ frames, events, deliveries: [] });
    if (deliveries.length === 0) return;
    const { simulation } = this.#outside;
    const copies = deliveries.map(({ octets, offload }) => ({ octets: new Uint8Array(octets), offload }));
    const later = this.#whileRunning(() => this.#take({ frames: [], events: [], deliveries: copies }));
    simulation.schedule(simulation.now + LOOPBACK_NS, later);
  }

  #sleep(): void {
    const running = this.#running;
    if (running === null) return;
    let local = earlier(running.node.wakeAt(), running.stack.wakeAt());
    if (running.ike !== null) local = earlier(local, running.ike.daemon.wakeAt());
    for (const process of running.processes) local = earlier(local, process.wakeAt());
    if (local === null) return;
    const { simulation } = this.#outside;
    const at = Math.max(local - this.#skewNs, simulation.now);
    if (this.#wakeAt !== null && this.#wakeAt <= at) return;
    this.#wakeAt = at;
    if (this.#scheduled.has(at)) return;
    this.#scheduled.add(at);
    simulation.schedule(at, () => this.#wakeUp(at));
  }

  #wakeUp(at: Instant): void {
    this.#scheduled.delete(at);
    if (this.#wakeAt !== null && this.#wakeAt <= at) this.#wakeAt = null;
    if (this.#running !== null) this.#settle();
  }
}

const takingSeat = (seat: IkeSeat, node: Node): RunningIke => ({
  daemon: seat.make(node),
  inbox: new IkeInbox(seat.ports, node),
  seat,
  negotiated: new NegotiatedSas(),
});

function isDue(at: Instant | null, now: Instant): boolean {
  return at !== null && at <= now;
}

function earlier(a: Instant | null, b: Instant | null): Instant | null {
  if (a === null || b === null) return a ?? b;
  return Math.min(a, b);
}
