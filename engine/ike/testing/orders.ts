import { createSeeded } from '../../ipsec/testing/seeded.ts';
import type { IkeCommand, IkeDatagram, IkeEffects } from '../daemon.ts';
import type { Network, Station } from './network.ts';

/** One choice of an order: which of the datagrams on the way to an end, the oldest being 0, arrives next, or is lost. */
export type Choice = `${'' | 'lose '}${'alice' | 'bob'} ${number}`;

/** A scene that can be played again and again: the same configurations, the same random octets. */
export interface Scene {
  /** Two ends that are established; the network delivers nothing any more by itself. */
  arrange(): { readonly network: Network; readonly alice: Station; readonly bob: Station };
  /** What each end begins at the same time. */
  readonly commands: { readonly alice: readonly IkeCommand[]; readonly bob: readonly IkeCommand[] };
}

/** Both ends' datagrams on their way, the oldest first. */
interface Queues {
  readonly toAlice: IkeDatagram[];
  readonly toBob: IkeDatagram[];
}

/** A scene as it is played, step by step. */
export class Play {
  readonly network: Network;
  readonly alice: Station;
  readonly bob: Station;
  readonly #queues: Queues = { toAlice: [], toBob: [] };

  constructor(scene: Scene) {
    const { network, alice, bob } = scene.arrange();
    this.network = network;
    this.alice = alice;
    this.bob = bob;
    network.intercept = (datagram, from) => {
      this.#queues[from === alice ? 'toBob' : 'toAlice'].push(datagram);
      return [];
    };
    for (const command of scene.commands.alice) network.command(alice, command);
    for (const command of scene.commands.bob) network.command(bob, command);
  }

  /** What may happen next, without losses. */
  possible(): Choice[] {
    return (['alice', 'bob'] as const).flatMap(end => this.#queueTo(end).map((_, i): Choice => `${end} ${i}`));
  }

  play(choice: Choice): void {
    const [index = '0', end, lose] = choice.split(' ').reverse();
    const [datagram] = this.#queueTo(end === 'alice' ? 'alice' : 'bob').splice(Number(index), 1);
    if (datagram === undefined || lose !== undefined) return;
    const { local, localPort, remote, remotePort, octets } = datagram;
    const arrived = { local: remote, localPort: remotePort, remote: local, remotePort: localPort, octets };
    const station = end === 'alice' ? this.alice : this.bob;
    this.take(station, station.daemon.receive([arrived], this.network.now));
  }

  #queueTo(end: 'alice' | 'bob'): IkeDatagram[] {
    return this.#queues[end === 'alice' ? 'toAlice' : 'toBob'];
  }

  /** From here on datagrams arrive by themselves again. */
  release(): void {
    this.network.intercept = datagram => [datagram];
    for (const queue of ['toAlice', 'toBob'] as const) {
      for (const datagram of this.#queues[queue].splice(0)) this.network.inject(datagram);
    }
  }

  take(station: Station, effects: IkeEffects): void {
    station.events.push(...effects.events);
    station.commands.push(...effects.commands);
    station.secrets.push(...effects.secrets);
    for (const datagram of effects.datagrams) {
      station.sent.push(datagram);
      for (const passed of this.network.intercept(datagram, station)) this.network.inject(passed);
    }
  }
}

/**
 * Plays a scene in every order in which its datagrams can arrive, overtaking each other or not; `observe` sees each play after
 * each step, `judge` at the end of each. Returns how many orders there were.
 */
export function everyOrder(
  scene: Scene,
  observe: (play: Play, order: readonly Choice[]) => void,
  judge: (play: Play, order: readonly Choice[]) => void,
  losses: 0 | 1 = 0,
): number {
  let count = 0;
  const pending: Choice[][] = [[]];
  for (let prefix = pending.pop(); prefix !== undefined; prefix = pending.pop()) {
    const play = new Play(scene);
    const order: Choice[] = [];
    for (const choice of prefix) {
      play.play(choice);
      order.push(choice);
    }
    for (let choices = play.possible(); choices.length > 0; choices = play.possible()) {
      const lost = order.filter(choice => choice.startsWith('lose')).length;
      const withLosses: Choice[] = lost < losses ? choices.map(losing) : [];
      const [first, ...others] = [...choices, ...withLosses];
      for (const other of others) pending.push([...order, other]);
      if (first === undefined) break;
      play.play(first);
      order.push(first);
      observe(play, order);
    }
    judge(play, order);
    count++;
  }
  return count;
}

/** As `everyOrder`, of so many orders that chance has picked: where there are too many to play all of them. */
export function someOrders(
  scene: Scene,
  seed: string,
  count: number,
  observe: (play: Play, order: readonly Choice[]) => void,
  judge: (play: Play, order: readonly Choice[]) => void,
): void {
  const random = createSeeded(seed);
  for (let i = 0; i < count; i++) {
    const play = new Play(scene);
    const order: Choice[] = [];
    for (let choices = play.possible(); choices.length > 0; choices = play.possible()) {
      const choice = choices[random.below(choices.length)];
      if (choice === undefined) break;
      play.play(choice);
      order.push(choice);
      observe(play, order);
    }
    judge(play, order);
  }
}

const losing = (choice: Choice): Choice => `lose ${choice}` as Choice;
