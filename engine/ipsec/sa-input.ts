import { ahSuite, integrityKeyOctets } from '../crypto/ah-suite.ts';
import { espSuite, findEspSuite } from '../crypto/esp-suite.ts';
import { weakKeyReason } from '../crypto/weak-keys.ts';
import { parseAddress, type Address } from '../wire/address.ts';
import { NS_PER_MS, type Instant } from '../wire/instant.ts';
import { type LifetimeLimits, UNLIMITED } from './lifetime.ts';
import { isWindowSize, ReplayWindow } from './replay.ts';
import type {
  EspInboundSa,
  EspOutboundSa,
  InboundSa,
  OutboundSa,
  OuterTreatment,
  SaMode,
  SecurityProtocol,
} from './sa.ts';
import type { Selector } from './selector.ts';
import { createSelector, type SelectorInput } from './spd.ts';

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
  /** What of its policy's flows this SA is for: those that one of them selects; absent: all. A list is never empty. */
  readonly selector?: SelectorInput | readonly SelectorInput[] | null;
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
    selectors: selector === null ? null : selectorsOf(selector, input),
    lifetime: {
      installedAt: now,
      soft: { ...UNLIMITED, ...lifetime.soft },
      hard: { ...UNLIMITED, ...lifetime.hard },
    },
    encapsulation: encapsulation === null ? null : { ...encapsulation, remoteAddress: destination },
    outer,
  };
}

function selectorsOf(selector: SelectorInput | readonly SelectorInput[], input: SaInput): readonly Selector[] {
  const list = isList(selector) ? selector : [selector];
  if (list.length === 0) throw new Error(`${describe(input)}: no selectors at all`);
  return list.map(each => createSelector(each, describe(input)));
}

function isList(selector: SelectorInput | readonly SelectorInput[]): selector is readonly SelectorInput[] {
  return Array.isArray(selector);
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
