import { compareAddresses, parseAddress } from '../wire/address.ts';
import { parsePrefix } from '../wire/prefix.ts';
import { Classifier } from './classifier.ts';
import {
  type AddressRange,
  type Direction,
  type Flow,
  type NumberRange,
  type NumberSet,
  rangeOf,
  type Selector,
} from './selector.ts';
import type { SaMode, SecurityProtocol } from './sa.ts';

export type PolicyAction =
  | { readonly kind: 'bypass' }
  | { readonly kind: 'discard' }
  | {
      readonly kind: 'protect';
      /** In the order of application outbound, so innermost first; more than one is an SA bundle. Never empty. */
      readonly transforms: readonly Transform[];
      /** `unique`: an SA for each flow (RFC 4301 §4.4.1.2: the PFP flags); `shared`: one for all that the policy selects. */
      readonly sharing: 'shared' | 'unique';
    };

/** What a policy asks of one SA. */
export interface Transform {
  readonly protocol: SecurityProtocol;
  readonly mode: SaMode;
  /**
   * `require`: without an SA nothing passes. `use`: an SA where there is one, and in the clear where there is none; clear
   * packets are accepted as well.
   */
  readonly level: 'require' | 'use';
  /** Only an SA with this number serves, the `unique:N` of setkey; null: any. */
  readonly requestId: number | null;
  /** The outer addresses of tunnel mode, as text, where no tunnel interface gives them; null: as the SA has them. */
  readonly ends: { readonly local: string; readonly remote: string } | null;
}

/** The usual action: one transform, without which nothing passes, by one SA for all that the policy selects. */
export function protectBy(protocol: SecurityProtocol, mode: SaMode): Extract<PolicyAction, { kind: 'protect' }> {
  const transform: Transform = { protocol, mode, level: 'require', requestId: null, ends: null };
  return { kind: 'protect', transforms: [transform], sharing: 'shared' };
}

/** One SPD entry, RFC 4301 §4.4.1.2. */
export interface Policy {
  readonly name: string;
  /** SPD-O, SPD-I or both, RFC 4301 §4.4.1. */
  readonly direction: Direction | 'both';
  readonly selector: Selector;
  readonly action: PolicyAction;
}

/**
 * A Security Policy Database: an ordered list in which the first match decides, RFC 4301 §4.4.1. That is what it means; a lookup
 * takes about as long among 10,000 entries as with one.
 */
export class Spd {
  readonly policies: readonly Policy[];
  readonly #outbound: DirectedSpd;
  readonly #inbound: DirectedSpd;

  constructor(policies: readonly Policy[]) {
    this.policies = policies;
    this.#outbound = directed(policies, 'outbound');
    const isSame = policies.every(policy => policy.direction === 'both');
    this.#inbound = isSame ? this.#outbound : directed(policies, 'inbound');
  }

  /** The entry for a packet that leaves; null: none, which means discard unless the caller knows better (§5). */
  lookupOutbound(flow: Flow): Policy | null {
    const { policies, classifier } = this.#outbound;
    return policies[classifier.first(flow, 'outbound')] ?? null;
  }

  /** The entry for a packet that arrives: its destination is the local side. */
  lookupInbound(flow: Flow): Policy | null {
    const { policies, classifier } = this.#inbound;
    return policies[classifier.first(flow, 'inbound')] ?? null;
  }

  /** Octets of the tables that lookups use, besides the policies themselves. */
  get memoryOctets(): number {
    const once = this.#outbound.classifier.memoryOctets;
    return this.#inbound === this.#outbound ? once : once + this.#inbound.classifier.memoryOctets;
  }
}

/** SPD-O or SPD-I, §4.4.1. */
interface DirectedSpd {
  readonly policies: readonly Policy[];
  readonly classifier: Classifier;
}

function directed(policies: readonly Policy[], direction: Direction): DirectedSpd {
  const own = policies.filter(policy => policy.direction === 'both' || policy.direction === direction);
  return { policies: own, classifier: new Classifier(own.map(policy => policy.selector)) };
}

/** Selectors as configuration writes them. */
export interface SelectorInput {
  /** `any`, or prefixes, single addresses and inclusive ranges such as `10.0.0.1-10.0.0.9`, all of one family. */
  readonly local: string | readonly string[];
  readonly remote: string | readonly string[];
  readonly protocol: number | 'any' | 'opaque';
  /** A port, or inclusive ranges; `opaque`: where a packet does not show it. */
  readonly localPort: number | NumberSet;
  readonly remotePort: number | NumberSet;
  /** Of type * 256 + code; absent: any. */
  readonly icmp?: number | NumberSet;
}

/** A policy as configuration writes it. */
export interface PolicyInput extends SelectorInput {
  readonly name: string;
  /** Which lookups see it; absent: both. */
  readonly direction?: Direction | 'both';
  readonly action: PolicyAction;
}

/** Throws on what a configuration that was validated cannot contain. */
export function createPolicy(input: PolicyInput): Policy {
  const selector = createSelector(input, `policy ${input.name}`);
  if (input.action.kind === 'protect' && input.action.transforms.length === 0) {
    throw new Error(`policy ${input.name} protects by nothing`);
  }
  return { name: input.name, direction: input.direction ?? 'both', selector, action: input.action };
}

/** Throws as `createPolicy` does; `what` names the owner in the message. */
export function createSelector(input: SelectorInput, what: string): Selector {
  const selector: Selector = {
    local: rangesOrAny(input.local, what),
    remote: rangesOrAny(input.remote, what),
    protocol: typeof input.protocol === 'number' ? numberUpTo(input.protocol, 0xff, what) : input.protocol,
    localPort: numbers(input.localPort, what),
    remotePort: numbers(input.remotePort, what),
    icmp: numbers(input.icmp ?? 'any', what),
  };
  const all = [selector.local, selector.remote].flatMap(ranges => (ranges === 'any' ? [] : ranges));
  if (new Set(all.map(({ low }) => low.length)).size > 1) {
    throw new Error(`${what}: ${String(input.local)} and ${String(input.remote)} are of different families`);
  }
  return selector;
}

function rangesOrAny(texts: string | readonly string[], what: string): readonly AddressRange[] | 'any' {
  if (texts === 'any') return 'any';
  const list = typeof texts === 'string' ? [texts] : texts;
  if (list.length === 0) throw new Error(`${what}: no addresses at all`);
  return list.map(text => rangeFrom(text, what));
}

function rangeFrom(text: string, what: string): AddressRange {
  const [low, high] = text.split('-').map(parseAddress);
  if (low !== null && low !== undefined && high !== null && high !== undefined) {
    if (low.length === high.length && compareAddresses(low, high) <= 0) return { low, high };
    throw new Error(`${what}: ${text} is not a range`);
  }
  const prefix = parsePrefix(text);
  if (prefix === null) throw new Error(`${what}: ${text} is not a prefix`);
  return rangeOf(prefix);
}

function numbers(value: number | NumberSet, what: string): NumberSet {
  if (value === 'any' || value === 'opaque') return value;
  const ranges: readonly NumberRange[] = typeof value === 'number' ? [[value, value]] : value;
  for (const [low, high] of ranges) {
    if (numberUpTo(low, 0xffff, what) > numberUpTo(high, 0xffff, what)) throw new RangeError(`${what}: ${low}-${high}`);
  }
  return ranges;
}

function numberUpTo(value: number, largest: number, what: string): number {
  if (!(Number.isInteger(value) && value >= 0 && value <= largest)) {
    throw new RangeError(`${what}: ${value} is not 0 to ${largest}`);
  }
  return value;
}
