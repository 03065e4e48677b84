import { type Flow, flowOf } from '../ipsec/selector.ts';
import { type Address, formatAddress, isLinkLocal, isUnspecified } from '../wire/address.ts';
import { type Admission, admit, isBorrowed, linkOwner, martianReason } from './admission.ts';
import type { Instant } from '../wire/instant.ts';
import type { Core, FrameOrigin, Ingress } from './core.ts';
import type { EthernetInterface, NodeInterface, TunnelInterface } from './interfaces.ts';
import type { IcmpCause } from './icmp-error.ts';
import { routeTowards } from './link-scope.ts';
import type { Neighbour } from './neighbour-cache.ts';
import { type OutboundMatch, outboundMatch } from './outbound-entry.ts';
import type { WantedSa } from './node.ts';
import type { Packet } from './packet.ts';
import type { PolicyEntry } from './policy-set.ts';
import { describe, flowQuery, type Refusal, refusal, type Trace } from './refusal.ts';
import { describeRoute } from './route-table.ts';
import { chooseSas, type Layer } from './sa-choice.ts';
import { hasArrived } from './sides.ts';

/** What becomes of the packets of a flow that are not for the node itself; cached by flow. */
export type Decision = Way | Refusal;

type Way = { readonly admittedBy: AdmittedBy; readonly hope: Hope | null } & (
  | {
      readonly kind: 'forward';
      readonly exit: EthernetInterface;
      /** null: the destination. */
      readonly nextHop: Address | null;
      /** The BYPASS entry that lets it pass; null: no SPD applies. */
      readonly policy: PolicyEntry | null;
      /** It is the node's own ESP or AH, about which ICMP errors are believed by other rules. */
      readonly isOuter: boolean;
      /** The next hop's entry, once it was looked up. */
      neighbour: Neighbour<FrameOrigin> | null;
    }
  /** IP-in-IP without protection. */
  | { readonly kind: 'encapsulate'; readonly tunnel: TunnelInterface; readonly policy: PolicyEntry | null }
  | {
      readonly kind: 'protect';
      readonly policy: PolicyEntry;
      /** Innermost first, never empty. */
      readonly layers: readonly Layer[];
      /** Whose SPD it was; null: that of the node, or of a link. */
      readonly tunnel: TunnelInterface | null;
    }
);

/** An SA of level `use` that is not there yet: the packets go, and whoever negotiates hears of it now and then. */
export interface Hope {
  readonly detail: string;
  readonly sa: WantedSa;
  toldAt: Instant | null;
}

/** The inbound entry that let a packet in which is forwarded, to be counted; null: none, or the one that it leaves by. */
type AdmittedBy = PolicyEntry | null;

/** For a packet that arrived and is to be forwarded: inbound policy, route, outbound policy. */
export function decideForwarding(core: Core, packet: Packet, ingress: Ingress, trace?: Trace): Decision {
  const flow = flowOf(packet.octets);
  if (flow === null) return refusal('malformed', 'no flow');
  const martian = martianReason(core, flow, ingress);
  if (martian !== null) return refusal('malformed', martian);
  const admission = admit(core, packet, flow, ingress, true, trace);
  if (admission.kind === 'drop') return admission;
  if (hasLinkScope(flow)) return refusal('noRoute', `${describe(flow)} is of link scope`, { kind: 'beyondScope' });
  const leaving = { ingress, isLetIn: admission.isSatisfied, isProtected: false, zone: null };
  const decision = withoutBorrowedHope(core, flow, ingress, decideExit(core, packet, flow, leaving, trace));
  const wantsSa = decision.kind === 'protect' || (decision.kind === 'drop' && decision.wanted !== null);
  if (wantsSa && isBorrowed(core, flow, ingress)) return refuseElsewhere(flow, ingress);
  const isAnother = decision.kind !== 'drop' && decision.policy !== admission.policy;
  return isAnother ? { ...decision, admittedBy: admission.policy } : decision;
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
  return decideExit(core, packet, flow, { ingress: null, isLetIn: isProtected, isProtected, zone }, trace);
}

