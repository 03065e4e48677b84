import { espSuite } from '../crypto/esp-suite.ts';
import { addressesEqual, parseAddress, type Address } from '../wire/address.ts';
import { isWindowSize, ReplayWindow } from './replay.ts';
import type { InboundSa, OutboundSa, SaMode, SaParameters } from './sa.ts';

/** The Security Association Database of one node, RFC 4301 §4.4.2. */
export class Sad {
  /** By SPI; more than one only where their destinations differ. */
  readonly #inbound = new Map<number, InboundSa[]>();
  /** By policy; the last one sends. */
  readonly #outbound = new Map<string, OutboundSa[]>();

  /** Throws when an inbound SA has the SPI and destination already: the receiver chooses SPIs, so it is our mistake. */
  install(sa: InboundSa | OutboundSa): void {
    if (sa.direction === 'outbound') {
      append(this.#outbound, sa.policy, sa);
      return;
    }
    if (this.inbound(sa.spi, sa.destination) !== null) throw new Error(`inbound SPI ${sa.spi} is installed already`);
    append(this.#inbound, sa.spi, sa);
  }

  /** Removes each SA with this SPI; what was removed. */
  delete(spi: number, direction: 'inbound' | 'outbound'): (InboundSa | OutboundSa)[] {
    const gone = this.all().filter(sa => sa.spi === spi && sa.direction === direction);
    for (const sa of gone) {
      if (sa.direction === 'inbound') remove(this.#inbound, sa.spi, sa);
      else remove(this.#outbound, sa.policy, sa);
    }
    return gone;
  }

  /** The SA of a packet that arrived, by its SPI and (outer) destination; null: unknown. */
  inbound(spi: number, destination: Address): InboundSa | null {
    return this.#inbound.get(spi)?.find(sa => addressesEqual(sa.destination, destination)) ?? null;
  }

  /** The SA that serves a policy, the newest of them; null: none. */
  outbound(policy: string): OutboundSa | null {
    return this.#outbound.get(policy)?.at(-1) ?? null;
  }

  /** Inbound ones first. */
  all(): (InboundSa | OutboundSa)[] {
    return [...this.#inbound.values(), ...this.#outbound.values()].flat();
  }
}

/** An SA as configuration writes it: addresses as text, keys as hexadecimal. */
export interface SaInput {
  readonly policy: string;
  readonly spi: number;
  readonly mode: SaMode;
  readonly source: string;
  readonly destination: string;
  /** A name in engine/crypto/esp-suite.ts. */
  readonly suite: string;
  /** With the salt at its end where the algorithm has one. */
  readonly encryptionKey: string;
  readonly integrityKey: string;
  readonly esn: boolean;
  /** 0, or 32 to 4096. */
  readonly windowPackets: number;
}

/** The sender's end. Throws on what cannot be an SA: an SPI below 256, a key of the wrong length, an unknown suite. */
export function createOutboundSa(input: SaInput): OutboundSa {
  return { ...parametersOf(input), direction: 'outbound', sequence: 0n, packets: 0, octets: 0 };
}

/** The receiver's end; throws as above, and for a window that `ReplayWindow` does not have. */
export function createInboundSa(input: SaInput): InboundSa {
  const parameters = parametersOf(input);
  if (!isWindowSize(input.windowPackets)) {
    throw new RangeError(`${describe(input)}: a window of ${input.windowPackets} packets`);
  }
  const window = new ReplayWindow(input.windowPackets, input.esn);
  return { ...parameters, direction: 'inbound', window, packets: 0, octets: 0 };
}

function parametersOf(input: SaInput): SaParameters {
  const { spi, mode, esn, policy } = input;
  if (!Number.isInteger(spi) || spi < 256 || spi > 0xffff_ffff) {
    throw new RangeError(`${describe(input)}: SPIs are 256 to 4294967295 (RFC 4303 §2.1)`);
  }
  const suite = espSuite(input.suite);
  if (suite === null) throw new Error(`${describe(input)}: unknown suite ${input.suite}`);
  const source = addressOf(input.source, input);
  const destination = addressOf(input.destination, input);
  if (source.length !== destination.length) {
    throw new Error(`${describe(input)}: ${input.source} and ${input.destination} are of different families`);
  }
  const { keyOctets, saltOctets } = suite.encryption;
  const encryptionKey = keyOf(input.encryptionKey, keyOctets + saltOctets, `${describe(input)}: encryption key`);
  const integrityKey = keyOf(input.integrityKey, suite.integrity?.keyOctets ?? 0, `${describe(input)}: integrity key`);
  return { spi, mode, source, destination, suite, encryptionKey, integrityKey, esn, policy };
}

function addressOf(text: string, input: SaInput): Address {
  const address = parseAddress(text);
  if (address === null) throw new Error(`${describe(input)}: ${text} is not an address`);
  return address;
}

/** Never names the key itself: this text reaches logs. */
function keyOf(hex: string, octets: number, what: string): Uint8Array {
  if (!/^(?:[0-9a-f]{2})*$/i.test(hex)) throw new Error(`${what} is not hexadecimal`);
  if (hex.length !== octets * 2) throw new Error(`${what} has ${hex.length / 2} octets, not ${octets}`);
  return new Uint8Array(Buffer.from(hex, 'hex'));
}

const describe = (input: SaInput): string => `SA ${input.spi} of policy ${input.policy}`;

function append<Key, Sa>(table: Map<Key, Sa[]>, key: Key, sa: Sa): void {
  table.set(key, [...(table.get(key) ?? []), sa]);
}

function remove<Key, Sa>(table: Map<Key, Sa[]>, key: Key, sa: Sa): void {
  const left = (table.get(key) ?? []).filter(other => other !== sa);
  if (left.length === 0) table.delete(key);
  else table.set(key, left);
}
