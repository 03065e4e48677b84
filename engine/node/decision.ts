import { type Flow, flowOf } from '../ipsec/selector.ts';
import {
  type Address,
  formatAddress,
  isBroadcast,
  isLinkLocal,
  isLoopback,
  isMulticast,
  isUnspecified,
} from '../wire/address.ts';
import type { Core, FrameOrigin, Ingress } from './core.ts';
import { type IcmpCause, isIcmpError } from './icmp-error.ts';
import type { EthernetInterface, NodeInterface, TunnelInterface } from './interfaces.ts';
import { routeTowards } from './link-scope.ts';
import type { Neighbour } from './neighbour-cache.ts';
import type { DropReason } from './node.ts';
import type { Packet } from './packet.ts';
import type { PolicyEntry } from './policy-set.ts';
import { quotedFlow } from './quoted-flow.ts';
import { describeRoute } from './route-table.ts';

/** What becomes of the packets of a flow that are not for the node itself; cached by flow. */
export type Decision =
  | {
      readonly kind: 'forward';
      readonly exit: EthernetInterface;
      /** null: the destination. */
      readonly nextHop: Address | null;
      /** The BYPASS entry that lets it pass; null: no SPD applies. */
      readonly policy: PolicyEntry | null;
      /** The next hop's entry, once it was looked up. */
      neighbour: Neighbour<FrameOrigin> | null;
    }
  /** IP-in-IP without protection. */
  | { readonly kind: 'encapsulate'; readonly tunnel: TunnelInterface; readonly policy: PolicyEntry | null }
  | {
      readonly kind: 'protect';
      readonly policy: PolicyEntry;
      /** Whose SPD it was; null: the node's. */
      readonly tunnel: TunnelInterface | null;
    }
  | Refusal;

export interface Refusal {
  readonly kind: 'drop';
  readonly reason: DropReason;
  readonly detail: string;
  /** The ICMP error that the sender is owed; null: silence. */
  readonly cause: IcmpCause | null;
  /** The entry that says so, if one does. */
  readonly policy: PolicyEntry | null;
}

/** Takes down each step, for `explain`; nothing in the data path passes one. */
export type Trace = (step: string) => void;

/** For a packet that arrived and is to be forwarded: inbound policy, route, outbound policy. */
export function decideForwarding(core: Core, packet: Packet, ingress: Ingress, trace?: Trace): Decision {
  const flow = flowOf(packet.octets);
  if (flow === null) return refusal('malformed', 'no flow');
  const martian = martianReason(core, flow, ingress);
  if (martian !== null) return refusal('malformed', martian);
  const admission = admit(core, packet, flow, ingress, trace);
  if (admission.kind === 'drop') return admission;
  if (hasLinkScope(flow)) return refusal('noRoute', `${describe(flow)} is of link scope`, { kind: 'beyondScope' });
  return decideExit(core, flow, { isSatisfied: admission.isSatisfied, isProtected: false, zone: null }, trace);
}

/** For a packet that the node, or the host above, sends; `zone` is the link of a link-local destination, if that is known. */
export function decideSending(
  core: Core,
  packet: Packet,
  isProtected: boolean,
  zone: NodeInterface | null,
  trace?: Trace,
): Decision {
  const flow = flowOf(packet.octets);
  if (flow === null) return refusal('malformed', 'no flow');
  return decideExit(core, flow, { isSatisfied: isProtected, isProtected, zone }, trace);
}

/** For a packet addressed to the node: null to let it in. */
export function refuseLocal(core: Core, packet: Packet, ingress: Ingress, trace?: Trace): Refusal | null {
  const flow = flowOf(packet.octets);
  if (flow === null) return refusal('malformed', 'no flow');
  const martian = martianReason(core, flow, ingress);
  if (martian !== null) return refusal('malformed', martian);
  const admission = admit(core, packet, flow, ingress, trace);
  if (admission.kind === 'drop') return admission;
  if (admission.isSatisfied || !core.policies.has(null)) return null;
  trace?.('policy: none matches, and the node has policies: discard');
  return refusal('policyDiscard', `${describe(flow)} matches no policy`);
}

export function describe(flow: Flow): string {
  const [from, to] = [formatAddress(flow.source), formatAddress(flow.destination)];
  const ports = flow.sourcePort === null ? '' : ` ports ${flow.sourcePort} > ${flow.destinationPort}`;
  return `${from} > ${to} protocol ${flow.protocol ?? 'opaque'}${ports}`;
}

/** `isSatisfied`: an inbound policy let the packet in, so that forwarding it needs no entry of its own. */
type Admission = { readonly kind: 'admit'; readonly isSatisfied: boolean } | Refusal;

/**
 * Inbound policy, RFC 4301 §5.2. What an SA brought must be what the SA is for. What came in the clear must not be what a
 * policy protects: neither the SPD of the tunnel that it came out of, nor of the tunnel that leads back to its source, nor
 * the node's own. Nor may it be an ICMP error about what a policy protects: the news of that come by an SA (§6.2).
 */
