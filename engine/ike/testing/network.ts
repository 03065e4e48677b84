import { createSeeded, type Seeded } from '../../ipsec/testing/seeded.ts';
import type { InboundName, NodeCommand } from '../../node/node.ts';
import { formatAddress } from '../../wire/address.ts';
import { type Instant, NS_PER_MS } from '../../wire/instant.ts';
import type { IkeConfig } from '../config.ts';
import { createIkeDaemon } from '../create.ts';
import type { IkeCommand, IkeDaemon, IkeDatagram, IkeEffects, IkeEvent, IkeFetch, IkeSecrets } from '../daemon.ts';
import { type IkeSteps, STEPS } from '../steps.ts';
import { V1_STEPS, type V1Steps } from '../v1/steps.ts';

/** What the network does to datagrams, each a probability. */
export interface Weather {
  readonly loss: number;
  readonly duplication: number;
  /** Extra delay up to this, so that they overtake each other. */
  readonly jitterMs: number;
}

export const FAIR: Weather = { loss: 0, duplication: 0, jitterMs: 0 };

/** A daemon in the network, and what it has done so far. */
export interface Station {
  readonly name: string;
  readonly addresses: readonly string[];
  daemon: IkeDaemon;
  readonly events: IkeEvent[];
  readonly commands: NodeCommand[];
  readonly secrets: IkeSecrets[];
  readonly fetches: IkeFetch[];
  readonly sent: IkeDatagram[];
  /** When a packet last came by an inbound SA of this node, by SPI: for a test to say. */
  readonly heard: Map<number, Instant>;
}

/** For tests: daemons on one link in virtual time. The same seed, the same run. */
export class Network {
  readonly stations: Station[] = [];
  /** Sees each datagram when it leaves; what it returns travels on. */
  intercept: (datagram: IkeDatagram, from: Station) => readonly IkeDatagram[] = datagram => [datagram];
  weather: Weather;
  now: Instant = 0;
  readonly #random: Seeded;
  readonly #inFlight: { readonly at: Instant; readonly order: number; readonly datagram: IkeDatagram }[] = [];
  #order = 0;
  #delayNs: number;

  constructor(seed: string, weather: Weather = FAIR, delayMs = 10) {
    this.#random = createSeeded(seed);
    this.weather = weather;
    this.#delayNs = delayMs * NS_PER_MS;
  }

  add(
    name: string,
    addresses: readonly string[],
    config: IkeConfig,
    steps: IkeSteps = STEPS,
    v1Steps: V1Steps = V1_STEPS,
  ): Station {
    const heard = new Map<number, Instant>();
    const station: Station = {
      name,
      addresses,
      daemon: this.makeDaemon(name, addresses, config, steps, heard, v1Steps),
      heard,
      events: [],
      commands: [],
      secrets: [],
      fetches: [],
      sent: [],
    };
    this.stations.push(station);
    this.command(station, { kind: 'addresses', addresses });
    return station;
  }

  /** A new one, that knows nothing of what was. */
  restart(station: Station, config: IkeConfig): void {
    const { name, addresses, heard } = station;
    station.daemon = this.makeDaemon(`${name} ${this.now}`, addresses, config, STEPS, heard);
    this.command(station, { kind: 'addresses', addresses });
  }

  command(station: Station, command: IkeCommand): void {
    this.#take(station, station.daemon.command(command, this.now));
  }

  /** Puts a datagram on the link, as if somebody had sent it. */
  inject(datagram: IkeDatagram): void {
    this.#deliver(datagram, this.now);
  }

  /** Runs for so long, or until `isDone`. */
  run(forMs: number, isDone: () => boolean = () => false): void {
    const end = this.now + forMs * NS_PER_MS;
    while (!isDone()) {
      const next = this.#nextAt();
      if (next === null || next > end) break;
      this.now = Math.max(this.now, next);
      this.#runDue();
    }
    if (!isDone()) this.now = end;
  }

  #runDue(): void {
    const due = this.#inFlight.filter(({ at }) => at <= this.now).sort((a, b) => a.at - b.at || a.order - b.order);
    for (const one of due) this.#inFlight.splice(this.#inFlight.indexOf(one), 1);
    for (const { datagram } of due) {
      const station = this.stations.find(({ addresses }) => addresses.includes(formatAddress(datagram.remote)));
      if (station === undefined) continue;
      const { local, localPort, remote, remotePort, octets } = datagram;
      const arrived = { local: remote, localPort: remotePort, remote: local, remotePort: localPort, octets };
      this.#take(station, station.daemon.receive([arrived], this.now));
    }
    for (const station of this.stations) {
      const at = station.daemon.wakeAt();
      if (at !== null && at <= this.now) this.#take(station, station.daemon.wake(this.now));
    }
  }

  #take(station: Station, effects: IkeEffects): void {
    station.events.push(...effects.events);
    station.commands.push(...effects.commands);
    station.secrets.push(...effects.secrets);
    station.fetches.push(...effects.fetches);
    for (const datagram of effects.datagrams) {
      station.sent.push(datagram);
      for (const passed of this.intercept(datagram, station)) this.#send(passed);
    }
  }

  #send(datagram: IkeDatagram): void {
    const { loss, duplication } = this.weather;
    const chance = () => this.#random.below(1_000_000) / 1_000_000;
    if (chance() < loss) return;
    this.#deliver(datagram, this.now + this.#travelNs());
    if (chance() < duplication) this.#deliver(datagram, this.now + this.#travelNs());
  }

  #travelNs(): number {
    const jitterNs = this.weather.jitterMs * NS_PER_MS;
    return this.#delayNs + (jitterNs === 0 ? 0 : this.#random.below(jitterNs));
  }

  #deliver(datagram: IkeDatagram, at: Instant): void {
    this.#inFlight.push({
      at,
      order: this.#order++,
      datagram: { ...datagram, octets: Uint8Array.from(datagram.octets) },
    });
  }

  #nextAt(): Instant | null {
    const arrivals = this.#inFlight.map(({ at }) => at);
    const wakes = this.stations.map(({ daemon }) => daemon.wakeAt()).filter(at => at !== null);
    return [...arrivals, ...wakes].reduce<Instant | null>((a, b) => (a === null || b < a ? b : a), null);
  }

  makeDaemon(
    seed: string,
    addresses: readonly string[],
    config: IkeConfig,
    steps: IkeSteps,
    heard: ReadonlyMap<number, Instant> = new Map(),
    v1Steps: V1Steps = V1_STEPS,
  ): IkeDaemon {
    const random = createSeeded(`daemon ${seed}`);
    const sourceFor = (destination: string) =>
      addresses.find(address => address.includes(':') === destination.includes(':')) ?? null;
    const lastHeard = (inbound: readonly InboundName[]) =>
      inbound.reduce<Instant | null>((last, { spi }) => {
        const at = heard.get(spi) ?? null;
        return last === null || (at !== null && at > last) ? at : last;
      }, null);
    const context = { random, epochSeconds: (now: Instant) => 1_800_000_000 + now / 1e9, sourceFor, lastHeard };
    return createIkeDaemon(config, context, steps, v1Steps);
  }
}
