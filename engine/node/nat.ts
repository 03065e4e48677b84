import type { Random } from '../crypto/random.ts';
import { formatAddress, isMulticast } from '../wire/address.ts';
import { Icmpv4Type } from '../wire/icmpv4.ts';
import { IpProtocol } from '../wire/ip-protocol.ts';
import { u32At, u8At } from '../wire/octets.ts';
import type { NatConfig } from './config.ts';
import { type Core, drop, type Ingress } from './core.ts';
import { finished, wireOctets } from './fit.ts';
import type { EthernetInterface, NodeInterface } from './interfaces.ts';
import { endpointsAt, finishIcmp, quotedAt, rewriteAddress, rewriteEnd } from './nat-rewrite.ts';
import { NatTable } from './nat-table.ts';
import { isFragment, type Packet, parsePacket } from './packet.ts';
import { reassemble, wayOf } from './reassemble.ts';

/** Translates between an inside and the one address that it shares outside; IPv4 alone. */
export interface Nat {
  readonly outside: EthernetInterface;
  readonly table: NatTable;
}

/** Throws for an interface that the node does not have. */
export function makeNat(config: NatConfig | null, links: readonly EthernetInterface[], random: Random): Nat | null {
  if (config === null) return null;
  const outside = links.find(link => link.name === config.outside);
  if (outside === undefined) throw new Error(`NAT: no interface ${config.outside}`);
  return { outside, table: new NatTable(config.behaviour, config.idleSeconds, random) };
}

/**
 * What becomes of a packet that arrived outside: for an endpoint inside, by its mapping; or the node's own (ICMP to itself). What
 * nobody inside has asked for is dropped, whatever its destination. Anything else is as it was.
 */
export function translatedIn(core: Core, packet: Packet, ingress: Ingress): Packet[] {
  const { nat } = core;
  if (nat === null || ingress.interface !== nat.outside || ingress.protection !== null) return [packet];
  if (packet.version !== 4 || isMulticast(packet.destination) || core.addresses.isBroadcast(packet.destination))
    return [packet];
  if (!core.addresses.ownedBy(nat.outside, packet.destination)) {
    refuse(core, packet, 'to the inside, without a mapping');
    return [];
  }
  const whole = isFragment(packet) ? reassemble(core, packet, wayOf(ingress)) : packet;
  if (whole === null) return [];
  return (finished(core, whole) ?? []).flatMap(octets => changed(core, octets, copy => inbound(core, nat, copy)));
}

/**
 * What leaves by that interface; nothing where no mapping can be made. The node's own programs have mappings like everybody, its
 * answers and errors need none.
 */
export function translatedOut(core: Core, packet: Packet, exit: NodeInterface): Packet[] {
  const { nat } = core;
  if (nat === null || exit !== nat.outside || packet.version !== 4 || isMulticast(packet.destination)) return [packet];
  // It will not fit: its sender hears of the packet that he knows.
  if (packet.dontFragment && wireOctets(packet) > exit.mtu) return [packet];
  const address = outsideAddress(nat);
  const isOwn = core.addresses.owns(packet.source);
  const translate = (copy: Uint8Array) =>
    isOwn && !isBeginning(packet) ? quoteOutside(core, nat, copy, address) : outbound(core, nat, copy, address);
  return (finished(core, packet) ?? []).flatMap(octets => changed(core, octets, translate));
}

/** What a program sends, and not the node by itself. */
function isBeginning({ protocol, octets, upperOffset }: Packet): boolean {
  if (protocol === IpProtocol.ICMP) return u8At(octets, upperOffset) === Icmpv4Type.ECHO_REQUEST;
  return protocol === IpProtocol.TCP || protocol === IpProtocol.UDP;
}

/** What would become of a flow that leaves by `exit`, for `explain`; null: nothing. */
export function describeTranslation(
  { nat }: Core,
  packet: Packet,
  exit: NodeInterface,
): { readonly step: string; readonly isRefused: boolean } | null {
  if (nat === null || exit !== nat.outside || packet.version !== 4) return null;
  if (endpointsAt(packet.octets, 0) === null) {
    return { step: `NAT: protocol ${packet.protocol} has no ports: discard`, isRefused: true };
  }
  const own = nat.outside.addresses.find(({ address }) => address.length === 4);
  const from = own === undefined ? 'nowhere' : formatAddress(own.address);
  return { step: `NAT: from ${from}, by a port of its own`, isRefused: false };
}

/** Whether fragments have to be put together first: only the first one has ports. */
export function needsWhole({ nat }: Core, packet: Packet): boolean {
  return nat !== null && packet.version === 4;
}

/** Every mapping gone at once, as after a restart of the NAT. */
export function rebindNat(core: Core): void {
  if (core.nat === null) throw new Error(`${core.name} is no NAT`);
  core.nat.table.clear();
  core.audit.note('natRebound', `on ${core.nat.outside.name}`);
}

