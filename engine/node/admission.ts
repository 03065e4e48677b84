import type { Flow } from '../ipsec/selector.ts';
import {
  addressesEqual,
  formatAddress,
  isLinkLocal,
  isLoopback,
  isMulticast,
  isBroadcast,
  isUnspecified,
} from '../wire/address.ts';
import { IpProtocol } from '../wire/ip-protocol.ts';
import type { Core, Ingress } from './core.ts';
import { isIcmpError } from './icmp-error.ts';
import type { NodeInterface } from './interfaces.ts';
import type { Packet } from './packet.ts';
import { acceptsClear, type PolicyEntry } from './policy-set.ts';
import { type Protection, spisOf } from './protection.ts';
import { quotedFlow, reversed } from './quoted-flow.ts';
import { describe, type Refusal, refusal, type Trace } from './refusal.ts';
import { isOutwardBound } from './sides.ts';

/** Why a packet cannot be from where it says, or go where it says, RFC 1812 §5.3.7 and RFC 4291 §2.5; null when it can. */
export function martianReason(core: Core, flow: Flow, ingress: Ingress): string | null {
  const { source, destination } = flow;
  if (ingress.interface === null) return null;
  if (isMulticast(source) || isLoopback(source) || core.addresses.isBroadcast(source))
    return `from ${formatAddress(source)}`;
  if (isLoopback(destination) || isUnspecified(destination)) return `to ${formatAddress(destination)}`;
  if (isUnspecified(source) && !isMulticast(destination) && !isBroadcast(destination)) return 'from nobody';
  if (source.length === 4 && source[0] === 0 && !isUnspecified(source)) return `from ${formatAddress(source)}`;
  const isOurs = isLinkLocal(source) ? core.addresses.ownedBy(ingress.interface, source) : core.addresses.owns(source);
  return isOurs ? `from ${formatAddress(source)}, which is our own` : null;
}

export type Admission =
  | {
      readonly kind: 'admit';
      /** An inbound policy let the packet in, so that forwarding it needs no entry of its own. */
      readonly isSatisfied: boolean;
      /** The entry that let it in; null: no SPD applies. */
      readonly policy: PolicyEntry | null;
    }
  | Refusal;

/**
 * Inbound policy, RFC 4301 §5.2. What an SA brought must be what the SA is for. What came in the clear must not be what a
 * policy protects: neither the SPD of the tunnel that it came out of, nor of the tunnel that leads back to its source, nor
 * the node's own, unless the packet is on its way out. Nor may it be an ICMP error about what a policy protects: the news of
 * that come by an SA (§6.2), or leave by one.
 */
export function admit(
  core: Core,
  packet: Packet,
  flow: Flow,
  ingress: Ingress,
  isForwarded: boolean,
  trace?: Trace,
): Admission {
  const { policies } = core;
  if (ingress.interface === null) return { kind: 'admit', isSatisfied: false, policy: null };
  if (ingress.protection !== null)
    return admitProtected(core, packet, flow, ingress.protection, ingress.interface, trace);
  const refuseClear = (due: string, entry: PolicyEntry | null) => {
    trace?.(`inbound policy: ${due}: discard, it came in the clear`);
    const detail = `${describe(flow)} in the clear from ${ingress.interface?.name}: ${due}`;
    return refusal('policyDiscard', detail, null, entry);
  };
  for (const tunnel of clearTunnelSpds(core, flow, ingress.interface)) {
    const entry = policies.inbound(tunnel, flow);
    if (entry === null) return refuseClear(`no policy of ${tunnel}`, null);
    if (!acceptsClear(entry)) return refuseClear(dueTo(entry), entry);
  }
  const back = linkBack(core, flow, ingress.interface);
  const beyond = back === null ? null : policies.inbound(back, flow);
  if (beyond?.policy.action.kind === 'protect' && !acceptsClear(beyond)) return refuseClear(dueTo(beyond), beyond);
  const owner = linkOwner(core, ingress.interface);
  const inbound = policies.inbound(owner, flow);
  const isOutward = isForwarded && inbound !== null && isOutwardBound(core, owner, inbound, flow, ingress);
  if (isOutward) trace?.(`inbound policy: ${inbound.policy.name} matches either way, and the packet is on its way out`);
  const entry = isOutward ? null : inbound;
  if (entry !== null && !acceptsClear(entry)) return refuseClear(dueTo(entry), entry);
  if (entry !== null && mayOverlap(packet, entry)) return refuseEarly(packet, flow);
  if (entry !== null)
    trace?.(`inbound policy: ${entry.policy.action.kind} by ${entry.policy.name}, which clear packets may pass`);
  const leavesBySa = isOutward && policies.outbound(owner, flow)?.policy.action.kind === 'protect';
  if (isIcmpError(packet) && !leavesBySa && quotesProtected(core, packet)) {
    return refusal('policyDiscard', `${describe(flow)}: an ICMP error in the clear about what is protected`);
  }
  return { kind: 'admit', isSatisfied: entry !== null || ingress.interface.kind === 'tunnel', policy: entry };
}

/**
 * What SAs brought must be what they are for; of an ICMP error that no entry is for, the answer to the packet that it is about
 * must be (RFC 4301 §6.2).
 */