/** For a packet addressed to the node. */
export function admitLocal(core: Core, packet: Packet, ingress: Ingress, trace?: Trace): Admission {
  const flow = flowOf(packet.octets);
  if (flow === null) return refusal('malformed', 'no flow');
  const martian = martianReason(core, flow, ingress);
  if (martian !== null) return refusal('malformed', martian);
  const admission = admit(core, packet, flow, ingress, false, trace);
  if (admission.kind === 'drop') return admission;
  if (admission.isSatisfied || !core.policies.has(linkOwner(core, ingress.interface))) return admission;
  trace?.('policy: none matches, and the node has policies: discard');
  return refusal('policyDiscard', `${describe(flow)} matches no policy`);
}

/** Whoever forges a source is not to make this node negotiate. */
function withoutBorrowedHope(core: Core, flow: Flow, ingress: Ingress, decision: Decision): Decision {
  const isVain = decision.kind !== 'drop' && decision.hope !== null && isBorrowed(core, flow, ingress);
  return isVain ? { ...decision, hope: null } : decision;
}

interface Leaving {
  /** How it came; null: it was made here. */
  readonly ingress: Ingress | null;
  /** A policy has let it pass already. */
  readonly isLetIn: boolean;
  /** It is the node's own ESP. */
  readonly isProtected: boolean;
  readonly zone: NodeInterface | null;
}

function decideExit(core: Core, packet: Packet, flow: Flow, leaving: Leaving, trace?: Trace): Decision {
  const { ingress, isLetIn, isProtected, zone } = leaving;
  const route = routeTowards(core, flow.destination, flow.source, zone);
  if (route === null) {
    trace?.('route: none');
    return refusal('noRoute', `to ${formatAddress(flow.destination)}`, { kind: 'noRoute' });
  }
  trace?.(`route: ${describeRoute(route)}`);
  const exit = route.interface;
  if (exit.kind === 'tunnel') return decideTunnel(core, packet, flow, exit, ingress, trace);
  const forward: Forward = {
    kind: 'forward',
    admittedBy: null,
    hope: null,
    exit,
    nextHop: route.via,
    policy: null,
    isOuter: isProtected,
    neighbour: null,
  };
  const owner = core.policies.ownerFor(exit);
  if (isProtected || !core.policies.has(owner)) return forward;
  const match = outboundMatch(core, owner, packet, flow);
  if (match === null) {
    if (isLetIn) return forward;
    trace?.('policy: none matches, and the node has policies: discard');
    return refusal('policyDiscard', `${describe(flow)} matches no policy`, prohibited(core));
  }
  const { entry } = match;
  if (isOfElsewhere(core, match, flow, ingress)) return refuseElsewhere(flow, ingress);
  if (isLetIn && ingress !== null && hasArrived(core, entry, match.flow, ingress, exit)) {
    trace?.(`policy: ${entry.policy.name} matches either way, and the packet has arrived`);
    return forward;
  }
  trace?.(`policy${owner === null ? '' : ` of ${owner}`}: ${entry.policy.name}, ${entry.policy.action.kind}`);
  switch (entry.policy.action.kind) {
    case 'bypass':
      return { ...forward, policy: entry };
    case 'discard':
      return refusal('policyDiscard', `${describe(flow)}: discard by ${entry.policy.name}`, prohibited(core), entry);
    case 'protect':
      return protectBySas(core, match, flow, null, hope => ({ ...forward, policy: entry, hope }), trace);
  }
}

type Forward = Extract<Decision, { kind: 'forward' }>;

