import type { EspInboundSa } from '../ipsec/sa.ts';
import type { Flow } from '../ipsec/selector.ts';
import { createPolicy, type Policy, Spd } from '../ipsec/spd.ts';
import type { PolicyConfig } from './config.ts';

/** A policy with what the node adds to it. */
export interface PolicyEntry {
  readonly policy: Policy;
  readonly config: PolicyConfig;
  /** The tunnel whose SPD it is in; null: the node's. */
  readonly tunnel: string | null;
  /** Whether it looks at ports, and so at what a later fragment does not show. */
  readonly usesPorts: boolean;
  readonly usesProtocol: boolean;
  /** Packets that it has decided on. */
  packets: number;
}

/** The node's SPD, and one for each tunnel that has policies, RFC 4301 §4.4.1. */
export class PolicySet {
  readonly entries: readonly PolicyEntry[];
  readonly #byPolicy: ReadonlyMap<Policy, PolicyEntry>;
  readonly #byName: ReadonlyMap<string, PolicyEntry>;
  readonly #spds: ReadonlyMap<string | null, Spd>;

  /** Throws for a name that is used twice, and for a tunnel that is not in `tunnels`. */
  constructor(configs: readonly PolicyConfig[], tunnels: readonly string[]) {
    this.entries = configs.map(config => ({
      policy: createPolicy(config),
      config,
      tunnel: config.tunnel,
      usesPorts: config.localPort !== 'any' || config.remotePort !== 'any',
      usesProtocol: config.protocol !== 'any',
      packets: 0,
    }));
    this.#byPolicy = new Map(this.entries.map(entry => [entry.policy, entry]));
    this.#byName = new Map(this.entries.map(entry => [entry.policy.name, entry]));
    if (this.#byName.size < configs.length) throw new Error('two policies have the same name');
    const spds = new Map<string | null, Spd>();
    for (const { tunnel } of this.entries) {
      if (tunnel !== null && !tunnels.includes(tunnel)) throw new Error(`a policy is for tunnel ${tunnel}: no such`);
      const own = this.entries.filter(entry => entry.tunnel === tunnel);
      spds.set(tunnel, new Spd(own.map(entry => entry.policy)));
    }
    this.#spds = spds;
  }

  get usePorts(): boolean {
    return this.entries.some(entry => entry.usesPorts);
  }

  /**
   * Whether some entry can tell whole packets only. Ports are in the first fragment alone; of IPv6 so is the protocol, where
   * the fragmented part begins with another extension header.
   */
  needWhole(version: 4 | 6): boolean {
    return this.entries.some(({ usesPorts, usesProtocol }) => usesPorts || (version === 6 && usesProtocol));
  }

  /** Whether a tunnel may send IP-in-IP in the clear. */
  mayBypass(tunnel: string): boolean {
    return (
      !this.has(tunnel) ||
      this.entries.some(({ tunnel: of, policy }) => of === tunnel && policy.action.kind === 'bypass')
    );
  }

  /** Whether the node's (null) or a tunnel's SPD has any entry: an empty one lets everything pass. */
  has(tunnel: string | null): boolean {
    return this.#spds.has(tunnel);
  }

  outbound(tunnel: string | null, flow: Flow): PolicyEntry | null {
    const policy = this.#spds.get(tunnel)?.lookupOutbound(flow) ?? null;
    return policy === null ? null : (this.#byPolicy.get(policy) ?? null);
  }

  inbound(tunnel: string | null, flow: Flow): PolicyEntry | null {
    const policy = this.#spds.get(tunnel)?.lookupInbound(flow) ?? null;
    return policy === null ? null : (this.#byPolicy.get(policy) ?? null);
  }

  named(name: string | null): PolicyEntry | null {
    return name === null ? null : (this.#byName.get(name) ?? null);
  }

  /**
   * Whether a packet that an SA has brought, out of this interface, is one that the SA's policy is for, RFC 4301 §5.2
   * step 4: what a tunnel's SA protects comes out of that tunnel alone, and what an earlier entry names is not of a later
   * one (§4.4.1: the RFC decorrelates the entries first).
   */
  covers(sa: EspInboundSa, flow: Flow, arrival: string): boolean {
    const entry = this.named(sa.policy);
    if (entry === null || (entry.tunnel !== null && entry.tunnel !== arrival)) return false;
    return this.inbound(entry.tunnel, flow) === entry;
  }
}