function admitProtected(
  core: Core,
  packet: Packet,
  flow: Flow,
  protection: Protection,
  arrival: NodeInterface,
  trace?: Trace,
): Admission {
  let entry = core.policies.accepting(protection, flow, arrival);
  if (entry === null && isIcmpError(packet)) {
    const quoted = quotedFlow(packet);
    // Told to who sent that packet: the entry is not about any other host behind this node.
    const isToSender = quoted !== null && addressesEqual(quoted.source, flow.destination);
    if (isToSender) entry = core.policies.accepting(protection, reversed(quoted), arrival);
  }
  if (entry !== null && mayOverlap(packet, entry)) return refuseEarly(packet, flow);
  if (entry !== null) {
    trace?.(`inbound policy: ${entry.policy.name}, by the ${protection.outer === null ? 'SA' : 'SAs'} that brought it`);
    return { kind: 'admit', isSatisfied: true, policy: entry };
  }
  return refusal('policyMismatch', `${describe(flow)} came by ${describeProtection(protection)}`);
}

/**
 * Whether a packet came in the clear over another interface than the one that leads to its source, if any does. Such a packet is not
 * given the protection that is meant for that source: our SA would vouch for it to the far end. Others are forwarded:
 * asymmetric routes are not wrong in themselves (RFC 3704 §2.4).
 */
export function isBorrowed(core: Core, { source }: Flow, ingress: Ingress): boolean {
  return ingress.protection === null && core.routes.lookup(source)?.interface !== ingress.interface;
}

/** Whether the packet that an ICMP error is about would not have left in the clear, or cannot be made out. */
function quotesProtected(core: Core, packet: Packet): boolean {
  const { policies } = core;
  if (policies.entries.length === 0) return false;
  const flow = quotedFlow(packet);
  if (flow === null) return true;
  const exit = core.routes.lookup(flow.destination)?.interface;
  const spd = exit === undefined ? null : policies.ownerFor(exit);
  if (!policies.has(spd)) return false;
  if (policies.usePorts && flow.sourcePort === null && hasPorts(flow)) return true;
  const entry = policies.outbound(spd, flow);
  if (entry !== null && acceptsClear(entry)) return false;
  return (spd !== null && exit?.kind === 'tunnel') || entry?.policy.action.kind === 'protect';
}

/**
 * A later fragment that only OPAQUE lets pass, and that could overwrite the ports of the first: those are within the first 128
 * octets of IPv4 (RFC 4301 §7.2 and appendix D). Of IPv6 nobody can tell.
 */
function mayOverlap({ version, fragmentOffset }: Packet, { policy: { selector } }: PolicyEntry): boolean {
  if (version === 6 || fragmentOffset === 0 || fragmentOffset >= PORTS_WITHIN_OCTETS) return false;
  return [selector.localPort, selector.remotePort, selector.icmp].includes('opaque');
}

const PORTS_WITHIN_OCTETS = 128;

function refuseEarly({ fragmentOffset }: Packet, flow: Flow): Refusal {
  return refusal('fragmentRefused', `${describe(flow)}: a later fragment at ${fragmentOffset}, where ports may be`);
}

function dueTo({ policy }: PolicyEntry): string {
  return `${policy.action.kind} by ${policy.name}`;
}

/** With what RFC 4301 §5.2 step 5 wants audited. */
function describeProtection(protection: Protection): string {
  const { sa } = protection;
  const ends = `${formatAddress(sa.source)} to ${formatAddress(sa.destination)}`;
  return `${sa.protocol} SPI ${spisOf(protection).join(', ')} from ${ends} of policy ${sa.policy ?? 'any'}`;
}

function hasPorts({ protocol }: Flow): boolean {
  return protocol === IpProtocol.TCP || protocol === IpProtocol.UDP;
}

/** Whose SPD applies to what a link brings; of what came out of a tunnel, and has passed that tunnel's own: the node's. */
export function linkOwner({ policies }: Core, arrival: NodeInterface | null): string | null {
  return arrival?.kind === 'ethernet' ? policies.ownerFor(arrival) : null;
}

/** Another link with an SPD of its own, if that leads back to the source: what it protects must not come by this one. */
function linkBack(core: Core, { source }: Flow, arrival: NodeInterface): string | null {
  if (arrival.kind === 'tunnel' || isMulticast(source)) return null;
  const back = core.routes.lookup(source)?.interface;
  if (back === undefined || back === arrival || back.kind === 'tunnel') return null;
  return core.policies.ownerFor(back);
}

/** The tunnels with an SPD that a clear packet has to answer to, besides the SPD of a link that it came by. */
function clearTunnelSpds(core: Core, flow: Flow, arrival: NodeInterface): string[] {
  const names: string[] = [];
  if (arrival.kind === 'tunnel') names.push(arrival.name);
  // IPv6 link-local addresses are each link's own; those of IPv4 are routed like others (tunnels are numbered with them).
  const isRouted = !isMulticast(flow.source) && !(flow.source.length === 16 && isLinkLocal(flow.source));
  const back = isRouted ? core.routes.lookup(flow.source)?.interface : null;
  if (back?.kind === 'tunnel' && back !== arrival) names.push(back.name);
  return names.filter(name => core.policies.has(name));
}