function decideTunnel(
  core: Core,
  packet: Packet,
  flow: Flow,
  tunnel: TunnelInterface,
  ingress: Ingress | null,
  trace?: Trace,
): Decision {
  if (!core.policies.has(tunnel.name)) {
    trace?.(`policy: ${tunnel.name} has none: IP-in-IP in the clear`);
    return { kind: 'encapsulate', admittedBy: null, hope: null, tunnel, policy: null };
  }
  const match = outboundMatch(core, tunnel.name, packet, flow);
  const entry = match?.entry ?? null;
  if (match !== null && isOfElsewhere(core, match, flow, ingress)) return refuseElsewhere(flow, ingress);
  trace?.(`policy of ${tunnel.name}: ${entry === null ? 'none matches: discard' : entry.policy.name}`);
  if (match === null || entry === null) {
    return refusal('policyDiscard', `${describe(flow)} matches no policy of ${tunnel.name}`, prohibited(core));
  }
  switch (entry.policy.action.kind) {
    case 'bypass':
      return { kind: 'encapsulate', admittedBy: null, hope: null, tunnel, policy: entry };
    case 'discard':
      return refusal('policyDiscard', `${describe(flow)}: discard by ${entry.policy.name}`, prohibited(core), entry);
    case 'protect': {
      const clear = (hope: Hope | null): Decision => ({
        kind: 'encapsulate',
        admittedBy: null,
        hope,
        tunnel,
        policy: entry,
      });
      return protectBySas(core, match, flow, tunnel, clear, trace);
    }
  }
}

/** Whether a packet is an ICMP error about what an SA has brought, and does not come from where that went. */
function isOfElsewhere(core: Core, match: OutboundMatch, flow: Flow, ingress: Ingress | null): boolean {
  return match.flow !== flow && ingress !== null && isBorrowed(core, match.flow, ingress);
}

function refuseElsewhere(flow: Flow, ingress: Ingress | null): Refusal {
  return refusal('policyDiscard', `${describe(flow)} from ${ingress?.interface?.name}, where its source is not`);
}

/** RFC 4301 §5.1.1 (a): where the sender is to hear of it. */
function prohibited({ reportDiscards }: Core): IcmpCause | null {
  return reportDiscards ? { kind: 'prohibited', code: ADMINISTRATIVELY_PROHIBITED, asDestination: false } : null;
}

const ADMINISTRATIVELY_PROHIBITED = 13;

/** By its SAs, or not at all; `clear`: where its level allows that. */
function protectBySas(
  core: Core,
  { entry, flow: selected }: OutboundMatch,
  flow: Flow,
  tunnel: TunnelInterface | null,
  clear: (hope: Hope | null) => Decision,
  trace?: Trace,
): Decision {
  const choice = chooseSas(core, entry, flow, tunnel, selected);
  if (choice.kind === 'missing') {
    const { name } = entry.policy;
    const detail = wantText(entry, choice.wanted, flow);
    const cause = core.reportDiscards ? ({ kind: 'neighbourUnreachable' } as const) : null;
    // For an error that goes the way of answers no SA is made, RFC 4301 §6.2.
    const sa = { policy: name, transform: choice.transform, flow: flowQuery(flow) };
    return { ...refusal('noSa', detail, cause, entry), wanted: selected === flow ? { what: choice.wanted, sa } : null };
  }
  const { layers, hopedFor } = choice;
  const isHeard = core.negotiation !== null && hopedFor !== null && selected === flow;
  const hope = isHeard
    ? {
        detail: wantText(entry, hopedFor.wanted, flow),
        sa: { policy: entry.policy.name, transform: hopedFor.transform, flow: flowQuery(flow) },
        toldAt: null,
      }
    : null;
  if (layers.length > 0) return { kind: 'protect', admittedBy: null, hope, policy: entry, layers, tunnel };
  trace?.(`SA: ${entry.policy.name} has none, and lets pass what it cannot protect`);
  return clear(hope);
}

const wantText = ({ policy }: PolicyEntry, wanted: string, flow: Flow): string =>
  `policy ${policy.name} has no outbound SA ${wanted} for ${describe(flow)}`;

function hasLinkScope(flow: Flow): boolean {
  return [flow.source, flow.destination].some(address => isLinkLocal(address) || isUnspecified(address));
}
