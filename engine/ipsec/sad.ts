import { espSuite } from '../crypto/esp-suite.ts';
import { addressesEqual, parseAddress, type Address } from '../wire/address.ts';
import { NS_PER_MS, type Instant } from '../wire/instant.ts';
import { type LifetimeLimits, UNLIMITED } from './lifetime.ts';
import { isWindowSize, ReplayWindow } from './replay.ts';
import type { EspParameters, EspInboundSa, OuterTreatment, EspOutboundSa, SaMode, SecurityProtocol } from './sa.ts';
import { createSelector, type SelectorInput } from './spd.ts';

/** The key under which SAs of no policy of their own stand; no policy has an empty name. */
const SHARED = '';

/** The Security Association Database of one node, RFC 4301 §4.4.2. */
export class Sad {
  /** By SPI; more than one only where their destinations differ. */
  readonly #inbound = new Map<number, EspInboundSa[]>();
  /** By policy; the last one sends. */
  readonly #outbound = new Map<string, EspOutboundSa[]>();

  /** Throws when an inbound SA has the SPI and destination already: the receiver chooses SPIs, so it is our mistake. */
  install(sa: EspInboundSa | EspOutboundSa): void {
    if (sa.direction === 'outbound') {
      append(this.#outbound, sa.policy ?? SHARED, sa);
      return;
    }
    if (this.inbound(sa.spi, sa.destination) !== null) throw new Error(`inbound SPI ${sa.spi} is installed already`);
    append(this.#inbound, sa.spi, sa);
  }

  /** Removes each SA with this SPI; what was removed. */
  delete(spi: number, direction: 'inbound' | 'outbound'): (EspInboundSa | EspOutboundSa)[] {
    const gone = this.all().filter(sa => sa.spi === spi && sa.direction === direction);
    for (const sa of gone) {
      if (sa.direction === 'inbound') remove(this.#inbound, sa.spi, sa);
      else remove(this.#outbound, sa.policy ?? SHARED, sa);
    }
    return gone;
  }

  /** The SA of a packet that arrived, by its SPI and (outer) destination; null: unknown. */
  inbound(spi: number, destination: Address): EspInboundSa | null {
    return this.#inbound.get(spi)?.find(sa => addressesEqual(sa.destination, destination)) ?? null;
  }

  /** The SA that serves a policy, the newest of them; null: none. */
  outbound(policy: string): EspOutboundSa | null {
    return this.#outbound.get(policy)?.at(-1) ?? null;
  }

  /** Inbound ones first. */
  all(): (EspInboundSa | EspOutboundSa)[] {
    return [...this.#inbound.values(), ...this.#outbound.values()].flat();
  }
}

/** An SA as configuration writes it: plain JSON, addresses as text, keys as hexadecimal. */
export interface SaInput {
  /** The policy that it serves; null: any policy that asks for such an SA between these ends. */
  readonly policy: string | null;
  /** Which of the policy's transforms; absent: the first. */
  readonly transform?: number;
  readonly requestId?: number | null;
  /** Absent: ESP. */
  readonly protocol?: SecurityProtocol;
  readonly spi: number;
  readonly mode: SaMode;
  readonly source: string;
  readonly destination: string;
  /** A name in engine/crypto: a suite of ESP (`aes256gcm16`, `aes128-sha256`), or for AH an integrity algorithm (`sha256`). */
  readonly suite: string;
  /** With the salt at its end where the algorithm has one; empty in AH. */
  readonly encryptionKey: string;
  readonly integrityKey: string;
  readonly esn: boolean;
  /** Anti-replay window, RFC 4303 §3.4.3: 0 (no check), or 32 to 4096. */
  readonly windowPackets: number;
  /** What of its policy's flows this SA is for; absent: all. */
  readonly selector?: SelectorInput | null;
  readonly lifetime?: { readonly soft?: Partial<LifetimeLimits>; readonly hard?: Partial<LifetimeLimits> };
  /** ESP in UDP, RFC 3948. */
  readonly encapsulation?: {
    readonly localPort: number;
    readonly remotePort: number;
    /** Go where the peer's authentic packets come from, RFC 7296 §2.23. */
    readonly followsPeer: boolean;
  } | null;
  readonly outer?: Partial<OuterTreatment>;
  readonly trafficFlow?: { readonly padToOctets: number | null; readonly dummyEveryMs: number | null } | null;
  /** Absent: stop at the last sequence number. */
  readonly counterOverflow?: 'stop' | 'cycle';
  /** Of an SA that was in use before it came here: the last sequence number sent, decimal, 64 bits. Absent: 0. */
  readonly initialSequence?: string;
}

/** The sender's end. Throws on what cannot be an SA: an SPI below 256, a key of the wrong length, an unknown suite. */
export function createOutboundSa(input: SaInput, now: Instant): EspOutboundSa {
  const sequence = BigInt(input.initialSequence ?? '0');
  const state = { direction: 'outbound', sequence, packets: 0, octets: 0 } as const;
  return { ...parametersOf(input, now), ...state, counterOverflow: input.counterOverflow ?? 'stop' };
}

/** The receiver's end; throws as above, and for a window that `ReplayWindow` does not have. */
export function createInboundSa(input: SaInput, now: Instant): EspInboundSa {
  const parameters = parametersOf(input, now);
  if (!isWindowSize(input.windowPackets)) {
    throw new RangeError(`${describe(input)}: a window of ${input.windowPackets} packets`);
  }
  const window = new ReplayWindow(input.windowPackets, input.esn);
  return { ...parameters, direction: 'inbound', window, packets: 0, octets: 0 };
}

function parametersOf(input: SaInput, now: Instant): EspParameters {
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
  const { encapsulation = null, trafficFlow = null } = input;
  const { selector = null, transform = 0, requestId = null, lifetime = {} } = input;
  return {
    protocol: 'esp',
    spi,
    mode,
    source,
    destination,
    suite,
    encryptionKey,
    integrityKey,
    esn,
    policy,
    transform,
    requestId,
    selector: selector === null ? null : createSelector(selector, describe(input)),
    lifetime: {
      installedAt: now,
      soft: { ...UNLIMITED, ...lifetime.soft },
      hard: { ...UNLIMITED, ...lifetime.hard },
    },
    encapsulation: encapsulation === null ? null : { ...encapsulation, remoteAddress: destination },
    outer: { dontFragment: 'copy', dscp: 'copy', ecn: 'normal', ...input.outer },
    trafficFlow:
      trafficFlow === null
        ? null
        : {
            padToOctets: trafficFlow.padToOctets,
            dummyEveryNs: trafficFlow.dummyEveryMs === null ? null : trafficFlow.dummyEveryMs * NS_PER_MS,
          },
  };
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

const describe = (input: SaInput): string => `SA ${input.spi} of policy ${input.policy ?? 'any'}`;

function append<Key, Sa>(table: Map<Key, Sa[]>, key: Key, sa: Sa): void {
  table.set(key, [...(table.get(key) ?? []), sa]);
}

function remove<Key, Sa>(table: Map<Key, Sa[]>, key: Key, sa: Sa): void {
  const left = (table.get(key) ?? []).filter(other => other !== sa);
  if (left.length === 0) table.delete(key);
  else table.set(key, left);
}
