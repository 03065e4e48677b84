import type { SaEnds } from '../ipsec/outbound-table.ts';
import type { InboundSa } from '../ipsec/sa.ts';
import { type Flow, matches } from '../ipsec/selector.ts';
import { createPolicy, type Policy, Spd, type Transform } from '../ipsec/spd.ts';
import { addressesEqual, parseAddress } from '../wire/address.ts';
import { type Instant, NS_PER_S } from '../wire/instant.ts';
import type { PolicyConfig } from './config.ts';
import type { HeldPacket } from './held-packets.ts';
import type { NodeInterface } from './interfaces.ts';
import type { Protection } from './protection.ts';
import { TokenBucket } from './rate-limit.ts';

/** A policy with what the node adds to it. */
export interface PolicyEntry {
  readonly policy: Policy;
  readonly config: PolicyConfig;
  /** The tunnel or interface whose SPD it is in; null: the node's. */
  readonly tunnel: string | null;
  /** The same; null: the node's, or it is not there yet. */
  readonly owner: NodeInterface | null;
  /** What it asks of SAs, innermost first; empty for BYPASS and DISCARD. */
  readonly layers: readonly PolicyLayer[];
  /** Whether it looks at ports, and so at what a later fragment does not show. */
  readonly usesPorts: boolean;
  readonly usesProtocol: boolean;
  /** How often the want of an SA may be told. */
  readonly wants: TokenBucket;
  /** What asked for an SA last. */
  lastWant: { readonly flow: string; readonly at: Instant } | null;
  /** The packet that waits for an SA; null: none does. */
  held: HeldPacket | null;
  /** Packets that it has decided on. */
  packets: number;
  readonly installedAt: Instant;
  /** null: it has not decided on any yet. */
  usedAt: Instant | null;
}

/** Counts packets that an entry has decided on. */
export function countOn(entry: PolicyEntry | null, packets: number, now: Instant): void {
  if (entry === null || packets === 0) return;
  entry.packets += packets;
  entry.usedAt = now;
}

/** One transform, and the outer addresses that it has in this SPD. */
export interface PolicyLayer {
  readonly transform: Transform;
  /** As this node sends; null: as the SA has them, or the packet's own in transport mode. */
  readonly ends: SaEnds | null;
}

/** Enough for all flows of a mesh to ask at once, and then one a tenth of a second. */
const WANTS_INTERVAL_NS = NS_PER_S / 10;
const WANTS_BURST = 32;

/** The node's SPD, and one for each tunnel or interface that has policies, RFC 4301 §4.4.1. */
export class PolicySet {
  readonly entries: readonly PolicyEntry[];
  /** Whether some entry looks at ports, or wants an SA for each flow, so that ports make a difference. */
  readonly usePorts: boolean;
  readonly #byPolicy: ReadonlyMap<Policy, PolicyEntry>;
  readonly #byName: ReadonlyMap<string, PolicyEntry>;
  readonly #spds: ReadonlyMap<string | null, Spd>;
  readonly #byOwner: ReadonlyMap<string | null, readonly PolicyEntry[]>;
  readonly #needWhole: Readonly<Record<4 | 6, boolean>>;
  readonly #onLinks: boolean;

