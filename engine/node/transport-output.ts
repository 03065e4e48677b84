import { espOctets, largestPayload } from '../ipsec/esp-size.ts';
import type { EspOutboundSa } from '../ipsec/sa.ts';
import { splitOutbound, type TransportSplit } from '../ipsec/transport-mode.ts';
import { addressesEqual, formatAddress } from '../wire/address.ts';
import { type Core, drop, type Origin } from './core.ts';
import { finished, refuseTooBig } from './fit.ts';
import { isFragment, type Packet } from './packet.ts';
import { pathMtu } from './path.ts';
import { IPV6_MINIMUM_MTU } from './path-mtu.ts';
import type { PolicyEntry } from './policy-set.ts';
import { refuse } from './report.ts';

/**
 * ESP in transport mode, RFC 4303 §3.1.1, between the SA's own two addresses. It protects whole packets: what becomes too
 * long is fragmented afterwards, or its sender told, as the packet itself would have been.
 */
export function sendTransport(core: Core, packet: Packet, policy: PolicyEntry, origin: Origin, depth: number): void {
  const sa = core.sad.outbound(policy.policy.name);
  const serves =
    sa !== null && addressesEqual(sa.source, packet.source) && addressesEqual(sa.destination, packet.destination);
  if (!serves) {
    const ends = `${formatAddress(packet.source)} > ${formatAddress(packet.destination)}`;
    drop(core, 'noSa', () => `policy ${policy.policy.name} has no outbound SA for ${ends}`);
    return;
  }
  if (isFragment(packet)) {
    drop(core, 'policyDiscard', () => `a fragment, and ${policy.policy.name} is of transport mode`);
    return;
  }
  const mtu = pathMtu(core, packet.destination, depth);
  if (mtu === null) {
    refuse(core, packet, origin, 'noRoute', `to ${formatAddress(packet.destination)}`, { kind: 'noRoute' });
    return;
  }
  for (const octets of finished(core, packet) ?? []) {
    const split = splitOutbound(octets);
    if (split === null) {
      drop(core, 'malformed', () => 'a packet that cannot be split for transport mode');
      return;
    }
    const room = roomFor(split, sa, mtu);
    if (octets.length > room && !mayFragment(packet, octets, origin)) {
      refuseTooBig(core, packet, packet.version === 6 ? Math.max(room, IPV6_MINIMUM_MTU) : room, origin);
      return;
    }
    policy.packets++;
    core.seals.push({
      job: { sa, nextHeader: split.nextHeader, payload: split.payload },
      wrap: { kind: 'transport', split, depth },
    });
  }
}

/** The longest packet with these headers that leaves in one piece. */
function roomFor({ head, payload }: TransportSplit, sa: EspOutboundSa, mtu: number): number {
  const fits = head.length + espOctets(sa.suite, payload.length) <= mtu;
  return fits ? head.length + payload.length : head.length + largestPayload(sa.suite, mtu - head.length);
}

function mayFragment(packet: Packet, octets: Uint8Array, origin: Origin): boolean {
  if (packet.version === 4) return !packet.dontFragment;
  return origin === 'node' || octets.length <= IPV6_MINIMUM_MTU;
}