/** `change` works on a copy of its own, and says why the packet goes no further; null: it does. */
function changed(core: Core, octets: Uint8Array, change: (copy: Uint8Array) => string | null): Packet[] {
  const copy = octets.slice();
  const why = change(copy);
  const packet = parsePacket(copy, null);
  if (typeof packet === 'string') {
    drop(core, 'malformed', () => packet);
    return [];
  }
  if (why === null) return [packet];
  refuse(core, packet, why);
  return [];
}

function inbound(core: Core, { table }: Nat, octets: Uint8Array): string | null {
  const protocol = u8At(octets, 9);
  const upper = (u8At(octets, 0) & 15) * 4;
  if (protocol === IpProtocol.ICMP) {
    const quoted = quotedAt(octets, upper);
    if (quoted !== null) return quoteInside(core, table, octets, upper, quoted);
    if (u8At(octets, upper) !== Icmpv4Type.ECHO_REPLY) return null; // to the node itself
  }
  const ends = endpointsAt(octets, 0);
  if (ends === null) return `protocol ${protocol} has no ports`;
  const flags = protocol === IpProtocol.TCP ? u8At(octets, upper + 13) : 0;
  const remote = remoteOf(protocol, ends.source);
  const mapping = table.inbound(protocol, ends.destination.port, remote, flags, core.now);
  if (mapping === null) return 'no mapping';
  rewriteEnd(octets, 0, 'destination', mapping.inside);
  return null;
}

/** An ICMP error from outside: about a packet that went out by a mapping, or about one of the node's own. */
function quoteInside(core: Core, table: NatTable, octets: Uint8Array, upper: number, quoted: number): string | null {
  const ends = endpointsAt(octets, quoted);
  if (ends === null) return null;
  const protocol = u8At(octets, quoted + 9);
  const mapping = table.findOutside(protocol, ends.source.port, remoteOf(protocol, ends.destination), core.now);
  if (mapping === null) return 'an ICMP error about nothing that was sent';
  rewriteEnd(octets, quoted, 'source', mapping.inside);
  rewriteAddress(octets, 0, 'destination', mapping.inside.address);
  finishIcmp(octets, upper);
  return null;
}

function outbound(core: Core, nat: Nat, octets: Uint8Array, address: number): string | null {
  const protocol = u8At(octets, 9);
  const upper = (u8At(octets, 0) & 15) * 4;
  if (protocol === IpProtocol.ICMP) {
    if (quotedAt(octets, upper) !== null) {
      const why = quoteOutside(core, nat, octets, address);
      if (why === null) rewriteAddress(octets, 0, 'source', address);
      return why;
    }
    if (u8At(octets, upper) !== Icmpv4Type.ECHO_REQUEST) return `ICMP type ${u8At(octets, upper)}`;
  }
  const ends = endpointsAt(octets, 0);
  if (ends === null) return `protocol ${protocol} has no ports`;
  const flags = protocol === IpProtocol.TCP ? u8At(octets, upper + 13) : 0;
  const remote = remoteOf(protocol, ends.destination);
  const mapping = nat.table.outbound(protocol, ends.source, remote, flags, core.now);
  if (mapping === null) return 'no room for a mapping';
  rewriteEnd(octets, 0, 'source', { address, port: mapping.outsidePort });
  return null;
}

/** An ICMP error on its way out, about a packet that came in by a mapping: it is to quote what was sent. */
function quoteOutside({ now }: Core, { table }: Nat, octets: Uint8Array, address: number): string | null {
  const upper = (u8At(octets, 0) & 15) * 4;
  const quoted = u8At(octets, 9) === IpProtocol.ICMP ? quotedAt(octets, upper) : null;
  const ends = quoted === null ? null : endpointsAt(octets, quoted);
  if (quoted === null || ends === null) return null;
  const protocol = u8At(octets, quoted + 9);
  const mapping = table.find(protocol, ends.destination, remoteOf(protocol, ends.source), now);
  if (mapping === null) return ends.destination.address === address ? null : 'an ICMP error about nothing that came';
  rewriteEnd(octets, quoted, 'destination', { address, port: mapping.outsidePort });
  finishIcmp(octets, upper);
  return null;
}

/** The Identifier of ICMP belongs to the inside alone. */
function remoteOf(protocol: number, { address, port }: { address: number; port: number }) {
  return { address, port: protocol === IpProtocol.ICMP ? 0 : port };
}

/** Its first IPv4 address, which it has for as long as it runs. */
function outsideAddress({ outside }: Nat): number {
  const own = outside.addresses.find(({ address }) => address.length === 4);
  if (own === undefined) throw new Error(`NAT: ${outside.name} has no IPv4 address`);
  return u32At(own.address, 0);
}

function refuse(core: Core, packet: Packet, why: string): void {
  const [from, to] = [formatAddress(packet.source), formatAddress(packet.destination)];
  drop(core, 'natRefused', () => `${from} > ${to} protocol ${packet.protocol}: ${why}`);
}
