import { type Flow, flowOf } from '../ipsec/selector.ts';
import { type Address, formatAddress, isLinkLocal, isUnspecified } from '../wire/address.ts';
import { type Admission, admit, isBorrowed, linkOwner, martianReason } from './admission.ts';
import type { Core, FrameOrigin, Ingress } from './core.ts';
import type { EthernetInterface, NodeInterface, TunnelInterface } from './interfaces.ts';
import { type IcmpCause, isIcmpError } from './icmp-error.ts';
import { routeTowards } from './link-scope.ts';
import type { Neighbour } from './neighbour-cache.ts';
import type { Packet } from './packet.ts';
import type { PolicyEntry } from './policy-set.ts';
import { quotedFlow, reversed } from './quoted-flow.ts';
import { describe, type Refusal, refusal, type Trace } from './refusal.ts';
import { describeRoute } from './route-table.ts';
import { chooseSas, type Layer } from './sa-choice.ts';
import { hasArrived } from './sides.ts';

/** What becomes of the packets of a flow that are not for the node itself; cached by flow. */
export type Decision = Way | Refusal;

type Way = { readonly admittedBy: AdmittedBy } & (
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
  const leaving = { letIn: admission.isSatisfied ? ingress : null, isProtected: false, zone: null };
  const decision = decideExit(core, packet, flow, leaving, trace);
  const wantsSa = decision.kind === 'protect' || (decision.kind === 'drop' && decision.wanted !== null);
  if (wantsSa && isBorrowed(core, flow, ingress))
    return refusal('policyDiscard', `${describe(flow)} from ${ingress.interface?.name}, where its source is not`);
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
  return decideExit(core, packet, flow, { letIn: null, isProtected, zone }, trace);
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

interface Leaving {
  /** How it came, if a policy has let it in; null: none has. */
  readonly letIn: Ingress | null;
  /** It is the node's own ESP. */
  readonly isProtected: boolean;
  readonly zone: NodeInterface | null;
}

function decideExit(core: Core, packet: Packet, flow: Flow, leaving: Leaving, trace?: Trace): Decision {
  const { letIn, isProtected, zone } = leaving;
  const route = routeTowards(core, flow.destination, flow.source, zone);
  if (route === null) {
    trace?.('route: none');
    return refusal('noRoute', `to ${formatAddress(flow.destination)}`, { kind: 'noRoute' });
  }
  trace?.(`route: ${describeRoute(route)}`);
  const exit = route.interface;
  if (exit.kind === 'tunnel') return decideTunnel(core, packet, flow, exit, trace);
  const forward: Forward = {
    kind: 'forward',
    admittedBy: null,
    exit,
    nextHop: route.via,
    policy: null,
    isOuter: isProtected,
    neighbour: null,
  };
  const owner = core.policies.ownerFor(exit);
  if (isProtected || !core.policies.has(owner)) return forward;
  const entry = outboundEntry(core, owner, packet, flow);
  if (entry === null) {
    if (letIn !== null) return forward;
    trace?.('policy: none matches, and the node has policies: discard');
    return refusal('policyDiscard', `${describe(flow)} matches no policy`, prohibited(core));
  }
  if (letIn !== null && hasArrived(core, entry, flow, letIn, exit)) {
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
      return protectBySas(core, entry, flow, null, trace) ?? { ...forward, policy: entry };
  }
}

type Forward = Extract<Decision, { kind: 'forward' }>;

function decideTunnel(core: Core, packet: Packet, flow: Flow, tunnel: TunnelInterface, trace?: Trace): Decision {
  if (!core.policies.has(tunnel.name)) {
    trace?.(`policy: ${tunnel.name} has none: IP-in-IP in the clear`);
    return { kind: 'encapsulate', admittedBy: null, tunnel, policy: null };
  }
  const entry = outboundEntry(core, tunnel.name, packet, flow);
  trace?.(`policy of ${tunnel.name}: ${entry === null ? 'none matches: discard' : entry.policy.name}`);
  if (entry === null) {
    return refusal('policyDiscard', `${describe(flow)} matches no policy of ${tunnel.name}`, prohibited(core));
  }
  switch (entry.policy.action.kind) {
    case 'bypass':
      return { kind: 'encapsulate', admittedBy: null, tunnel, policy: entry };
    case 'discard':
      return refusal('policyDiscard', `${describe(flow)}: discard by ${entry.policy.name}`, prohibited(core), entry);
    case 'protect':
      return (
        protectBySas(core, entry, flow, tunnel, trace) ?? {
          kind: 'encapsulate',
          admittedBy: null,
          tunnel,
          policy: entry,
        }
      );
  }
}

/** RFC 4301 §5.1.1 (a): where the sender is to hear of it. */
function prohibited({ reportDiscards }: Core): IcmpCause | null {
  return reportDiscards ? { kind: 'prohibited', code: ADMINISTRATIVELY_PROHIBITED, asDestination: false } : null;
}

const ADMINISTRATIVELY_PROHIBITED = 13;

/**
 * The entry that a packet leaves by. An ICMP error that no entry is for goes by the one for the answers to the packet that it
 * is about, RFC 4301 §6.2; an entry that discards whatever the others leave is none, one that names ICMP is.
 */
function outboundEntry(core: Core, owner: string | null, packet: Packet, flow: Flow): PolicyEntry | null {
  const entry = core.policies.outbound(owner, flow);
  const isUnaccounted = entry === null || (entry.policy.action.kind === 'discard' && !entry.usesProtocol);
  if (!isUnaccounted || !isIcmpError(packet)) return entry;
  const quoted = quotedFlow(packet);
  const other = quoted === null ? null : core.policies.outbound(owner, reversed(quoted));
  return other?.policy.action.kind === 'protect' ? other : entry;
}

/** By its SAs, or not at all; null: in the clear, which its level allows. */
function protectBySas(
  core: Core,
  entry: PolicyEntry,
  flow: Flow,
  tunnel: TunnelInterface | null,
  trace?: Trace,
): Decision | null {
  const choice = chooseSas(core, entry, flow, tunnel);
  if (choice.kind === 'missing') {
    const { name } = entry.policy;
    const detail = `policy ${name} has no outbound SA ${choice.wanted} for ${describe(flow)}`;
    const cause = core.reportDiscards ? ({ kind: 'neighbourUnreachable' } as const) : null;
    return { ...refusal('noSa', detail, cause, entry), wanted: choice.wanted };
  }
  if (choice.layers.length > 0)
    return { kind: 'protect', admittedBy: null, policy: entry, layers: choice.layers, tunnel };
  trace?.(`SA: ${entry.policy.name} has none, and lets pass what it cannot protect`);
  return null;
}

function hasLinkScope(flow: Flow): boolean {
  return [flow.source, flow.destination].some(address => isLinkLocal(address) || isUnspecified(address));
}
