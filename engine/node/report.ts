import { flowOf } from '../ipsec/selector.ts';
import { type Address, addressVersion, formatAddress, isLinkLocal } from '../wire/address.ts';
import { finishPacket } from '../wire/offload.ts';
import { WireError } from '../wire/wire-error.ts';
import { type Core, deliver, drop, type Ingress, nextIdentification, type Origin, originate } from './core.ts';
import { decideSending } from './decision.ts';
import { errorAbout, type IcmpCause, mayReport } from './icmp-error.ts';
import type { NodeInterface } from './interfaces.ts';
import { routeTowards } from './link-scope.ts';
import type { DropReason } from './node.ts';
import { type Packet, parsePacket } from './packet.ts';
import { isBeyond, tellsNoWay } from './sides.ts';
import { selectSource } from './source-address.ts';

/** Counts the drop of a packet, and tells its sender where that is owed. */
export function refuse(
  core: Core,
  packet: Packet,
  origin: Origin,
  reason: DropReason,
  detail: string,
  cause: IcmpCause | null,
): void {
  drop(core, reason, () => detail);
  if (cause !== null) report(core, packet, origin, cause);
}

/** Sends the ICMP error, to the network or to the host above, unless a rule or the rate limit forbids it. */
export function report(core: Core, packet: Packet, origin: Origin, cause: IcmpCause): void {
  if (origin === 'node' || !mayReport(packet, cause)) return;
  if (core.addresses.isBroadcast(packet.destination) || core.addresses.isBroadcast(packet.source)) return;
  if (!core.errorLimit.allows(packet.source, core.now)) return;
  const invoking = firstPacketOf(packet);
  if (invoking === null) return;
  if (origin === 'above') {
    // A kernel refuses packets from its own addresses that come from outside, so the error comes "from" the far end.
    const error = errorAbout(invoking, cause, packet.destination, nextIdentification(core));
    if (error !== null) deliver(core, error, null);
    return;
  }
  // The link that it came from is not known here, and the address alone may lead to another one.
  if (packet.version === 6 && isLinkLocal(packet.source)) return;
  const isInItsName = cause.kind === 'prohibited' && cause.asDestination;
  const source = isInItsName ? packet.destination : sourceTowards(core, packet.source);
  const own = origin === 'decrypted' && !isInItsName ? ownAddresses(core, packet.version) : [];
  for (const candidate of source === null ? own : [source, ...own]) {
    const error = errorAbout(invoking, cause, candidate, nextIdentification(core));
    if (error === null) return;
    if (origin === 'decrypted' && !isAsPolicyWants(core, error, null)) continue;
    originate(core, error, { isExempt: origin === 'forwarded' && staysInside(core, packet, error) });
    return;
  }
}

/**
 * Sends an answer to what has arrived. What an SA brought is answered by an SA or not at all, even if its sender names a
 * source that no policy is for; unless a policy says of answers themselves that they may go in the clear.
 */
export function answer(core: Core, octets: Uint8Array, ingress: Ingress): void {
  if (ingress.protection !== null && !isAsPolicyWants(core, octets, ingress.interface)) {
    drop(core, 'policyDiscard', () => `an answer in the clear to what SA ${ingress.protection?.sa.spi} brought`);
    return;
  }
  originate(core, octets, { zone: ingress.interface });
}

/** Whether this packet leaves under an SA, or in the clear by an entry that means it: of level `use`, or for what goes out alone. */
export function isAsPolicyWants(core: Core, octets: Uint8Array, zone: NodeInterface | null): boolean {
  const packet = parsePacket(octets, null);
  if (typeof packet === 'string') return false;
  const decision = decideSending(core, packet, false, zone);
  if (decision.kind === 'protect') return true;
  if (decision.kind === 'drop' || decision.policy === null) return false;
  // Of level `use` and without an SA, or for this direction alone.
  const { action, direction } = decision.policy.policy;
  return action.kind === 'protect' || direction === 'outbound';
}

/**
 * Whether an error goes back to the protected side, where its packet came from in the clear, and so has no business with the SPD (RFC
 * 4301 §5.1, figure 2): the packet was to be protected, and no entry says of such answers that they go another way.
 */
function staysInside(core: Core, packet: Packet, error: Uint8Array): boolean {
  const wanted = decideSending(core, packet, false, null);
  const home = core.routes.lookup(packet.source)?.interface;
  const isInside = wanted.policy !== null && home !== undefined && isBeyond(core, wanted.policy, home) === false;
  if (!isInside || (wanted.kind !== 'protect' && (wanted.kind !== 'drop' || wanted.reason !== 'noSa'))) return false;
  const [answer, flow] = [parsePacket(error, null), flowOf(error)];
  if (typeof answer === 'string' || flow === null) return false;
  const { kind, policy } = decideSending(core, answer, false, null);
  return (kind === 'drop' || kind === 'protect') && (policy === null || tellsNoWay(policy, flow));
}

/** The first may be one that the policy does not name: that of the link, where it must be that of the subnet behind. */
function ownAddresses(core: Core, version: 4 | 6): Address[] {
  const entries = core.interfaces.flatMap(each => (each.up ? each.addresses : []));
  return entries
    .filter(({ address, origin }) => addressVersion(address) === version && origin !== 'linkLocal')
    .map(({ address }) => address);
}

/** The address that the node would send from; null without a route, or without an address of that family. */
export function sourceTowards(core: Core, destination: Address): Address | null {
  const route = routeTowards(core, destination, null, null);
  if (route === null) return null;
  return assignedSource(core, route.interface, destination) ?? outerSource(core, destination);
}

/** The same for what no SA is to carry. */
export function outerSource(core: Core, destination: Address): Address | null {
  const route = routeTowards(core, destination, null, null);
  if (route === null) return null;
  const candidates = core.hostModel[addressVersion(destination)] === 'strong' ? [route.interface] : core.interfaces;
  return selectSource(destination, route.interface, candidates);
}

/** In text: those by which peers can know this node. */
export function outerAddresses({ links }: Core): string[] {
  const entries = links.flatMap(link => (link.up ? link.addresses : []));
  const outer = entries.filter(({ origin }) => origin === 'configured' || origin === 'autoconfigured');
  return [...new Set(outer.map(({ address }) => formatAddress(address)))];
}

/** An address that a peer has given, if a policy protects what goes from it to the destination. */
function assignedSource({ interfaces, policies }: Core, exit: NodeInterface, destination: Address): Address | null {
  const owner = policies.ownerFor(exit);
  for (const { address, origin } of interfaces.flatMap(each => (each.up ? each.addresses : []))) {
    if (origin !== 'assigned' || address.length !== destination.length) continue;
    const flow = { source: address, destination, protocol: null, sourcePort: null, destinationPort: null, icmp: null };
    if (policies.outbound(owner, flow)?.policy.action.kind === 'protect') return address;
  }
  return null;
}

/** The packet as a wire would have carried it: of a superframe the first one. */
function firstPacketOf(packet: Packet): Packet | null {
  if (packet.offload === null) return packet;
  try {
    const [first] = finishPacket(packet.octets, packet.offload);
    const parsed = first === undefined ? 'nothing' : parsePacket(first, null);
    return typeof parsed === 'string' ? null : parsed;
  } catch (error) {
    if (error instanceof WireError) return null;
    throw error;
  }
}
