import { type Flow, flowOf } from '../ipsec/selector.ts';
import { type Address, formatAddress, isLinkLocal, isUnspecified } from '../wire/address.ts';
import { admit, isBorrowed, martianReason } from './admission.ts';
import type { Core, FrameOrigin, Ingress } from './core.ts';
import type { EthernetInterface, NodeInterface, TunnelInterface } from './interfaces.ts';
import { routeTowards } from './link-scope.ts';
import type { Neighbour } from './neighbour-cache.ts';
import type { Packet } from './packet.ts';
import type { PolicyEntry } from './policy-set.ts';
import { describe, type Refusal, refusal, type Trace } from './refusal.ts';
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

/** For a packet that arrived and is to be forwarded: inbound policy, route, outbound policy. */
export function decideForwarding(core: Core, packet: Packet, ingress: Ingress, trace?: Trace): Decision {
  const flow = flowOf(packet.octets);
  if (flow === null) return refusal('malformed', 'no flow');
  const martian = martianReason(core, flow, ingress);
  if (martian !== null) return refusal('malformed', martian);
  const admission = admit(core, packet, flow, ingress, trace);
  if (admission.kind === 'drop') return admission;
  if (hasLinkScope(flow)) return refusal('noRoute', `${describe(flow)} is of link scope`, { kind: 'beyondScope' });
  const leaving = { isSatisfied: admission.isSatisfied, isProtected: false, zone: null };
  const decision = decideExit(core, flow, leaving, trace);
  return decision.kind === 'protect' && isBorrowed(core, flow, ingress)
    ? refusal('policyDiscard', `${describe(flow)} from ${ingress.interface?.name}, where its source is not`)
    : decision;
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

function hasLinkScope(flow: Flow): boolean {
  return [flow.source, flow.destination].some(address => isLinkLocal(address) || isUnspecified(address));
}
