import { isDeepStrictEqual } from 'node:util';
import type { IkeConfig } from '../../../engine/ike/config.ts';
import type { IkeFetch } from '../../../engine/ike/daemon.ts';
import { type IkePorts, ikePorts } from '../../../engine/ike/datagram.ts';
import type { NegotiationConfig } from '../../../engine/node/config.ts';
import { NS_PER_S } from '../../../engine/wire/instant.ts';
import { ExpiryWatch, LOOK_SECONDS } from '../expiry-watch.ts';
import { forPolicies, hasOtherChildren } from '../followed-policies.ts';
import { hostsOf } from '../hosts.ts';
import { SIMULATION_EPOCH_NS } from './clock.ts';
import { httpFetch } from './host/http-program.ts';
import { silent } from './host/standard-input.ts';
import type { IkeSeat, Machine } from './machine.ts';
import { createSeededRandom } from './seeded-random.ts';
import type { SimLabParts } from './sim-lab.ts';

const EPOCH_SECONDS = Number(SIMULATION_EPOCH_NS / 1_000_000_000n);

/** At a time: what peers name in their certificates is not to become a load on others. */
const FETCHES_MAX = 16;

/** What a daemon is told: all of it, and what of it is for policies that its node has. */
interface Told {
  readonly whole: IkeConfig;
  readonly now: IkeConfig;
}

/** The IKE daemons of a simulated lab: those that its nodes begin with, and those that their administrators start and stop. */
export class SimDaemons {
  readonly #parts: SimLabParts;
  readonly #machine: (name: string) => Machine;
  readonly #told = new Map<string, Told>();
  /** Under way, of each node. */
  readonly #fetches = new Map<string, number>();
  /** Made so far while nodes ran: each has a stream of chance of its own. */
  #made = 0;

  readonly #expiring: (name: string, detail: string) => void;
  readonly #watch = new ExpiryWatch();
  #isWatching = false;

  /** `expiring`: a certificate of that node is about to end. */
  constructor(
    parts: SimLabParts,
    machine: (name: string) => Machine,
    expiring: (name: string, detail: string) => void,
  ) {
    this.#parts = parts;
    this.#expiring = expiring;
    this.#machine = machine;
  }

  /** Of a node that is about to boot; null: nobody negotiates there. `stream`: where the node's chance comes from. */
  firstSeat(name: string, stream: string): IkeSeat | null {
    const config = this.#parts.ikeFor(name);
    if (config === null) {
      this.#told.delete(name);
      return null;
    }
    const { now } = this.#tell(name, config, null);
    return this.#seatFor(name, now, stream);
  }

  /** By the daemon that runs, where it listens on the same ports, or by another one; null: none from now on. */
  configure(name: string, config: IkeConfig | null): void {
    const machine = this.#machine(name);
    if (config === null) {
      this.#told.delete(name);
      machine.command({ kind: 'setNegotiation', negotiation: null });
      machine.seatIke(null);
      return;
    }
    const { now } = this.#tell(name, { ...config, revealsSecrets: true }, machine);
    if (isDeepStrictEqual(machine.ikePorts, ikePorts(now))) {
      machine.ikeCommand({ kind: 'configure', config: now });
      return;
    }
    this.#made++;
    const seat = this.#seatFor(name, now, `${this.#parts.run.seed}/node/${name}/daemon/${this.#made}`);
    machine.command({ kind: 'setNegotiation', negotiation: negotiationOn(seat.ports) });
    machine.seatIke(seat);
  }

  /** The policies of a node are others now. */
  followPolicies(name: string): void {
    const machine = this.#machine(name);
    const before = this.#told.get(name);
    if (before === undefined || !machine.isUp || machine.ikePorts === null) return;
    const { now } = this.#tell(name, before.whole, machine);
    if (hasOtherChildren(before.now, now)) machine.ikeCommand({ kind: 'configure', config: now });
  }

  /** `machine` null: it has the policies that it is configured with. */
  #tell(name: string, whole: IkeConfig, machine: Machine | null): Told {
    const policies = machine === null ? null : new Set(machine.status().policies.map(each => each.name));
    const told = { whole, now: policies === null ? whole : forPolicies(whole, policies) };
    this.#told.set(name, told);
    this.#lookFor(name, whole);
    if (!this.#isWatching && whole.credentials.keys.length > 0) this.#watchOn();
    return told;
  }

  #lookFor(name: string, config: IkeConfig): void {
    const now = EPOCH_SECONDS + this.#machine(name).now() / NS_PER_S;
    for (const line of this.#watch.look(name, config, now)) this.#expiring(name, line);
  }

  #watchOn(): void {
    this.#isWatching = true;
    const { simulation } = this.#parts;
    simulation.schedule(simulation.now + LOOK_SECONDS * NS_PER_S, () => {
      for (const [name, { whole }] of this.#told) this.#lookFor(name, whole);
      this.#watchOn();
    });
  }

  /** The daemon's chance is its own: what it draws changes nothing of the node's. */
  #seatFor(name: string, config: IkeConfig, stream: string): IkeSeat {
    const random = createSeededRandom(`${stream}/ike`);
    return {
      ports: ikePorts(config),
      random: createSeededRandom(`${stream}/ike/packets`),
      make: node =>
        this.#parts.makeIke(
          { ...config, revealsSecrets: true },
          {
            random,
            epochSeconds: now => EPOCH_SECONDS + now / NS_PER_S,
            sourceFor: destination => node.outerSourceFor(destination),
            lastHeard: inbound => node.lastHeard(inbound),
          },
          name,
        ),
    };
  }

  /** By a program of the node's own host: its packets are seen like all others. */
  fetch(node: string, fetch: IkeFetch, fetched: (content: Uint8Array | null) => void): void {
    const { simulation } = this.#parts;
    // When the daemon's turn is over: a program that ends at once must not find it in the middle of something.
    simulation.schedule(simulation.now, () => {
      const machine = this.#machine(node);
      if (!machine.isUp) return;
      const running = this.#fetches.get(node) ?? 0;
      if (running >= FETCHES_MAX) {
        fetched(null);
        return;
      }
      this.#fetches.set(node, running + 1);
      const ended = () => void this.#fetches.set(node, (this.#fetches.get(node) ?? 1) - 1);
      machine.spawn(['fetch', fetch.url], httpFetch(fetch, hostsOf(this.#parts.topology), fetched), silent(), ended);
    });
  }
}

/** What a node is told of the ports of its daemon. */
export const negotiationOn = ({ plain, marked }: IkePorts): NegotiationConfig => ({
  ports: [...plain, ...marked],
  encapsulationPorts: marked,
});
