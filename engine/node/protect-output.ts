import { splitOutbound } from '../ipsec/transport-mode.ts';
import { formatAddress } from '../wire/address.ts';
import { type Core, drop, type Origin } from './core.ts';
import type { Decision } from './decision.ts';
import { finished, refuseTooBig } from './fit.ts';
import { roomInside } from './layers-size.ts';
import { isFragment, type Packet } from './packet.ts';
import { pathMtu } from './path.ts';
import { IPV6_MINIMUM_MTU } from './path-mtu.ts';
import { refuse } from './report.ts';
import { outermostDestination } from './sa-choice.ts';
import { applyLayer } from './sealing.ts';
import { countSent, innerPackets, limitedTo } from './tunnel-output.ts';
import { countOn } from './policy-set.ts';

type Protect = Extract<Decision, { kind: 'protect' }>;

/** ESP and AH around a packet, RFC 4301 §5.1 step 3a; what all of its SAs add is known before the first of them is applied. */
export function sendProtected(core: Core, packet: Packet, decision: Protect, origin: Origin, depth: number): void {
  const [first] = decision.layers;
  if (first === undefined) throw new Error(`policy ${decision.policy.policy.name} protects by no SA`);
  const destination = outermostDestination(packet, decision.layers);
  const mtu = pathMtu(core, destination, depth);
  if (mtu === null) {
    const to = first.outer === null ? 'to' : 'for the outer';
    refuse(core, packet, origin, 'noRoute', `${to} ${formatAddress(destination)}`, { kind: 'noRoute' });
  } else if (first.outer === null) {
    sendTransport(core, packet, decision, mtu, origin, depth);
  } else {
    sendTunnelled(core, packet, decision, mtu, origin, depth);
  }
}

/**
 * Transport mode, RFC 4303 §3.1.1, protects whole packets: what becomes too long is fragmented afterwards, or its sender told, as
 * the packet itself would have been.
 */
function sendTransport(
  core: Core,
  packet: Packet,
  decision: Protect,
  mtu: number,
  origin: Origin,
  depth: number,
): void {
  const { policy, layers } = decision;
  if (isFragment(packet)) {
    drop(core, 'policyDiscard', () => `a fragment, and ${policy.policy.name} is of transport mode`);
    return;
  }
  for (const octets of finished(core, packet) ?? []) {
    const split = splitOutbound(octets);
    if (split === null) {
      drop(core, 'malformed', () => 'a packet that cannot be split for transport mode');
      return;
    }
    const room = roomInside(layers, mtu, split.head.length);
    if (octets.length > room && !mayFragment(packet, octets, origin)) {
      refuseTooBig(core, packet, packet.version === 6 ? Math.max(room, IPV6_MINIMUM_MTU) : room, origin);
      return;
    }
    countOn(policy, 1, core.now);
    applyLayer(core, octets, { layers, index: 0, depth });
  }
}

function mayFragment(packet: Packet, octets: Uint8Array, origin: Origin): boolean {
  if (packet.version === 4) return !packet.dontFragment;
  return origin === 'node' || octets.length <= IPV6_MINIMUM_MTU;
}

function sendTunnelled(
  core: Core,
  packet: Packet,
  decision: Protect,
  mtu: number,
  origin: Origin,
  depth: number,
): void {
  const { policy, layers, tunnel } = decision;
  const room = limitedTo(tunnel, roomInside(layers, mtu, 0));
  const inners = innerPackets(core, packet, room, policy, origin);
  if (inners === null) return;
  countOn(policy, inners.length, core.now);
  for (const inner of inners) {
    if (tunnel !== null) countSent(tunnel, inner);
    applyLayer(core, inner, { layers, index: 0, depth });
  }
}
