import type { Flow } from '../ipsec/selector.ts';
import type { Core } from './core.ts';
import { isIcmpError } from './icmp-error.ts';
import type { Packet } from './packet.ts';
import { acceptsClear, type PolicyEntry } from './policy-set.ts';
import { quotedFlow, reversed } from './quoted-flow.ts';

/** The entry that a packet leaves by. */
export interface OutboundMatch {
  readonly entry: PolicyEntry;
  /** What its SAs are chosen for: the packet's own, or the answer to the packet that an ICMP error is about. */
  readonly flow: Flow;
}

/**
 * An ICMP error that no entry of the SPD of `owner` accounts for goes by the one for the answers to the packet that it is about, RFC
 * 4301 §6.2. One that is about whatever the others leave does not: to discard the error, or to show in the clear what the packet
 * was whose answers are protected, takes an entry that names ICMP. null: no entry at all.
 */
export function outboundMatch(core: Core, owner: string | null, packet: Packet, flow: Flow): OutboundMatch | null {
  const entry = core.policies.outbound(owner, flow);
  const own = entry === null ? null : { entry, flow };
  if ((entry !== null && accountsFor(entry)) || !isIcmpError(packet)) return own;
  const quoted = quotedFlow(packet);
  if (quoted === null) return own;
  const answer = reversed(quoted);
  const other = core.policies.outbound(owner, answer);
  const isProtected =
    other?.policy.action.kind === 'protect' && !(entry?.policy.action.kind === 'bypass' && acceptsClear(other));
  return isProtected ? { entry: other, flow: answer } : own;
}

function accountsFor({ policy: { action }, usesProtocol }: PolicyEntry): boolean {
  return action.kind === 'protect' || usesProtocol;
}
