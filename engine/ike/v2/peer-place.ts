import { type Address, addressesEqual } from '../../wire/address.ts';
import type { IkeSa, KeyedIkeSa } from './ike-sa.ts';
import { isAuthenticated } from './ike-sa.ts';

/**
 * Whether this end goes where authentic messages of the peer come from, RFC 7296 §2.23: the peer is behind a NAT, which may
 * change its mind, and this node is not. With MOBIKE the peer says where it is (RFC 4555 §3.8).
 */
export function followsPeer(sa: KeyedIkeSa): boolean {
  return isAuthenticated(sa) && sa.path.isRemoteNatted && !sa.path.isLocalNatted && !sa.extensions.has('mobike');
}

/** ESP of the peer came from a new place: its NAT has forgotten it, and IKE goes there as well. The node has moved its SAs. */
export function movedPeer(sa: IkeSa, spi: number, place: { readonly address: Address; readonly port: number }): IkeSa {
  if (!isAuthenticated(sa) || !followsPeer(sa)) return sa;
  if (![...sa.children, ...sa.lingering].some(({ inbound }) => inbound.spi === spi)) return sa;
  const { remote, remotePort } = sa.path;
  if (addressesEqual(remote, place.address) && remotePort === place.port) return sa;
  return { ...sa, path: { ...sa.path, remote: place.address, remotePort: place.port } };
}
