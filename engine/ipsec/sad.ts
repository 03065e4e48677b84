import { ahSuite, integrityKeyOctets } from '../crypto/ah-suite.ts';
import { espSuite, findEspSuite } from '../crypto/esp-suite.ts';
import { weakKeyReason } from '../crypto/weak-keys.ts';
import { addressesEqual, parseAddress, type Address } from '../wire/address.ts';
import { NS_PER_MS, type Instant } from '../wire/instant.ts';
import { type LifetimeLimits, UNLIMITED } from './lifetime.ts';
import { OutboundTable, type SaEnds } from './outbound-table.ts';
import { isWindowSize, ReplayWindow } from './replay.ts';
import type {
  AhInboundSa,
  EspInboundSa,
  EspOutboundSa,
  InboundSa,
  OutboundSa,
  OuterTreatment,
  SaMode,
  SecurityProtocol,
} from './sa.ts';
import type { Direction, Flow } from './selector.ts';
import { createSelector, type Policy, type SelectorInput } from './spd.ts';

/** The Security Association Database of one node, RFC 4301 §4.4.2. No lookup looks at all SAs, however many there are. */
export class Sad {
  /** By SPI; more than one only where their destinations or protocols differ. */
  readonly #inbound = new Map<number, InboundSa[]>();
  readonly #outbound = new Map<number, OutboundSa[]>();
  /** By policy, then by transform. */
  readonly #own = new Map<string, Map<number, OutboundTable>>();
  readonly #shared = new OutboundTable();

