import type { InboundSa, OutboundSa } from '../ipsec/sa.ts';
import type { Selector } from '../ipsec/selector.ts';
import { nextLimitAt, reachedLimit } from '../ipsec/lifetime.ts';
import { parseAddress } from '../wire/address.ts';
import { type Instant, NS_PER_S } from '../wire/instant.ts';
import type { Core, Sealing } from './core.ts';
import type { InboundName } from './node.ts';
import { describeSa, nameOf, removeSa } from './sa-commands.ts';

/** RFC 3948 §4: nothing was sent to the peer for this long, and the NAT may forget us. */
export const KEEPALIVE_NS = 20 * NS_PER_S;

const PACKET_OCTETS_MAX = 0x1_0000;

/** What a node keeps about an SA beside the SA itself. */
export interface Upkeep {
  readonly sa: InboundSa | OutboundSa;
  readonly isCounted: boolean;
  isSoftTold: boolean;
  /** When it last protected a packet, or brought one. */
  usedAt: Instant;
  keptAliveAt: Instant;
  /** The way of the last packet that it protected: a dummy goes the same. */
  way: Sealing | null;
  /** Received, and thrown away. */
  dummies: number;
  /** When to look at it; null: never. It may turn out to be too early. */
  dueAt: Instant | null;
}

/** The SAs of a node as something to be looked after: lifetimes, dummy packets, keepalives. */
export class SaUpkeep {
  readonly #all = new Map<InboundSa | OutboundSa, Upkeep>();
  /** UDP ports on which ESP comes. */
  readonly #udpPorts = new Map<number, number>();
  /** Those that are for some ports alone, or for some types of ICMP. */
  readonly #ofPorts = new Set<InboundSa | OutboundSa>();
  /** undefined: to be looked for again. */
  #nextAt: Instant | null | undefined = null;

  add(sa: InboundSa | OutboundSa, now: Instant): void {
    const { soft, hard } = sa.lifetime;
    const isCounted = [soft, hard].some(({ packets, octets }) => packets !== null || octets !== null);
    const upkeep: Upkeep = {
      sa,
      isCounted,
      isSoftTold: false,
      usedAt: now,
      keptAliveAt: now,
      way: null,
      dummies: 0,
      dueAt: null,
    };
    this.schedule(upkeep, now);
    this.#all.set(sa, upkeep);
    if (sa.selectors?.some(looksAtPorts) === true) this.#ofPorts.add(sa);
    if (sa.encapsulation !== null) this.#countPort(sa.encapsulation.localPort, 1);
  }

  /** Its ends or its ports have changed; `change` changes them. */
  move(sa: InboundSa | OutboundSa, change: () => void, now: Instant): void {
    const upkeep = this.#all.get(sa);
    if (sa.encapsulation !== null) this.#countPort(sa.encapsulation.localPort, -1);
    change();
    if (sa.encapsulation !== null) this.#countPort(sa.encapsulation.localPort, 1);
    if (upkeep === undefined) return;
    upkeep.way = null;
    this.schedule(upkeep, now);
  }

