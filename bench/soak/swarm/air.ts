import type { Seeded } from '../../../engine/ipsec/testing/seeded.ts';
import { NS_PER_MS } from '../../../engine/wire/instant.ts';
import type { Simulation } from '../../../lab/drivers/sim/simulation.ts';
import { FAIR, type Weather } from './faults.ts';

/** A port on a network; `gateway` is the number by which partitions name it. */
export interface Antenna {
  readonly gateway: number;
  readonly mac: string;
  receive(octets: Uint8Array): void;
}

/** One network that everybody is in, with weather, and with partitions between any two. */
export class Air {
  weather: Weather = FAIR;
  readonly #simulation: Simulation;
  readonly #random: Seeded;
  readonly #antennas: Antenna[] = [];
  /** `from to`: how many cuts there are. */
  readonly #cuts = new Map<string, number>();

  constructor(simulation: Simulation, random: Seeded) {
    this.#simulation = simulation;
    this.#random = random;
  }

  attach(antenna: Antenna): void {
    this.#antennas.push(antenna);
  }

  /** What `from` sends does not reach `to`, until it is mended as often as it was cut. */
  cut(from: number, to: number, more: 1 | -1): void {
    const key = `${from} ${to}`;
    this.#cuts.set(key, (this.#cuts.get(key) ?? 0) + more);
  }

  mend(): void {
    this.#cuts.clear();
    this.weather = FAIR;
  }

  /** `octets` is copied. */
  send(from: Antenna, octets: Uint8Array): void {
    const destination = macOf(octets);
    const isForAll = (octets[0] ?? 0) % 2 === 1;
    for (const antenna of this.#antennas) {
      if (antenna === from || (!isForAll && antenna.mac !== destination)) continue;
      if ((this.#cuts.get(`${from.gateway} ${antenna.gateway}`) ?? 0) > 0) continue;
      this.#carry(antenna, octets);
    }
  }

  #carry(to: Antenna, octets: Uint8Array): void {
    const { loss, duplication } = this.weather;
    if (this.#chance() < loss) return;
    this.#deliver(to, octets);
    if (this.#chance() < duplication) this.#deliver(to, octets);
  }

  #deliver(to: Antenna, octets: Uint8Array): void {
    const { delayMs, jitterMs } = this.weather;
    const travelMs = delayMs + (jitterMs === 0 ? 0 : this.#random.below(jitterMs * 1000) / 1000);
    const copy = Uint8Array.from(octets);
    this.#simulation.schedule(this.#simulation.now + travelMs * NS_PER_MS, () => to.receive(copy));
  }

  #chance(): number {
    return this.#random.below(1_000_000) / 1_000_000;
  }
}

function macOf(octets: Uint8Array): string {
  return Array.from(octets.subarray(0, 6), octet => octet.toString(16).padStart(2, '0')).join(':');
}
