import type { Random } from '../../../engine/crypto/random.ts';
import type { IkeConfig } from '../../../engine/ike/config.ts';
import type { CapturedPacket } from '../../capture/packet.ts';
import { boot, rebooted } from '../../system/boot.ts';
import type { Output, System, SystemAction, SystemStep } from '../../system/system.ts';
import { joinedOutput } from '../../system/effect.ts';
import type { Machine } from './machine.ts';

/** What a system does to its node by way of the world around it. */
export interface SystemWorld {
  machine(name: string): Machine;
  /** Of that node, by its own clock. */
  unixSeconds(name: string): number;
  /** null: nobody negotiates any more. */
  configureIke(name: string, config: IkeConfig | null): void;
  /** When what goes on now is over. */
  restartSoon(name: string): void;
}

interface Seat {
  system: System;
  readonly random: Random;
}

/** The systems of a simulated lab's nodes: they outlive what runs on the nodes, and carry out at once what a step wants. */
export class SimSystems {
  readonly #world: SystemWorld;
  readonly #seats = new Map<string, Seat>();
  readonly #taps = new Set<(packet: CapturedPacket) => void>();

  constructor(world: SystemWorld) {
    this.#world = world;
  }

  add(name: string, system: System, random: Random): void {
    this.#seats.set(name, { system, random });
  }

  remove(name: string): void {
    this.#seats.delete(name);
  }

  /** null: a node without one. */
  find(name: string): System | null {
    return this.#seats.get(name)?.system ?? null;
  }

  /** Throws for a node without a system, and for one that is down. */
  run(name: string, step: SystemStep): Output {
    const seat = this.#seats.get(name);
    if (seat === undefined) throw new Error(`${name} has no system`);
    const machine = this.#world.machine(name);
    const view = {
      status: machine.status(),
      ike: machine.ikeStatus(),
      unixSeconds: this.#world.unixSeconds(name),
      random: seat.random,
    };
    const { system, actions, next, ...output } = step(seat.system, view);
    seat.system = system;
    for (const action of actions) this.#carryOut(name, machine, action);
    return next === undefined ? output : joinedOutput(output, this.run(name, next));
  }

  /** The node has lost what does not last. */
  crashed(name: string): void {
    const seat = this.#seats.get(name);
    if (seat !== undefined) seat.system = rebooted(seat.system);
  }

  /** It is up again. */
  booted(name: string): void {
    if (this.#seats.has(name)) this.run(name, boot);
  }

  captured(packet: CapturedPacket): void {
    for (const tap of this.#taps) tap(packet);
  }

  /** Every packet of the lab from now on, until the returned function is called. */
  tap(listener: (packet: CapturedPacket) => void): () => void {
    this.#taps.add(listener);
    return () => this.#taps.delete(listener);
  }

  #carryOut(name: string, machine: Machine, action: SystemAction): void {
    switch (action.kind) {
      case 'node':
        machine.command(action.command);
        break;
      case 'ike':
        this.#world.configureIke(name, action.config);
        break;
      case 'ikeCommand':
        machine.ikeCommand(action.command);
        break;
      case 'restart':
        this.#world.restartSoon(name);
        break;
    }
  }
}
