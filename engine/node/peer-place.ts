import type { InboundSa, OutboundSa } from '../ipsec/sa.ts';
import { type Address, addressesEqual, formatAddress } from '../wire/address.ts';
import type { Core } from './core.ts';
import { nameOf } from './sa-commands.ts';

/**
 * An authentic packet came in UDP from a new place: behind a NAT the peer's mapping has changed, and what goes to it follows,
 * RFC 7296 §2.23. The newest packet alone counts: an older one that was held up, or held back, does not lead back. Of all SAs
 * between the same two ends those move that went to the same place; there may be others behind that NAT.
 */
export function followPeer(core: Core, sa: InboundSa, source: Address, port: number, sequence: bigint): void {
  const { encapsulation } = sa;
  if (encapsulation === null || !encapsulation.followsPeer || sequence < sa.window.top) return;
  const { remoteAddress: oldAddress, remotePort: oldPort, localPort } = encapsulation;
  if (oldPort === port && addressesEqual(oldAddress, source)) return;
  const place = source.slice();
  for (const other of core.sad.all()) {
    const itsPlace = other.encapsulation;
    if (itsPlace === null || !itsPlace.followsPeer || !isBetweenSameEnds(other, sa)) continue;
    if (itsPlace.localPort !== localPort || itsPlace.remotePort !== oldPort) continue;
    if (!addressesEqual(itsPlace.remoteAddress, oldAddress)) continue;
    itsPlace.remoteAddress = place;
    itsPlace.remotePort = port;
  }
  const [from, to] = [formatAddress(oldAddress), formatAddress(source)];
  core.audit.noteRarely(
    'peerMoved',
    core.now,
    () => `SPI ${sa.spi}: from ${from} port ${oldPort} to ${to} port ${port}`,
    () => ({ sa: nameOf(sa), place: { address: to, port } }),
  );
}

function isBetweenSameEnds(other: InboundSa | OutboundSa, { source, destination }: InboundSa): boolean {
  const [from, to] = other.direction === 'inbound' ? [source, destination] : [destination, source];
  return addressesEqual(other.source, from) && addressesEqual(other.destination, to);
}
