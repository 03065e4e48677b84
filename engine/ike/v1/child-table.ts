import type { FlowQuery, InboundName } from '../../node/node.ts';
import { octetsEqual } from '../../wire/octets.ts';
import type { ChildConfig } from '../config.ts';
import { spiOctets } from '../v2/proposals.ts';
import { areEqual, select } from '../v2/traffic-selectors.ts';
import type { ChildSa } from './child-sa.ts';
import { protocolNumber } from './ipsec-transforms.ts';
import type { EstablishedIsakmpSa } from './isakmp-sa.ts';

/** The Child SAs of an ISAKMP SA: how they are found, and put in each other's place. No function changes its argument. */

export function childById({ children }: EstablishedIsakmpSa, id: number): ChildSa | null {
  return children.find(child => child.id === id) ?? null;
}

/** By the SPI that the peer receives by: what it names in Delete. */
export function childByPeerSpi({ children }: EstablishedIsakmpSa, protocolId: number, spi: Uint8Array): ChildSa | null {
  return (
    children.find(child => octetsEqual(spiOctets(child.spiOut), spi) && protocolIdOf(child) === protocolId) ?? null
  );
}

/** One that carries this child's traffic, or that of the packet which wants it, and is to stay; null: none. */
export function childNamed(
  { children }: EstablishedIsakmpSa,
  { name }: Pick<ChildConfig, 'name'>,
  flow: FlowQuery | null = null,
): ChildSa | null {
  const isMeant = ({ local, remote }: ChildSa) =>
    flow === null || (select(local, flow, 'source') && select(remote, flow, 'destination'));
  return children.find(child => child.config.name === name && isActive(child) && isMeant(child)) ?? null;
}

/** Those for just the same traffic of the same configuration, and to stay, the oldest first. */
export function childrenFor(
  { children }: EstablishedIsakmpSa,
  { config, local, remote }: Pick<ChildSa, 'config' | 'local' | 'remote'>,
): ChildSa[] {
  return children.filter(
    child =>
      child.config.name === config.name &&
      isActive(child) &&
      areEqual(child.local, local) &&
      areEqual(child.remote, remote),
  );
}

/** In the place of the one with the same id, or last. */
export function withChild(sa: EstablishedIsakmpSa, child: ChildSa): EstablishedIsakmpSa {
  const isKnown = sa.children.some(({ id }) => id === child.id);
  const children = isKnown ? sa.children.map(one => (one.id === child.id ? child : one)) : [...sa.children, child];
  return { ...sa, children };
}

export function withoutChild(sa: EstablishedIsakmpSa, id: number): EstablishedIsakmpSa {
  return { ...sa, children: sa.children.filter(child => child.id !== id) };
}

/** For the question when the node last took a packet by one of them. */
export function inboundNames({ children }: EstablishedIsakmpSa): InboundName[] {
  return children.map(({ inbound: { spi, protocol = 'esp', destination } }) => ({ spi, protocol, destination }));
}

/** In use, and not on its way out. */
export const isActive = ({ state }: ChildSa): boolean => state === 'installed' || state === 'rekeying';

export const protocolIdOf = ({ inbound }: ChildSa): number => protocolNumber(inbound.protocol ?? 'esp');
