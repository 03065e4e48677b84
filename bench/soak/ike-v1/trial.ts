import type { IkeCommand, IkeDaemon, IkeDatagram, IkeEffects } from '../../../engine/ike/daemon.ts';
import type { Core } from '../../../engine/ike/v1/core.ts';
import { v1DaemonOf } from '../../../engine/ike/v1/create.ts';
import { V1_STEPS, type V1Steps } from '../../../engine/ike/v1/steps.ts';
import type { NodeCommand } from '../../../engine/node/node.ts';
import { type Instant, NS_PER_S } from '../../../engine/wire/instant.ts';
import { excessIn } from '../ike/core-faults.ts';
import { createDice, type Dice } from '../ike/dice.ts';
import { faultsOf, leaksIn } from './core-faults.ts';
import type { Scene } from './scenes.ts';
import { copyOf } from './stage.ts';

/** Calls of one daemon before it has nothing to do any more, after everybody has left. */
const WAKES_MAX = 5000;
const CALM_NS = 48 * 3600 * NS_PER_S;

/** Bob in a scene, and what hostile messages do to him. */
export class Trial {
  readonly scene: Scene;
  readonly dice: Dice;
  readonly core: Core;
  readonly daemon: IkeDaemon;
  readonly findings: string[] = [];
  readonly commands: NodeCommand[] = [];
  now: Instant;
  messages = 0;
  octetsIn = 0;
  octetsOut = 0;
  #told = '';

  /** `steps`: those of a Bob who is broken on purpose. */
  constructor(scene: Scene, seed: string, steps: V1Steps = V1_STEPS) {
    this.scene = scene;
    this.dice = createDice(seed);
    this.core = copyOf(scene.snapshot.bob, seed, steps);
    this.daemon = v1DaemonOf(this.core);
    this.now = this.core.now;
  }

  receive(datagram: IkeDatagram): void {
    this.messages++;
    this.octetsIn += datagram.octets.length;
    this.#take(() => this.daemon.receive([datagram], this.now));
  }

  command(command: IkeCommand): void {
    this.#take(() => this.daemon.command(command, this.now));
  }

  /** Time passes, with whatever is due. */
  pass(ns: number): void {
    const end = this.now + ns;
    for (let wakes = 0; wakes < WAKES_MAX; wakes++) {
      const at = this.daemon.wakeAt();
      if (at === null || at > end) break;
      this.now = Math.max(this.now, at);
      this.#take(() => this.daemon.wake(this.now));
    }
    this.now = end;
  }

  /** What is wrong with Bob, whoever has talked to him. */
  look(): void {
    this.findings.push(...faultsOf(this.core));
    const text = `${this.#told}\n${JSON.stringify(this.daemon.status(this.now))}`;
    this.findings.push(...leaksIn(text, this.core));
  }

  /** Nobody says anything any more: nothing may be left. */
  calmDown(): void {
    const end = this.now + CALM_NS;
    for (let wakes = 0; ; wakes++) {
      const at = this.daemon.wakeAt();
      if (at === null || at > end) break;
      if (wakes > WAKES_MAX) return void this.findings.push('it never comes to rest');
      this.now = Math.max(this.now, at);
      this.#take(() => this.daemon.wake(this.now));
    }
    const { core } = this;
    const tables = { sas: core.sas, byCookies: core.byCookies, requests: core.byRequest, spis: core.names.childSpis };
    for (const [name, table] of Object.entries(tables)) {
      if (table.size > 0) this.findings.push(`${table.size} ${name} are left after two days without anybody`);
    }
    if (core.halfOpen.total > 0) this.findings.push(`${core.halfOpen.total} half-open are left`);
  }

  #take(call: () => IkeEffects): void {
    const effects = call();
    this.findings.push(...excessIn(effects));
    this.commands.push(...effects.commands);
    for (const { octets } of effects.datagrams) this.octetsOut += octets.length;
    for (const { detail } of effects.events) if (this.#told.length < 100_000) this.#told += `${detail}\n`;
  }
}
