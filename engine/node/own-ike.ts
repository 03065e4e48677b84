import { IpProtocol } from '../wire/ip-protocol.ts';
import { u16At } from '../wire/octets.ts';
import { UDP_HEADER_OCTETS } from '../wire/udp.ts';
import type { Admission } from './admission.ts';
import type { Core } from './core.ts';
import { type Decision, decideSending } from './decision.ts';
import type { NodeInterface } from './interfaces.ts';
import { isFragment, type Packet } from './packet.ts';
import type { Trace } from './refusal.ts';

/**
 * The node's own IKE: what makes the SAs cannot wait for them. It passes as if each SPD had a BYPASS entry for it in front of its
 * PROTECT entries (RFC 4301 §4.4.1 wants one); an entry that says DISCARD or BYPASS of it stands.
 */

/** Whether the host above sends this from one of the ports on which the node negotiates. */
export function isSentByIke(core: Core, packet: Packet): boolean {
  return core.negotiation !== null && core.addresses.owns(packet.source) && hasPort(core, packet, 0);
}

/** Never cached: a flow may be known by its addresses alone. */
export function decideIke(core: Core, packet: Packet, zone: NodeInterface | null, trace?: Trace): Decision {
  const decision = decideSending(core, packet, false, zone, trace);
  const isBarred =
    decision.kind === 'protect' ||
    (decision.kind === 'drop' && (decision.wanted !== null || isForWantOfBypass(decision)));
  if (!isBarred) return decision;
  trace?.('IKE of this node itself: it passes past the SPD');
  return decideSending(core, packet, true, zone, trace);
}

/** Whether what the SPD refused is for the daemon, and refused only because nobody has thought of IKE. */
export function isIkeForUs(core: Core, packet: Packet, refused: Admission): boolean {
  return core.negotiation !== null && hasPort(core, packet, 2) && isForWantOfBypass(refused);
}

function isForWantOfBypass(refused: Decision | Admission): boolean {
  if (refused.kind !== 'drop' || refused.reason !== 'policyDiscard') return false;
  return refused.policy === null || refused.policy.policy.action.kind === 'protect';
}

function hasPort({ negotiation }: Core, packet: Packet, at: 0 | 2): boolean {
  const { octets, upperOffset, protocol } = packet;
  if (protocol !== IpProtocol.UDP || isFragment(packet) || octets.length < upperOffset + UDP_HEADER_OCTETS)
    return false;
  return negotiation?.ports.includes(u16At(octets, upperOffset + at)) === true;
}
