import { type Address, isMulticast } from '../wire/address.ts';
import { type Core, drop, type Originated } from './core.ts';
import type { LocalPacket } from './node.ts';
import { sendOriginated } from './output.ts';
import { isFragment, parsePacket } from './packet.ts';
import { reassemble } from './reassemble.ts';

/**
 * A packet from the host stack above. Where the node has an SPD, or any looks at ports, fragments are put together first:
 * transport mode protects whole packets (RFC 4303 §3.3.4), and ports are in the first fragment alone. What has become whole
 * may be cut again.
 */
export function takeFromAbove(core: Core, { octets, offload }: LocalPacket): void {
  const packet = parsePacket(octets, offload);
  if (typeof packet === 'string') {
    drop(core, 'malformed', () => `${packet}, from above`);
    return;
  }
  // A kernel's chatter with the neighbours that it does not have: the links are the node's (MLD, router solicitations).
  if (isForOwnLink(packet.destination)) return;
  if (isMulticast(packet.destination) && core.routes.lookup(packet.destination) === null) return;
  const fromAbove: Originated = {
    octets: packet.octets,
    offload,
    origin: 'above',
    depth: 0,
    isProtected: false,
    zone: null,
  };
  if (!isFragment(packet) || !(core.policies.actOnLinks || core.policies.needWhole(packet.version))) {
    sendOriginated(core, fromAbove);
    return;
  }
  const whole = reassemble(core, packet, { name: 'above', origin: 'node' });
  if (whole !== null) sendOriginated(core, { ...fromAbove, octets: whole.octets, offload: null, origin: 'node' });
}

/** Groups of the link itself, 224.0.0.0/24 and ff02::/16: no route leads to them. */
function isForOwnLink(destination: Address): boolean {
  const [a, b, c] = destination;
  return destination.length === 4 ? a === 224 && b === 0 && c === 0 : a === 0xff && b === 2;
}
