import type { SaEnds } from '../ipsec/outbound-table.ts';
import type { OutboundSa } from '../ipsec/sa.ts';
import type { Flow } from '../ipsec/selector.ts';
import { type Address, formatAddress } from '../wire/address.ts';
import type { Core } from './core.ts';
import type { TunnelInterface } from './interfaces.ts';
import type { PolicyEntry, PolicyLayer } from './policy-set.ts';

/** One SA around a packet. */
export interface Layer {
  readonly sa: OutboundSa;
  /** Of the IP header that it adds; null: none, the SA protects what is behind the packet's own. */
  readonly outer: SaEnds | null;
}

export type Choice =
  /** Innermost first; none where all are of level `use` and there is no SA: the packet goes in the clear. */
  | { readonly kind: 'layers'; readonly layers: readonly Layer[]; readonly hopedFor: Missing | null }
  /** What the SA would be that a transform of level `require` has not. */
  | ({ readonly kind: 'missing' } & Missing);

/** An SA that a transform has not: the first such one of a policy. Of level `use` it is only hoped for. */
interface Missing {
  readonly wanted: string;
  readonly transform: number;
}

/** The outer addresses of a packet in tunnel mode: behind a NAT the peer is where it was last seen. null in transport mode. */
export function endsOf({ sa, outer }: Layer): SaEnds | null {
  if (outer === null || sa.encapsulation === null) return outer;
  return { source: outer.source, destination: sa.encapsulation.remoteAddress };
}

/** Where the packet goes that all these SAs make. */
export function outermostDestination(packet: { readonly destination: Address }, layers: readonly Layer[]): Address {
  const outermost = layers.findLast(({ outer }) => outer !== null);
  const ends = outermost === undefined ? null : endsOf(outermost);
  return ends === null ? packet.destination : ends.destination;
}

/**
 * The SAs by which a policy protects the packets of a flow, RFC 4301 §5.1 step 3a. `tunnel` is the interface that the policy
 * is of. There transport mode alone means IP-in-IP between its ends, which is protected then: the octets of tunnel mode. A
 * flow of null stands for whichever, when only sizes matter; `selected` is what the SAs have to be for, where that is not the flow
 * of the packet itself.
 */
export function chooseSas(
  core: Core,
  entry: PolicyEntry,
  flow: Flow | null,
  tunnel: TunnelInterface | null,
  selected: Flow | null = flow,
): Choice {
  const isIpInIp = tunnel !== null && entry.layers.every(({ transform }) => transform.mode === 'transport');
  const around: SaEnds | null = isIpInIp ? { source: tunnel.local, destination: tunnel.remote } : null;
  const layers: Layer[] = [];
  let own: SaEnds | null = around ?? flow;
  let hopedFor: Missing | null = null;
  for (const [index, { transform, ends }] of entry.layers.entries()) {
    const between = transform.mode === 'transport' ? own : ends;
    const sa = core.sad.outbound(entry.policy, index, between, selected);
    if (sa !== null) {
      const outer = transform.mode === 'tunnel' ? outerOf(sa, ends) : layers.length === 0 ? around : null;
      layers.push({ sa, outer });
      own = outer ?? own;
    } else {
      const missing = { wanted: describeWanted(transform, between), transform: index };
      if (transform.level === 'require') return { kind: 'missing', ...missing };
      hopedFor ??= missing;
    }
  }
  return { kind: 'layers', layers, hopedFor };
}

function describeWanted({ protocol, mode, requestId }: PolicyLayer['transform'], between: SaEnds | null): string {
  const which = requestId === null ? '' : ` number ${requestId}`;
  return `${protocol} ${mode}${which} ${describeEnds(between)}`;
}

/** An SA of the policy's own knows where it leads: its ends may have moved. */
function outerOf(sa: OutboundSa, ends: SaEnds | null): SaEnds {
  return sa.policy === null ? (ends ?? sa) : sa;
}

function describeEnds(ends: SaEnds | null): string {
  return ends === null ? 'to any peer' : `${formatAddress(ends.source)} > ${formatAddress(ends.destination)}`;
}