  /** Throws when an inbound SA has the SPI and destination already: the receiver chooses SPIs, so it is our mistake. */
  install(sa: InboundSa | OutboundSa): void {
    if (sa.direction === 'outbound') {
      append(this.#outbound, sa.spi, sa);
      this.#tableOf(sa).add(sa);
      return;
    }
    if (find(this.#inbound.get(sa.spi), sa.protocol, sa.destination) !== null) {
      throw new Error(`inbound SPI ${sa.spi} is installed already`);
    }
    append(this.#inbound, sa.spi, sa);
  }

  /** Removes each SA with this SPI; what was removed. */
  delete(spi: number, direction: Direction): (InboundSa | OutboundSa)[] {
    const gone = (direction === 'inbound' ? this.#inbound : this.#outbound).get(spi) ?? [];
    for (const sa of gone) this.remove(sa);
    return gone;
  }

  /** Removes one SA; nothing happens when it is not installed. */
  remove(sa: InboundSa | OutboundSa): void {
    if (sa.direction === 'inbound') {
      remove(this.#inbound, sa.spi, sa);
      return;
    }
    remove(this.#outbound, sa.spi, sa);
    const table = this.#tableOf(sa);
    table.remove(sa);
    if (!table.isEmpty || sa.policy === null) return;
    this.#own.get(sa.policy)?.delete(sa.transform);
    if (this.#own.get(sa.policy)?.size === 0) this.#own.delete(sa.policy);
  }

  /** Removes all; what was removed, inbound ones first. */
  flush(): (InboundSa | OutboundSa)[] {
    const gone = this.all();
    this.#inbound.clear();
    this.#outbound.clear();
    this.#own.clear();
    this.#shared.clear();
    return gone;
  }

  /** The SA of a packet that arrived, by its SPI, (outer) destination and protocol, RFC 4301 §4.1; null: unknown. */
  inbound(spi: number, destination: Address, protocol?: 'esp'): EspInboundSa | null;
  inbound(spi: number, destination: Address, protocol: 'ah'): AhInboundSa | null;
  inbound(spi: number, destination: Address, protocol: SecurityProtocol = 'esp'): InboundSa | null {
    return find(this.#inbound.get(spi), protocol, destination);
  }

  /**
   * The SA by which this node sent a packet, for an ICMP error that quotes it: by SPI, (outer) destination, also that of a
   * peer behind a NAT, and protocol. null: unknown; the newest where a peer gave the same SPI twice.
   */
  sentBy(spi: number, destination: Address, protocol: SecurityProtocol): OutboundSa | null {
    const isIt = (sa: OutboundSa) =>
      sa.protocol === protocol &&
      (addressesEqual(sa.destination, destination) ||
        (sa.encapsulation !== null && addressesEqual(sa.encapsulation.remoteAddress, destination)));
    return this.#outbound.get(spi)?.findLast(isIt) ?? null;
  }

  /**
   * The SA for one transform of a policy, which has to be PROTECT: the newest of the policy's own SAs that serves, else the
   * newest shared one; null: none. `serves` says what has to fit. `ends` are the addresses of the packet that the SA would
   * make: the tunnel's, those of `Transform.ends`, or in transport mode the packet's own; null: as the SA has them. `flow` is
   * the packet before any of the policy's transforms; null: whichever, when only an SA's overhead is asked for.
   */
  outbound(policy: Policy, transform: number, ends: SaEnds | null, flow: Flow | null): OutboundSa | null {
    const { action } = policy;
    const asked = action.kind === 'protect' ? action.transforms[transform] : undefined;
    if (action.kind !== 'protect' || asked === undefined)
      throw new Error(`${policy.name} has no transform ${transform}`);
    const wanted = { transform: asked, sharing: action.sharing, ends, flow };
    return this.#own.get(policy.name)?.get(transform)?.newest(wanted) ?? this.#shared.newest(wanted);
  }

  /** Inbound ones first. */
  all(): (InboundSa | OutboundSa)[] {
    return [...this.#inbound.values(), ...this.#outbound.values()].flat();
  }

  #tableOf({ policy, transform }: OutboundSa): OutboundTable {
    if (policy === null) return this.#shared;
    const tables = this.#own.get(policy) ?? new Map<number, OutboundTable>();
    this.#own.set(policy, tables);
    const table = tables.get(transform) ?? new OutboundTable();
    tables.set(transform, table);
    return table;
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

/** The same where it is known to be ESP. */
export type EspSaInput = SaInput & { readonly protocol?: 'esp' };

/** The sender's end. Throws on what cannot be an SA: an SPI below 256, a key of the wrong length, an unknown suite. */
export function createOutboundSa(input: EspSaInput, now: Instant): EspOutboundSa;
export function createOutboundSa(input: SaInput, now: Instant): OutboundSa;
export function createOutboundSa(input: SaInput, now: Instant): OutboundSa {
  const sequence = BigInt(input.initialSequence ?? '0');
  const counterOverflow = input.counterOverflow ?? 'stop';
  const state = { direction: 'outbound', sequence, counterOverflow, packets: 0, octets: 0 } as const;
  const common = commonParameters(input, now);
  return input.protocol === 'ah'
    ? { ...common, ...ahParameters(input), ...state }
    : { ...common, ...espParameters(input), ...state };
}

/** The receiver's end; throws as above, and for a window that `ReplayWindow` does not have. */
export function createInboundSa(input: EspSaInput, now: Instant): EspInboundSa;
export function createInboundSa(input: SaInput, now: Instant): InboundSa;
export function createInboundSa(input: SaInput, now: Instant): InboundSa {
  if (!isWindowSize(input.windowPackets)) {
    throw new RangeError(`${describe(input)}: a window of ${input.windowPackets} packets`);
  }
  const window = new ReplayWindow(input.windowPackets, input.esn);
  const state = { direction: 'inbound', window, packets: 0, octets: 0 } as const;
  const outward = commonParameters(input, now);
  const { encapsulation, source } = outward;
  const common = {
    ...outward,
    encapsulation: encapsulation === null ? null : { ...encapsulation, remoteAddress: source },
  };
  return input.protocol === 'ah'
    ? { ...common, ...ahParameters(input), ...state }
    : { ...common, ...espParameters(input), ...state };
}

function commonParameters(input: SaInput, now: Instant) {
  const { spi, mode, esn, policy } = input;
  if (!Number.isInteger(spi) || spi < 256 || spi > 0xffff_ffff) {
    throw new RangeError(`${describe(input)}: SPIs are 256 to 4294967295 (RFC 4303 §2.1)`);
  }
  const source = addressOf(input.source, input);
  const destination = addressOf(input.destination, input);
  if (source.length !== destination.length) {
    throw new Error(`${describe(input)}: ${input.source} and ${input.destination} are of different families`);
  }
  const { encapsulation = null, selector = null, transform = 0, requestId = null, lifetime = {} } = input;
  const outer: OuterTreatment = { dontFragment: 'copy', dscp: 'copy', ecn: 'normal', ...input.outer };
  return {
    spi,
    mode,
    source,
    destination,
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
    outer,
  };
}

function espParameters(input: SaInput) {
  const suite = espSuite(input.suite);
  if (suite === null) throw new Error(`${describe(input)}: ${whyNoSuite(input.suite)}`);
  const { keyOctets, saltOctets } = suite.encryption;
  const encryptionKey = keyOf(input.encryptionKey, keyOctets + saltOctets, `${describe(input)}: encryption key`);
  const integrityKey = keyOf(input.integrityKey, suite.integrity?.keyOctets ?? 0, `${describe(input)}: integrity key`);
  const weakness = weakKeyReason(suite.encryption, encryptionKey);
  if (weakness !== null) throw new Error(`${describe(input)}: encryption key: ${weakness}`);
  const { trafficFlow = null } = input;
  return {
    protocol: 'esp' as const,
    suite,
    encryptionKey,
    integrityKey,
    trafficFlow:
      trafficFlow === null
        ? null
        : {
            padToOctets: trafficFlow.padToOctets,
            dummyEveryNs: trafficFlow.dummyEveryMs === null ? null : trafficFlow.dummyEveryMs * NS_PER_MS,
          },
  };
}

function whyNoSuite(name: string): string {
  const found = findEspSuite(name);
  return 'why' in found ? `suite ${name}: ${found.why}` : `unknown suite ${name}`;
}

function ahParameters(input: SaInput) {
  if ((input.encapsulation ?? null) !== null) {
    throw new Error(
      `${describe(input)}: AH covers the addresses that a NAT changes: it does not go in UDP (RFC 3948 §1)`,
    );
  }
  const integrity = ahSuite(input.suite);
  if (integrity === null) throw new Error(`${describe(input)}: unknown integrity algorithm ${input.suite}`);
  keyOf(input.encryptionKey, 0, `${describe(input)}: encryption key`);
  const what = `${describe(input)}: integrity key`;
  const integrityKey = keyOf(input.integrityKey, integrityKeyOctets(integrity), what);
  return { protocol: 'ah' as const, integrity, integrityKey };
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

function find(
  sas: readonly InboundSa[] | undefined,
  protocol: SecurityProtocol,
  destination: Address,
): InboundSa | null {
  return sas?.find(sa => sa.protocol === protocol && addressesEqual(sa.destination, destination)) ?? null;
}

function append<Key, Sa>(table: Map<Key, Sa[]>, key: Key, sa: Sa): void {
  table.set(key, [...(table.get(key) ?? []), sa]);
}

function remove<Key, Sa>(table: Map<Key, Sa[]>, key: Key, sa: Sa): void {
  const left = (table.get(key) ?? []).filter(other => other !== sa);
  if (left.length === 0) table.delete(key);
  else table.set(key, left);
}
