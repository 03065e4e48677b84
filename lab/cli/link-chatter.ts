import { dissect } from '../../engine/wire/dissect.ts';

/** ICMPv6 types: multicast listeners (RFC 2710, RFC 3810), routers and neighbours (RFC 4861). */
const CHATTER = new Set([130, 131, 132, 133, 134, 135, 136, 137, 143]);
const IGMP = 2;

/**
 * Whether a frame is neighbours finding each other (ARP, neighbour discovery) or telling what they listen to: it goes no
 * further than the link, passes no policy, and buries what one came to see.
 */
export function isLinkChatter(frame: Uint8Array): boolean {
  const { layers } = dissect(frame);
  const [first, second] = layers.filter(layer => layer.kind !== 'ethernet' && layer.kind !== 'vlan');
  if (first?.kind === 'arp') return true;
  if (first?.kind === 'ipv4') return first.protocol === IGMP;
  return first?.kind === 'ipv6' && second?.kind === 'icmpv6' && CHATTER.has(second.type);
}
