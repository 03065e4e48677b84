import { addressesEqual } from '../../wire/address.ts';
import type { SecurityProtocol } from '../../ipsec/sa.ts';
import type { EstablishedIsakmpSa } from './isakmp-sa.ts';
import type { World } from './step.ts';

/**
 * Whether the peer has named this SPI before, for what it still receives by: an SA is one by SPI, destination and protocol
 * (RFC 4301 §4.1), and two of them would be one with two keys.
 */
export function isPeerSpiInUse(
  sa: EstablishedIsakmpSa,
  protocol: SecurityProtocol,
  spi: number,
  { sas }: Pick<World, 'sas'>,
): boolean {
  const isIt = (one: EstablishedIsakmpSa) =>
    one.children.some(({ outbound, spiOut }) => spiOut === spi && outbound.protocol === protocol);
  if (isIt(sa)) return true;
  for (const other of sas) {
    const isOther = other.id !== sa.id && other.kind === 'established';
    if (isOther && addressesEqual(other.path.remote, sa.path.remote) && isIt(other)) return true;
  }
  return false;
}
