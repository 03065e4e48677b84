import type { Effects, Frame, LocalPacket, Node, NodeCommand, NodeEvent } from '../node/node.ts';
import type { Instant } from '../wire/instant.ts';
import type { IkeOutside, IkeThread } from './ike-thread.ts';
import type { LiveClock } from './clock.ts';
import { type LiveTimer, openLiveTimer } from './live-timer.ts';
import type { FramePort, UpPort } from './port.ts';

/** Batches that one port gets before the others have their turn. */
const ROUNDS_MAX = 4;

export interface LiveLoopOptions {
  readonly node: Node;
  readonly ports: readonly FramePort[];
  /** null: nothing above the node. */
  readonly up: UpPort | null;
  readonly clock: LiveClock;
  readonly onEvents: (events: readonly NodeEvent[]) => void;
  /** Makes the thread of the IKE daemon; null: nobody negotiates. */
  readonly startIke: IkeStarter | null;
}

export type IkeStarter = (outside: Pick<IkeOutside, 'command' | 'send' | 'now'>) => IkeThread;

export type PortDirection = 'receive' | 'send';

/**
 * Runs a node on real ports, in the thread that makes it: batches in, effects out, and the node's own timer. Packets run to
 * completion; nothing waits here but what a port could not send.
 */
export class LiveLoop {
  readonly #node: Node;
  readonly #ports: ReadonlyMap<string, FramePort>;
  readonly #up: UpPort | null;
  readonly #clock: LiveClock;
  readonly #onEvents: (events: readonly NodeEvent[]) => void;
  readonly #timer: LiveTimer;
  #ike: IkeThread | null = null;
  readonly #muted = new Set<string>();
  #armedFor: Instant | null = null;

  /** Starts at once: the first frames may be handled before the constructor's caller waits for anything. */
  constructor(options: LiveLoopOptions) {
    this.#node = options.node;
    this.#ports = new Map(options.ports.map(port => [port.name, port]));
    this.#up = options.up;
    this.#clock = options.clock;
    this.#onEvents = options.onEvents;
    this.#timer = openLiveTimer(() => this.wake());
    if (options.startIke !== null) this.startIke(options.startIke);
    for (const port of options.ports) port.watch(() => this.#drain(port));
    const { up } = options;
    up?.watch(() => this.#drainUp(up));
    this.wake();
  }

  /** null: nobody negotiates. */
  get ike(): IkeThread | null {
    return this.#ike;
  }

  /** A daemon begins. Throws where one runs. */
  startIke(start: IkeStarter): void {
    if (this.#ike !== null) throw new Error(`${this.#node.name} runs an IKE daemon already`);
    this.#ike = start({
      command: command => this.command(command),
      send: packets => this.#sendDown(packets),
      now: () => this.#clock.now(),
    });
  }

  /** The daemon hears no more of the node: what it still does is its farewell. null: there was none. */
  releaseIke(): IkeThread | null {
    const released = this.#ike;
    this.#ike = null;
    return released;
  }

  command(command: NodeCommand): void {
    this.#apply(this.#node.command(command, this.#clock.now()));
    this.#arm();
  }

  /** To be called when the clock was moved, too. */
  wake(): void {
    this.#armedFor = null;
    this.#apply(this.#node.wake(this.#clock.now()));
    this.#arm();
  }

  /** A muted port loses everything in one direction, and knows nothing of it: a partition of the wire. */
  mute(port: string, direction: PortDirection): void {
    this.#muted.add(`${direction} ${port}`);
  }

  unmute(port: string): void {
    this.#muted.delete(`receive ${port}`);
    this.#muted.delete(`send ${port}`);
  }

  /** Ends the loop and closes its ports. */
  close(): void {
    this.#timer.close();
    this.#ike?.close();
    for (const port of this.#ports.values()) port.close();
    this.#up?.close();
  }

  #drain(port: FramePort): void {
    for (let round = 0; round < ROUNDS_MAX; round++) {
      const frames = port.receive();
      if (frames.length === 0) break;
      if (this.#muted.has(`receive ${port.name}`)) continue;
      this.#apply(this.#node.receive(frames, this.#clock.now()));
    }
    this.#arm();
  }

  #drainUp(up: UpPort): void {
    for (let round = 0; round < ROUNDS_MAX; round++) {
      const packets = up.receive();
      if (packets.length === 0) break;
      this.#apply(this.#node.send(packets, this.#clock.now()));
    }
    this.#arm();
  }

  #sendDown(packets: readonly LocalPacket[]): void {
    this.#apply(this.#node.send(packets, this.#clock.now()));
    this.#arm();
  }

  #apply({ frames, deliveries, events }: Effects): void {
    if (frames.length > 0) this.#transmit(frames);
    if (deliveries.length > 0) this.#deliver(deliveries);
    if (events.length > 0) this.#onEvents(events);
    if (this.#ike === null) return;
    this.#ike.note(events);
    this.#ike.flush();
  }

  #deliver(deliveries: readonly LocalPacket[]): void {
    const ike = this.#ike;
    const others = ike === null ? deliveries : deliveries.filter(packet => !ike.takes(packet));
    if (others.length > 0) this.#up?.send(others);
  }

  #transmit(frames: readonly Frame[]): void {
    const first = frames[0]?.port ?? '';
    if (frames.every(frame => frame.port === first)) {
      this.#send(first, frames);
      return;
    }
    const byPort = new Map<string, Frame[]>();
    for (const frame of frames) {
      const own = byPort.get(frame.port);
      if (own === undefined) byPort.set(frame.port, [frame]);
      else own.push(frame);
    }
    for (const [name, own] of byPort) this.#send(name, own);
  }

  #send(name: string, frames: readonly Frame[]): void {
    const port = this.#ports.get(name);
    if (port === undefined) throw new Error(`${this.#node.name} sent to port ${name}, which it has not`);
    if (!this.#muted.has(`send ${name}`)) port.send(frames);
  }

  #arm(): void {
    const due = this.#node.wakeAt();
    if (due === this.#armedFor) return;
    this.#armedFor = due;
    this.#timer.arm(due === null ? null : due - this.#clock.now());
  }
}
