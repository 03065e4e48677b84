import {
  type Address,
  addressesEqual,
  isLinkLocal,
  isLoopback,
  isMulticast,
  isUnspecified,
  parseAddress,
} from '../../wire/address.ts';
import type { NotifyPayload, Payload } from '../../wire/ike/payload.ts';
import { NotifyType } from '../../wire/ike/registry.ts';
import type { ConnectionConfig } from '../config.ts';
import type { IkeDatagram } from '../daemon.ts';
import type { IkeSa } from './ike-sa.ts';
import { type MobikeState, NO_MOBIKE, PEER_ADDRESSES_MAX } from './mobike-state.ts';
import { notifyOf, notifyPayload } from './notify.ts';
import type { World } from './step.ts';

/** Notifies of RFC 4555 §4. */

/** In IKE_AUTH, §3.2 and §3.4: `N(MOBIKE_SUPPORTED), [N(ADDITIONAL_*_ADDRESS)+]`. */
export function mobikeNotifies(
  { connection, path }: Pick<IkeSa, 'connection' | 'path'>,
  world: World,
): NotifyPayload[] {
  const others = additionalAddresses(ownAddresses(connection, world), path.local);
  return [notifyPayload(NotifyType.MOBIKE_SUPPORTED), ...others];
}

/**
 * Those of this node, text, that this connection may use: one that names some uses no others, as long as the node has any of them.
 * A node that is somewhere else by now uses what it has there.
 */
export function ownAddresses({ local }: Pick<ConnectionConfig, 'local'>, { addresses }: World): readonly string[] {
  const named = addresses.filter(address => local.includes(address));
  return named.length === 0 ? addresses : named;
}

/** What those of the peer say, in an IKE SA that both want it for. */
export function initialMobike(payloads: readonly Payload[], connection: ConnectionConfig, world: World): MobikeState {
  return { ...NO_MOBIKE, peerAddresses: listedAddresses(payloads) ?? [], told: ownAddresses(connection, world) };
}

/** `[N(ADDITIONAL_*_ADDRESS)+]`: this node's addresses (text) but the one in the IP header. */
export function additionalAddresses(addresses: readonly string[], used: Address): NotifyPayload[] {
  const others = addresses.map(parseAddress).filter(address => address !== null && !addressesEqual(address, used));
  return others
    .slice(0, PEER_ADDRESSES_MAX)
    .map(address =>
      notifyPayload(
        address?.length === 4 ? NotifyType.ADDITIONAL_IP4_ADDRESS : NotifyType.ADDITIONAL_IP6_ADDRESS,
        address ?? NOTHING,
      ),
    );
}

/** The peer's list in a message; null: it has none, and the list that is known stays. Addresses that nobody can have are left out. */
export function listedAddresses(payloads: readonly Payload[]): Address[] | null {
  const listed: Address[] = [];
  let isList = notifyOf(payloads, NotifyType.NO_ADDITIONAL_ADDRESSES) !== null;
  for (const payload of payloads) {
    if (payload.type !== 'N') continue;
    const octets =
      payload.notifyType === NotifyType.ADDITIONAL_IP4_ADDRESS
        ? 4
        : payload.notifyType === NotifyType.ADDITIONAL_IP6_ADDRESS
          ? 16
          : 0;
    if (octets === 0) continue;
    isList = true;
    const { data } = payload;
    if (data.length !== octets || !isUsable(data) || listed.some(one => addressesEqual(one, data))) continue;
    if (listed.length < PEER_ADDRESSES_MAX) listed.push(data.slice());
  }
  return isList ? listed : null;
}

/** An address that a peer may be at. */
export function isUsable(address: Address): boolean {
  return !isMulticast(address) && !isUnspecified(address) && !isLoopback(address) && !isLinkLocal(address);
}

/** NO_NATS_ALLOWED, RFC 4555 §4.2.6: source and destination address, then the ports, as the sender sees them. */
export function areNatsRefused(payloads: readonly Payload[], from: Omit<IkeDatagram, 'octets'>): boolean {
  const notify = notifyOf(payloads, NotifyType.NO_NATS_ALLOWED);
  if (notify === null) return false;
  const ports = [from.remotePort, from.localPort].flatMap(port => [port >>> 8, port & 255]);
  const seen = Uint8Array.of(...from.remote, ...from.local, ...ports);
  return Buffer.compare(seen, notify.data) !== 0;
}

/** COOKIE2 goes back as it came, RFC 4555 §4.2.5: 8 to 64 octets. */
export function returnedCookie(payloads: readonly Payload[]): NotifyPayload[] {
  const notify = notifyOf(payloads, NotifyType.COOKIE2);
  return notify === null ? [] : [notifyPayload(NotifyType.COOKIE2, notify.data)];
}

const NOTHING = new Uint8Array(0);