function admit(core: Core, packet: Packet, flow: Flow, ingress: Ingress, trace?: Trace): Admission {
  const { policies } = core;
  if (ingress.interface === null) return { kind: 'admit', isSatisfied: false };
  if (ingress.sa !== null) {
    if (policies.covers(ingress.sa, flow, ingress.interface.name)) {
      trace?.(`inbound policy: ${ingress.sa.policy}, by the SA that brought it`);
      return { kind: 'admit', isSatisfied: true };
    }
    return refusal('policyMismatch', `${describe(flow)} came by SA ${ingress.sa.spi} of policy ${ingress.sa.policy}`);
  }
  const clearSpds = clearTunnelSpds(core, flow, ingress.interface);
  for (const tunnel of clearSpds) {
    const entry = policies.inbound(tunnel, flow);
    if (entry?.policy.action.kind === 'bypass') continue;
    const due = entry === null ? `no policy of ${tunnel}` : `${entry.policy.action.kind} by ${entry.policy.name}`;
    trace?.(`inbound policy: ${due}: discard, it came in the clear`);
    return refusal(
      'policyDiscard',
      `${describe(flow)} in the clear from ${ingress.interface.name}: ${due}`,
      null,
      entry,
    );
  }
  const entry = policies.inbound(null, flow);
  if (entry !== null && entry.policy.action.kind !== 'bypass') {
    trace?.(`inbound policy: ${entry.policy.action.kind} by ${entry.policy.name}: discard, it came in the clear`);
    const due = `${entry.policy.action.kind} by ${entry.policy.name}`;
    return refusal(
      'policyDiscard',
      `${describe(flow)} in the clear from ${ingress.interface.name}: ${due}`,
      null,
      entry,
    );
  }
  if (entry !== null) trace?.(`inbound policy: bypass by ${entry.policy.name}`);
  if (isIcmpError(packet) && quotesProtected(core, packet)) {
    return refusal('policyDiscard', `${describe(flow)}: an ICMP error in the clear about what is protected`);
  }
  return { kind: 'admit', isSatisfied: entry !== null || ingress.interface.kind === 'tunnel' };
}

/** Whether the packet that an ICMP error is about would not have left in the clear, or cannot be made out. */
function quotesProtected(core: Core, packet: Packet): boolean {
  const { policies } = core;
  if (policies.entries.length === 0) return false;
  const flow = quotedFlow(packet);
  if (flow === null) return true;
  const exit = core.routes.lookup(flow.destination)?.interface;
  if (exit?.kind === 'tunnel' && policies.has(exit.name)) {
    return policies.outbound(exit.name, flow)?.policy.action.kind !== 'bypass';
  }
  return policies.outbound(null, flow)?.policy.action.kind === 'protect';
}

/** The tunnels with an SPD that a clear packet has to answer to. */
function clearTunnelSpds(core: Core, flow: Flow, arrival: NodeInterface): string[] {
  const names: string[] = [];
  if (arrival.kind === 'tunnel') names.push(arrival.name);
  const isRouted = !isMulticast(flow.source) && !isLinkLocal(flow.source);
  const back = isRouted ? core.routes.lookup(flow.source)?.interface : null;
  if (back?.kind === 'tunnel' && back !== arrival) names.push(back.name);
  return names.filter(name => core.policies.has(name));
}

interface Leaving {
  /** A policy has let it pass already. */
  readonly isSatisfied: boolean;
  /** It is the node's own ESP. */
  readonly isProtected: boolean;
  readonly zone: NodeInterface | null;
}

function decideExit(core: Core, flow: Flow, leaving: Leaving, trace?: Trace): Decision {
  const { isSatisfied, isProtected, zone } = leaving;
  const route = routeTowards(core, flow.destination, flow.source, zone);
  if (route === null) {
    trace?.('route: none');
    return refusal('noRoute', `to ${formatAddress(flow.destination)}`, { kind: 'noRoute' });
  }
  trace?.(`route: ${describeRoute(route)}`);
  const exit = route.interface;
  if (exit.kind === 'tunnel') return decideTunnel(core, flow, exit, trace);
  const forward: Decision = { kind: 'forward', exit, nextHop: route.via, policy: null, neighbour: null };
  if (isProtected || !core.policies.has(null)) return forward;
  const entry = core.policies.outbound(null, flow);
  if (entry === null) {
    if (isSatisfied) return forward;
    trace?.('policy: none matches, and the node has policies: discard');
    return refusal('policyDiscard', `${describe(flow)} matches no policy`);
  }
  trace?.(`policy: ${entry.policy.name}, ${entry.policy.action.kind}`);
  switch (entry.policy.action.kind) {
    case 'bypass':
      return { ...forward, policy: entry };
    case 'discard':
      return refusal('policyDiscard', `${describe(flow)}: discard by ${entry.policy.name}`, null, entry);
    case 'protect':
      return { kind: 'protect', policy: entry, tunnel: null };
  }
}

function decideTunnel(core: Core, flow: Flow, tunnel: TunnelInterface, trace?: Trace): Decision {
  if (!core.policies.has(tunnel.name)) {
    trace?.(`policy: ${tunnel.name} has none: IP-in-IP in the clear`);
    return { kind: 'encapsulate', tunnel, policy: null };
  }
  const entry = core.policies.outbound(tunnel.name, flow);
  trace?.(`policy of ${tunnel.name}: ${entry === null ? 'none matches: discard' : entry.policy.name}`);
  if (entry === null) return refusal('policyDiscard', `${describe(flow)} matches no policy of ${tunnel.name}`);
  switch (entry.policy.action.kind) {
    case 'bypass':
      return { kind: 'encapsulate', tunnel, policy: entry };
    case 'discard':
      return refusal('policyDiscard', `${describe(flow)}: discard by ${entry.policy.name}`, null, entry);
    case 'protect':
      return { kind: 'protect', policy: entry, tunnel };
  }
}

/** Why a packet cannot be from where it says, or go where it says, RFC 1812 §5.3.7 and RFC 4291 §2.5; null when it can. */
function martianReason(core: Core, flow: Flow, ingress: Ingress): string | null {
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

function hasLinkScope(flow: Flow): boolean {
  return [flow.source, flow.destination].some(address => isLinkLocal(address) || isUnspecified(address));
}

function refusal(
  reason: DropReason,
  detail: string,
  cause: IcmpCause | null = null,
  policy: PolicyEntry | null = null,
): Refusal {
  return { kind: 'drop', reason, detail, cause, policy };
}