  /**
   * Throws for a name that is used twice. A policy for an interface that is not there decides nothing. What was in `before` goes
   * on counting.
   */
  constructor(
    configs: readonly PolicyConfig[],
    interfaces: readonly NodeInterface[],
    now: Instant,
    before: PolicySet | null = null,
  ) {
    this.entries = configs.map(config => {
      const owner = interfaces.find(each => each.name === config.tunnel) ?? null;
      return same(before, config, owner) ?? entryFor(config, owner, now);
    });
    this.#byPolicy = new Map(this.entries.map(entry => [entry.policy, entry]));
    this.#byName = new Map(this.entries.map(entry => [entry.policy.name, entry]));
    if (this.#byName.size < configs.length) throw new Error('two policies have the same name');
    this.#byOwner = byOwner(this.entries);
    this.#spds = new Map([...this.#byOwner].map(([owner, own]) => [owner, new Spd(own.map(entry => entry.policy))]));
    this.usePorts = this.entries.some(entry => entry.usesPorts || isUnique(entry));
    const takesFragments = this.entries.some(({ policy: { selector } }) =>
      [selector.localPort, selector.remotePort, selector.icmp, selector.protocol].includes('opaque'),
    );
    const usesProtocol = this.entries.some(entry => entry.usesProtocol);
    this.#needWhole = { 4: !takesFragments && this.usePorts, 6: !takesFragments && (this.usePorts || usesProtocol) };
    const isLink = (name: string | null) => interfaces.some(each => each.name === name && each.kind === 'ethernet');
    this.#onLinks = [...this.#byOwner.keys()].some(owner => owner === null || isLink(owner));
  }

  /**
   * Whether some entry can tell whole packets only. Ports are in the first fragment alone; of IPv6 so is the protocol, where
   * the fragmented part begins with another extension header. Who has entries for OPAQUE ports means fragments as they are
   * (RFC 4301 §7.2).
   */
  needWhole(version: 4 | 6): boolean {
    return this.#needWhole[version];
  }

  /** Whether what leaves by a link may be protected there, in transport mode for instance, which wants whole packets. */
  get actOnLinks(): boolean {
    return this.#onLinks;
  }

  /** Whether a tunnel may send IP-in-IP in the clear. */
  mayBypass(tunnel: string): boolean {
    return !this.has(tunnel) || this.entriesOf(tunnel).some(acceptsClear);
  }

  /** Those of the node's SPD (null) or an interface's, in order. */
  entriesOf(owner: string | null): readonly PolicyEntry[] {
    return this.#byOwner.get(owner) ?? [];
  }

  /** Whether the node's (null) or an interface's SPD has any entry: an empty one lets everything pass. */
  has(owner: string | null): boolean {
    return this.#spds.has(owner);
  }

  /** Whose SPD applies on a link: its own, or the node's (null). */
  ownerFor(link: NodeInterface): string | null {
    return this.#spds.has(link.name) ? link.name : null;
  }

  outbound(owner: string | null, flow: Flow): PolicyEntry | null {
    const policy = this.#spds.get(owner)?.lookupOutbound(flow) ?? null;
    return policy === null ? null : (this.#byPolicy.get(policy) ?? null);
  }

  inbound(owner: string | null, flow: Flow): PolicyEntry | null {
    const policy = this.#spds.get(owner)?.lookupInbound(flow) ?? null;
    return policy === null ? null : (this.#byPolicy.get(policy) ?? null);
  }

  named(name: string | null): PolicyEntry | null {
    return name === null ? null : (this.#byName.get(name) ?? null);
  }

  /**
   * The entry that a packet answers to which SAs have brought, out of this interface, RFC 4301 §5.2 step 4; null when it is
   * not what they are for. It is the first that matches in the interface's SPD or in the node's (what an earlier entry names
   * is not of a later one, §4.4.1: the RFC decorrelates the entries first), and the SAs must be those that it asks for.
   */
  accepting(protection: Protection, flow: Flow, arrival: NodeInterface): PolicyEntry | null {
    const owners = this.#spds.has(arrival.name) ? [arrival.name, null] : [null];
    for (const owner of owners) {
      const entry = this.inbound(owner, flow);
      if (entry !== null && isBy(entry, protection, flow)) return entry;
    }
    return null;
  }
}

function byOwner(entries: readonly PolicyEntry[]): Map<string | null, PolicyEntry[]> {
  const owners = new Map<string | null, PolicyEntry[]>();
  for (const entry of entries) {
    const own = owners.get(entry.tunnel);
    if (own === undefined) owners.set(entry.tunnel, [entry]);
    else own.push(entry);
  }
  return owners;
}

/** Whether clear packets are as good as protected ones: every transform is of level `use`. */
export function acceptsClear({ policy: { action }, layers }: PolicyEntry): boolean {
  return action.kind === 'bypass' || (action.kind === 'protect' && layers.every(isOptional));
}

/**
 * Whether the SAs that brought a packet are the entry's transforms: innermost first, in this order, none missing but those of
 * level `use`, and none besides but those that were another policy's.
 */
function isBy(entry: PolicyEntry, protection: Protection, flow: Flow): boolean {
  if (entry.policy.action.kind !== 'protect') return false;
  let rest: Protection | null = protection;
  let last: Protection | null = null;
  for (const [index, layer] of entry.layers.entries()) {
    if (rest !== null && serves(rest.sa, entry, index, flow)) [last, rest] = [rest, rest.outer];
    else if (!isOptional(layer)) return false;
  }
  return last !== null && (rest === null || last.mayBeOutermost);
}

/** Whether an inbound SA is one of the entry's transform `index`, and for this flow. */
export function serves(sa: InboundSa, entry: PolicyEntry, index: number, flow: Flow): boolean {
  const layer = entry.layers[index];
  if (layer === undefined) return false;
  const { transform, ends } = layer;
  if (sa.protocol !== transform.protocol || sa.mode !== transform.mode) return false;
  if (transform.requestId !== null && transform.requestId !== sa.requestId) return false;
  const { selectors } = sa;
  if (selectors !== null && !selectors.some(selector => matches(selector, flow, 'inbound'))) return false;
  if (isUnique(entry) && selectors === null) return false;
  // Where policies are of one direction, what is negotiated for those that packets leave by is what the others come by.
  const isShared = sa.policy === null || (entry.policy.direction === 'inbound' && sa.policy !== entry.policy.name);
  if (!isShared) return sa.policy === entry.policy.name && sa.transform === index;
  // In transport mode the packet has the SA's addresses, or it would not have come this far.
  if (ends === null || sa.mode === 'transport') return true;
  return addressesEqual(ends.source, sa.destination) && addressesEqual(ends.destination, sa.source);
}

/** The entry that says the same; null: there was none. */
function same(before: PolicySet | null, config: PolicyConfig, owner: NodeInterface | null): PolicyEntry | null {
  const entry = before?.named(config.name) ?? null;
  return entry?.owner === owner && JSON.stringify(entry.config) === JSON.stringify(config) ? entry : null;
}

function entryFor(config: PolicyConfig, owner: NodeInterface | null, now: Instant): PolicyEntry {
  const policy = createPolicy(config);
  const { selector, action } = policy;
  const transforms = action.kind === 'protect' ? action.transforms : [];
  return {
    policy,
    config,
    tunnel: config.tunnel,
    owner,
    layers: transforms.map(transform => ({ transform, ends: endsOf(transform, owner, policy.name) })),
    usesPorts: selector.localPort !== 'any' || selector.remotePort !== 'any' || selector.icmp !== 'any',
    usesProtocol: selector.protocol !== 'any',
    wants: new TokenBucket(WANTS_INTERVAL_NS, WANTS_BURST),
    lastWant: null,
    held: null,
    packets: 0,
    installedAt: now,
    usedAt: null,
  };
}

function endsOf({ ends, mode }: Transform, owner: NodeInterface | null, name: string): SaEnds | null {
  if (ends === null) {
    const isTunnelled = owner?.kind === 'tunnel' && mode === 'tunnel';
    return isTunnelled ? { source: owner.local, destination: owner.remote } : null;
  }
  const [source, destination] = [parseAddress(ends.local), parseAddress(ends.remote)];
  if (source === null || destination === null || source.length !== destination.length) {
    throw new Error(`policy ${name}: from ${ends.local} to ${ends.remote}`);
  }
  return { source, destination };
}

const isOptional = ({ transform }: PolicyLayer): boolean => transform.level === 'use';

function isUnique({ policy: { action } }: PolicyEntry): boolean {
  return action.kind === 'protect' && action.sharing === 'unique';
}
