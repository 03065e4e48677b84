import type { FlowQuery } from '../../node/node.ts';
import type { SecurityProtocol } from '../../ipsec/sa.ts';
import { ProtocolId } from '../../wire/ike/registry.ts';
import type { ChildConfig } from '../config.ts';
import type { ChildSa } from './child-sa.ts';
import type { AuthenticatedIkeSa } from './ike-sa.ts';
import { select } from './traffic-selectors.ts';

/** The Child SAs of an IKE SA: how they are found, and put in each other's place. No function changes its argument. */

export function childById(sa: AuthenticatedIkeSa, id: number): ChildSa | null {
  return sa.children.find(child => child.id === id) ?? null;
}

/** By the SPI that the peer receives by: what it names in REKEY_SA and Delete. `protocolId` is that of the payload. */
export function childByPeerSpi(sa: AuthenticatedIkeSa, protocolId: number, spi: number): ChildSa | null {
  return sa.children.find(child => child.spiOut === spi && protocolIdOf(protocolOf(child)) === protocolId) ?? null;
}

/** One that carries this child's traffic, or that of the packet which wants it, and is to stay; null: none. */
export function childNamed(
  sa: AuthenticatedIkeSa,
  { name }: Pick<ChildConfig, 'name'>,
  flow: FlowQuery | null = null,
): ChildSa | null {
  const isMeant = ({ config, state, local, remote }: ChildSa) =>
    config.name === name &&
    (state === 'installed' || state === 'rekeying') &&
    (flow === null || (select(local, flow, 'source') && select(remote, flow, 'destination')));
  return sa.children.find(isMeant) ?? null;
}

/** Those that took the place of this one; two of them after a collision, RFC 7296 §2.8.1. */
export function successorsOf(sa: AuthenticatedIkeSa, id: number): ChildSa[] {
  return sa.children.filter(({ origin }) => origin.replaces === id);
}

/** In the place of the one with the same id, or last. */
export function withChild<Sa extends AuthenticatedIkeSa>(sa: Sa, child: ChildSa): Sa {
  const isKnown = sa.children.some(({ id }) => id === child.id);
  const children = isKnown ? sa.children.map(one => (one.id === child.id ? child : one)) : [...sa.children, child];
  return { ...sa, children };
}

export function withoutChild<Sa extends AuthenticatedIkeSa>(sa: Sa, id: number): Sa {
  return { ...sa, children: sa.children.filter(child => child.id !== id) };
}

export const protocolOf = ({ inbound }: ChildSa): SecurityProtocol => inbound.protocol ?? 'esp';
export const protocolIdOf = (protocol: SecurityProtocol): number =>
  protocol === 'ah' ? ProtocolId.AH : ProtocolId.ESP;
