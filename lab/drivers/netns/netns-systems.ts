import { createSystemRandom } from '../../../engine/host/system-random.ts';
import type { IkeConfig } from '../../../engine/ike/config.ts';
import type { IkeCommand } from '../../../engine/ike/daemon.ts';
import type { IkeStatus } from '../../../engine/ike/status.ts';
import type { NodeCommand, NodeStatus } from '../../../engine/node/node.ts';
import type { CapturedPacket } from '../../capture/packet.ts';
import { boot, rebooted } from '../../system/boot.ts';
import { joinedOutput } from '../../system/effect.ts';
import type { Output, System, SystemAction, SystemStep } from '../../system/system.ts';

/** The node of a system, as it runs on this machine. */
export interface SystemNode {
  /** null: it does not run. */
  status(): Promise<NodeStatus | null>;
  ike(): Promise<IkeStatus | null>;
  unixSeconds(): number;
  command(command: NodeCommand): Promise<unknown>;
  /** null: nobody negotiates any more. */
  configureIke(config: IkeConfig | null): Promise<void>;
  ikeCommand(command: IkeCommand): Promise<void>;
  /** Its kernel learns what has changed of its addresses and routes. */
  settled(): Promise<void>;
}

interface Seat {
  system: System;
  readonly node: SystemNode;
  /** One step after the other. */
  turn: Promise<unknown>;
}

/** What a step came to. */
export type StepResult = (Output & { readonly restarts: boolean }) | 'nodeIsDown';

/** The systems of a live lab's nodes: they outlive the processes that the nodes are. */
export class NetnsSystems {
  readonly #seats = new Map<string, Seat>();
  readonly #random = createSystemRandom();
  readonly #taps = new Set<(packet: CapturedPacket) => void>();

  add(name: string, system: System, node: SystemNode): void {
    this.#seats.set(name, { system, node, turn: Promise.resolve() });
  }

  remove(name: string): void {
    this.#seats.delete(name);
  }

  /** null: a node without one. */
  find(name: string): System | null {
    return this.#seats.get(name)?.system ?? null;
  }

  /** Carries out all that a step wants of the node but its restart, which is for whoever asked. Rejects for a node without a system. */
  async run(name: string, step: SystemStep): Promise<StepResult> {
    const seat = this.#seats.get(name);
    if (seat === undefined) throw new Error(`${name} has no system`);
    const turn = seat.turn.then(() => this.#runNow(seat, step));
    seat.turn = turn.catch(() => undefined);
    return turn;
  }

  /** The node has lost what does not last. */
  crashed(name: string): void {
    const seat = this.#seats.get(name);
    if (seat !== undefined) seat.system = rebooted(seat.system);
  }

  /** It is up again. */
  async booted(name: string): Promise<void> {
    if (this.#seats.has(name)) await this.run(name, boot);
  }

  captured(packet: CapturedPacket): void {
    for (const tap of this.#taps) tap(packet);
  }

  /** Every packet of the lab from now on, until the returned function is called. */
  tap(listener: (packet: CapturedPacket) => void): () => void {
    this.#taps.add(listener);
    return () => this.#taps.delete(listener);
  }

  async #runNow(seat: Seat, step: SystemStep): Promise<StepResult> {
    const { node } = seat;
    const status = await node.status();
    if (status === null) return 'nodeIsDown';
    const ike = await node.ike();
    const { system, actions, next, ...output } = step(seat.system, {
      status,
      ike,
      unixSeconds: node.unixSeconds(),
      random: this.#random,
    });
    seat.system = system;
    for (const action of actions) await carryOut(action, node);
    if (actions.length > 0) await node.settled();
    const result = { ...output, restarts: actions.some(({ kind }) => kind === 'restart') };
    if (next === undefined) return result;
    const last = await this.#runNow(seat, next);
    if (last === 'nodeIsDown') return last;
    return { ...joinedOutput(result, last), restarts: result.restarts || last.restarts };
  }
}

async function carryOut(action: SystemAction, node: SystemNode): Promise<void> {
  switch (action.kind) {
    case 'node':
      await node.command(action.command);
      break;
    case 'ike':
      await node.configureIke(action.config);
      break;
    case 'ikeCommand':
      await node.ikeCommand(action.command);
      break;
    case 'restart':
      break;
  }
}
