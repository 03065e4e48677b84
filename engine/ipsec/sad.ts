import { addressesEqual, type Address } from '../wire/address.ts';
import { OutboundTable, type SaEnds } from './outbound-table.ts';
import type { AhInboundSa, EspInboundSa, InboundSa, OutboundSa, SecurityProtocol } from './sa.ts';
import type { Direction, Flow } from './selector.ts';
import type { Policy } from './spd.ts';

/** What of an SA changes when one of its ends moves. */
export type SaPlace = Pick<InboundSa, 'source' | 'destination' | 'encapsulation'>;

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

  /**
   * An SA goes on between other places, with its keys, sequence number and window. Throws when another inbound SA has its SPI
   * there already.
   */
  move(sa: InboundSa | OutboundSa, { source, destination, encapsulation }: SaPlace): void {
    if (sa.direction === 'inbound') {
      const other = find(this.#inbound.get(sa.spi), sa.protocol, destination);
      if (other !== null && other !== sa) throw new Error(`inbound SPI ${sa.spi} is installed already`);
    }
    sa.source = source;
    sa.destination = destination;
    sa.encapsulation = encapsulation;
    if (sa.direction === 'outbound') this.#tableOf(sa).replace();
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
   * make: the tunnel's, those of `Transform.ends`, or in transport mode the packet's own; null: as the SA has them, and so
   * have the policy's own SAs of tunnel mode, whose ends may have moved (RFC 4555). `flow` is
   * the packet before any of the policy's transforms; null: whichever, when only an SA's overhead is asked for.
   */
  outbound(policy: Policy, transform: number, ends: SaEnds | null, flow: Flow | null): OutboundSa | null {
    const { action } = policy;
    const asked = action.kind === 'protect' ? action.transforms[transform] : undefined;
    if (action.kind !== 'protect' || asked === undefined)
      throw new Error(`${policy.name} has no transform ${transform}`);
    const wanted = { transform: asked, sharing: action.sharing, ends, flow };
    const ownEnds = asked.mode === 'tunnel' ? null : ends;
    const own = this.#own
      .get(policy.name)
      ?.get(transform)
      ?.newest({ ...wanted, ends: ownEnds });
    return own ?? this.#shared.newest(wanted);
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
