import { parsePrefix, type Prefix } from '../wire/prefix.ts';
import { matches, type Flow, type Selector } from './selector.ts';
import type { SaMode } from './sa.ts';

export type PolicyAction =
  | { readonly kind: 'bypass' }
  | { readonly kind: 'discard' }
  | { readonly kind: 'protect'; readonly mode: SaMode };

/** One SPD entry, RFC 4301 §4.4.1.2. */
export interface Policy {
  readonly name: string;
  readonly selector: Selector;
  readonly action: PolicyAction;
}

/** A Security Policy Database: an ordered list in which the first match decides, RFC 4301 §4.4.1. */
export class Spd {
  readonly policies: readonly Policy[];

  constructor(policies: readonly Policy[]) {
    this.policies = policies;
  }

  /** The entry for a packet that leaves; null: none, which means discard unless the caller knows better (§5). */
  lookupOutbound(flow: Flow): Policy | null {
    return this.policies.find(policy => matches(policy.selector, flow, 'outbound')) ?? null;
  }

  /** The entry for a packet that arrives: its destination is the local side. */
  lookupInbound(flow: Flow): Policy | null {
    return this.policies.find(policy => matches(policy.selector, flow, 'inbound')) ?? null;
  }
}

/** A policy as configuration writes it. */
export interface PolicyInput {
  readonly name: string;
  /** A prefix, a single address, or `any`. */
  readonly local: string;
  readonly remote: string;
  readonly protocol: number | 'any';
  readonly localPort: number | 'any';
  readonly remotePort: number | 'any';
  readonly action: PolicyAction;
}

/** Throws on what a configuration that was validated cannot contain. */
export function createPolicy(input: PolicyInput): Policy {
  const selector: Selector = {
    local: prefixOrAny(input.local, input.name),
    remote: prefixOrAny(input.remote, input.name),
    protocol: numberOrAny(input.protocol, 0xff, input.name),
    localPort: numberOrAny(input.localPort, 0xffff, input.name),
    remotePort: numberOrAny(input.remotePort, 0xffff, input.name),
  };
  if (
    selector.local !== 'any' &&
    selector.remote !== 'any' &&
    selector.local.address.length !== selector.remote.address.length
  ) {
    throw new Error(`policy ${input.name}: ${input.local} and ${input.remote} are of different families`);
  }
  return { name: input.name, selector, action: input.action };
}

function prefixOrAny(text: string, policy: string): Prefix | 'any' {
  if (text === 'any') return 'any';
  const prefix = parsePrefix(text);
  if (prefix === null) throw new Error(`policy ${policy}: ${text} is not a prefix`);
  return prefix;
}

function numberOrAny(value: number | 'any', largest: number, policy: string): number | 'any' {
  if (value !== 'any' && !(Number.isInteger(value) && value >= 0 && value <= largest)) {
    throw new RangeError(`policy ${policy}: ${value} is not 0 to ${largest}`);
  }
  return value;
}
