import { addressKey, parseAddress } from '../../engine/wire/address.ts';
import type { EspSaKeys } from './key-log.ts';

/** The SAs of one protocol in a key log that may grow, each as its opener wants it; asked again when an SPI is unknown. */
export class SaKeysIndex<Sa> {
  readonly #log: () => readonly EspSaKeys[];
  readonly #prepare: (sa: EspSaKeys) => Sa | null;
  readonly #byDestination = new Map<string, Sa[]>();
  readonly #bySpi = new Map<number, Sa[]>();
  #knownCount = 0;

  /** `prepare` answers null for an SA that is not its own to open. */
  constructor(log: () => readonly EspSaKeys[], prepare: (sa: EspSaKeys) => Sa | null) {
    this.#log = log;
    this.#prepare = prepare;
  }

  /** The newest first: an SPI may be used again. */
  find(spi: number, destination: Uint8Array): readonly Sa[] {
    const key = keyOf(spi, destination);
    const found = this.#byDestination.get(key);
    if (found !== undefined) return found;
    this.#learn();
    return this.#byDestination.get(key) ?? [];
  }

  /** The same, whoever the destination is: behind a NAT it is not the one that the SA names. */
  findAnywhere(spi: number): readonly Sa[] {
    this.#learn();
    return this.#bySpi.get(spi) ?? [];
  }

  #learn(): void {
    const log = this.#log();
    for (const sa of log.slice(this.#knownCount)) {
      const destination = parseAddress(sa.destination);
      if (destination === null) throw new Error(`key log: ${sa.destination} is not an address`);
      const prepared = this.#prepare(sa);
      if (prepared === null) continue;
      const key = keyOf(sa.spi, destination);
      this.#byDestination.set(key, [prepared, ...(this.#byDestination.get(key) ?? [])]);
      this.#bySpi.set(sa.spi, [prepared, ...(this.#bySpi.get(sa.spi) ?? [])]);
    }
    this.#knownCount = log.length;
  }
}

const keyOf = (spi: number, destination: Uint8Array): string => `${spi} ${addressKey(destination)}`;
