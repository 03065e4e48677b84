import { type Address, addressVersion, isMulticast } from '../wire/address.ts';
import type { Core, Ingress, Origin } from './core.ts';
import { isPolicyBased } from './filter-gate.ts';
import type { NodeInterface } from './interfaces.ts';
import type { Packet } from './packet.ts';

/**
 * Whether a packet came for an address of another interface than the one that it arrived on: the strong host model does not take
 * it, RFC 1122 §3.3.4.2 (A). A packet that an SA of no tunnel brought arrived nowhere: its policy has named the address.
 */
export function isAtWrongInterface(core: Core, destination: Address, ingress: Ingress): boolean {
  const { interface: arrival } = ingress;
  if (core.hostModel[addressVersion(destination)] === 'weak' || arrival === null || isPolicyBased(ingress))
    return false;
  return core.addresses.owns(destination) && !core.addresses.ownedBy(arrival, destination);
}

/** The same for what the node or its host sends: only by the interface that has its source, RFC 1122 §3.3.4.2 (B). */
export function leavesByWrongInterface(core: Core, packet: Packet, exit: NodeInterface, origin: Origin): boolean {
  if (core.hostModel[packet.version] === 'weak' || (origin !== 'above' && origin !== 'node')) return false;
  if (isMulticast(packet.destination)) return false;
  return core.addresses.owns(packet.source) && !core.addresses.ownedBy(exit, packet.source);
}