  remove(sa: InboundSa | OutboundSa): void {
    const upkeep = this.#all.get(sa);
    if (upkeep === undefined) return;
    this.#all.delete(sa);
    this.#ofPorts.delete(sa);
    if (upkeep.dueAt !== null && upkeep.dueAt === this.#nextAt) this.#nextAt = undefined;
    if (sa.encapsulation !== null) this.#countPort(sa.encapsulation.localPort, -1);
  }

  /** Says anew when to look at an SA. */
  schedule(upkeep: Upkeep, now: Instant): void {
    if (upkeep.dueAt !== null && upkeep.dueAt === this.#nextAt) this.#nextAt = undefined;
    upkeep.dueAt = dueAt(upkeep, now);
    const known = this.#nextAt;
    if (upkeep.dueAt === null || known === undefined) return;
    if (known === null || upkeep.dueAt < known) this.#nextAt = upkeep.dueAt;
  }

  /** null: the SA is not installed, or not any more. */
  of(sa: InboundSa | OutboundSa): Upkeep | null {
    return this.#all.get(sa) ?? null;
  }

  all(): Upkeep[] {
    return [...this.#all.values()];
  }

  /** Whether the SA may reach its hard limit before this many packets more, each as long as a packet can be. */
  mayExpireWithin(sa: InboundSa | OutboundSa, packets: number): boolean {
    const { hard } = sa.lifetime;
    if (hard.packets !== null && sa.packets + packets >= hard.packets) return true;
    return hard.octets !== null && sa.octets + packets * PACKET_OCTETS_MAX >= hard.octets;
  }

  /** Whether some SA is for less than all ports of its addresses: then these alone do not tell which SA is for a packet. */
  get usePorts(): boolean {
    return this.#ofPorts.size > 0;
  }

  /** Whether ESP may come in datagrams to this port. */
  takesUdp(port: number): boolean {
    return this.#udpPorts.has(port);
  }

  /** When an SA has to be looked at; null: never. */
  nextAt(): Instant | null {
    if (this.#nextAt !== undefined) return this.#nextAt;
    let earliest: Instant | null = null;
    for (const { dueAt: at } of this.#all.values()) {
      if (at !== null && (earliest === null || at < earliest)) earliest = at;
    }
    this.#nextAt = earliest;
    return earliest;
  }

  #countPort(port: number, by: number): void {
    const count = (this.#udpPorts.get(port) ?? 0) + by;
    if (count > 0) this.#udpPorts.set(port, count);
    else this.#udpPorts.delete(port);
  }
}

function looksAtPorts({ localPort, remotePort, icmp }: Selector): boolean {
  return localPort !== 'any' || remotePort !== 'any' || icmp !== 'any';
}

/** An SA has done its work on a packet. */
export function noteUse(core: Core, sa: InboundSa | OutboundSa, way: Sealing | null = null): void {
  const upkeep = core.upkeep.of(sa);
  if (upkeep === null) return;
  upkeep.usedAt = core.now;
  if (way !== null) upkeep.way = way;
  if (upkeep.isCounted) applyLimits(core, upkeep);
}

/** When the last authentic packet came by any of these; null: none did, or they are not there. */
export function lastHeard(core: Core, inbound: readonly InboundName[]): Instant | null {
  let last: Instant | null = null;
  for (const { spi, protocol, destination } of inbound) {
    const address = parseAddress(destination);
    if (address === null) continue;
    const sa = protocol === 'ah' ? core.sad.inbound(spi, address, 'ah') : core.sad.inbound(spi, address, 'esp');
    const upkeep = sa === null || sa.packets === 0 ? null : core.upkeep.of(sa);
    if (upkeep !== null && (last === null || upkeep.usedAt > last)) last = upkeep.usedAt;
  }
  return last;
}

/** Tells of the soft limit once; at the hard one the SA goes, and the answer is true. */
export function applyLimits(core: Core, upkeep: Upkeep): boolean {
  const { sa } = upkeep;
  const reached = reachedLimit(sa, core.now);
  if (reached === null) return false;
  if (reached.level === 'hard') {
    core.audit.note('saHardExpired', `${describeSa(sa)}: ${reached.unit}`, { sa: nameOf(sa) });
    removeSa(core, sa);
    return true;
  }
  if (!upkeep.isSoftTold) {
    core.audit.note('saSoftExpired', `${describeSa(sa)}: ${reached.unit}`, { sa: nameOf(sa) });
  }
  upkeep.isSoftTold = true;
  return false;
}

function dueAt(upkeep: Upkeep, now: Instant): Instant | null {
  const dues = [nextLimitAt(upkeep.sa, now), dummyDueAt(upkeep), keepaliveDueAt(upkeep)];
  return dues.reduce((first, due) => (first === null || (due !== null && due < first) ? due : first), null);
}

/** When the next dummy packet leaves, RFC 4303 §2.6; null: never. */
export function dummyDueAt({ sa, usedAt }: Upkeep): Instant | null {
  if (sa.direction !== 'outbound' || sa.protocol !== 'esp') return null;
  const every = sa.trafficFlow?.dummyEveryNs ?? null;
  return every === null || every <= 0 ? null : usedAt + every;
}

/** When a NAT on the way would forget the flow, RFC 3948 §4; null: no ESP in UDP. */
export function keepaliveDueAt(upkeep: Upkeep): Instant | null {
  if (upkeep.sa.direction !== 'outbound' || upkeep.sa.encapsulation === null) return null;
  return lastSentAt(upkeep) + KEEPALIVE_NS;
}

export const lastSentAt = ({ usedAt, keptAliveAt }: Upkeep): Instant => Math.max(usedAt, keptAliveAt);
