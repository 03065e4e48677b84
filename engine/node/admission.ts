import type { Flow } from '../ipsec/selector.ts';
import { formatAddress, isLinkLocal, isLoopback, isMulticast, isBroadcast, isUnspecified } from '../wire/address.ts';
import { IpProtocol } from '../wire/ip-protocol.ts';
import type { Core, Ingress } from './core.ts';
import { isIcmpError } from './icmp-error.ts';
import type { NodeInterface } from './interfaces.ts';
import type { Packet } from './packet.ts';
import { quotedFlow } from './quoted-flow.ts';
import { describe, type Refusal, refusal, type Trace } from './refusal.ts';

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

/** `isSatisfied`: an inbound policy let the packet in, so that forwarding it needs no entry of its own. */
export type Admission = { readonly kind: 'admit'; readonly isSatisfied: boolean } | Refusal;

/**
 * Inbound policy, RFC 4301 §5.2. What an SA brought must be what the SA is for. What came in the clear must not be what a
 * policy protects: neither the SPD of the tunnel that it came out of, nor of the tunnel that leads back to its source, nor
 * the node's own. Nor may it be an ICMP error about what a policy protects: the news of that come by an SA (§6.2).
 */
export function admit(core: Core, packet: Packet, flow: Flow, ingress: Ingress, trace?: Trace): Admission {
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

/**
 * Whether a packet came in the clear over another interface than the one that leads to its source, if any does. Such a packet is not
 * given the protection that is meant for that source: our SA would vouch for it to the far end. Others are forwarded:
 * asymmetric routes are not wrong in themselves (RFC 3704 §2.4).
 */
export function isBorrowed(core: Core, { source }: Flow, ingress: Ingress): boolean {
  return ingress.sa === null && core.routes.lookup(source)?.interface !== ingress.interface;
}

/** Whether the packet that an ICMP error is about would not have left in the clear, or cannot be made out. */
function quotesProtected(core: Core, packet: Packet): boolean {
  const { policies } = core;
  if (policies.entries.length === 0) return false;
  const flow = quotedFlow(packet);
  if (flow === null) return true;
  const exit = core.routes.lookup(flow.destination)?.interface;
  const spd = exit?.kind === 'tunnel' && policies.has(exit.name) ? exit.name : null;
  if (!policies.has(spd)) return false;
  if (policies.usePorts && flow.sourcePort === null && hasPorts(flow)) return true;
  const action = policies.outbound(spd, flow)?.policy.action.kind;
  return spd === null ? action === 'protect' : action !== 'bypass';
}

function hasPorts({ protocol }: Flow): boolean {
  return protocol === IpProtocol.TCP || protocol === IpProtocol.UDP;
}

/** The tunnels with an SPD that a clear packet has to answer to. */
function clearTunnelSpds(core: Core, flow: Flow, arrival: NodeInterface): string[] {
  const names: string[] = [];
  if (arrival.kind === 'tunnel') names.push(arrival.name);
  // IPv6 link-local addresses are each link's own; those of IPv4 are routed like others (tunnels are numbered with them).
  const isRouted = !isMulticast(flow.source) && !(flow.source.length === 16 && isLinkLocal(flow.source));
  const back = isRouted ? core.routes.lookup(flow.source)?.interface : null;
  if (back?.kind === 'tunnel' && back !== arrival) names.push(back.name);
  return names.filter(name => core.policies.has(name));
}
