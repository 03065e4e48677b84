import type { NodeCommand } from '../../node/node.ts';
import { octetsEqual } from '../../wire/octets.ts';
import type { ConnectionConfig } from '../config.ts';
import { freeAddress } from '../v2/address-pool.ts';
import { isAsker, isGiver } from '../v2/child-place.ts';
import { addAddress, removeAddress } from '../v2/virtual-addresses.ts';
import type { EstablishedIsakmpSa, IsakmpSa } from './isakmp-sa.ts';
import type { Effect, World } from './step.ts';

/** Addresses on the network behind the peer, draft-dukes-ike-mode-cfg-02: what ISAKMP SAs hold, and nothing else holds any. */

/** For the peer of an ISAKMP SA, of each family that it asks for; none where its pools have none left. */
export function assignAddresses(
  sa: EstablishedIsakmpSa,
  asked: readonly { readonly family: 4 | 6; readonly wanted: string | null }[],
  world: World,
): string[] {
  const pools = world.config.pools.filter(({ name }) => sa.connection.pools.includes(name));
  const held = addressesHeld(sa, world);
  const addresses: string[] = [];
  for (const { family, wanted } of asked.slice(0, ADDRESSES_MAX)) {
    // What an older ISAKMP SA of the same peer holds is still its own, whether it asks for it or not.
    const own = [...held.byPeer].find(address => isOf(family, address) && !addresses.includes(address)) ?? null;
    const isHeld = (address: string) =>
      held.byOthers.has(address) || addresses.includes(address) || (held.byPeer.has(address) && address !== own);
    const address = freeAddress(pools, family, wanted ?? own, isHeld);
    if (address !== null) addresses.push(address);
  }
  return addresses;
}

/** What this node was given by the peer of a connection, and holds. */
export function addressesHere({ name }: ConnectionConfig, world: World): string[] {
  return [...new Set([...world.sas].filter(isEstablished).flatMap(addressesOf(name)))];
}

/** This node has been given these: commands and events. `held` are on its interface already. */
export function takeAddresses(
  connection: ConnectionConfig,
  addresses: readonly string[],
  besides: string,
  held: readonly string[],
): Effect[] {
  const added = addresses.filter(address => !held.includes(address));
  const detail = besides === '' ? addresses.join(', ') : `${addresses.join(', ')}; ${besides}`;
  return [
    ...added.map((address): Effect => commandEffect(addAddress(connection, address))),
    { kind: 'event', event: { kind: 'addressAssigned', connection: connection.name, detail } },
  ];
}

/** What the end of an ISAKMP SA gives back; not what another of the same connection has by now. */
export function releaseAddresses(sa: EstablishedIsakmpSa, world: World): Effect[] {
  const { connection } = sa;
  const others = new Set(
    [...world.sas]
      .filter(isEstablished)
      .filter(({ id }) => id !== sa.id)
      .flatMap(addressesOf(connection.name)),
  );
  const gone = sa.virtualAddresses.filter(address => !others.has(address));
  if (gone.length === 0) return [];
  const commands = isAsker(connection) ? gone.map(address => removeAddress(connection, address)) : [];
  return [
    ...commands.map(commandEffect),
    { kind: 'event', event: { kind: 'addressReleased', connection: connection.name, detail: gone.join(', ') } },
  ];
}

/** As many as anybody has a use for. */
const ADDRESSES_MAX = 8;

function addressesHeld(peer: EstablishedIsakmpSa, world: World) {
  const held = { byPeer: new Set<string>(), byOthers: new Set<string>() };
  for (const sa of world.sas) {
    if (!isEstablished(sa) || !isGiver(sa.connection)) continue;
    const isSamePeer = sa.connection.name === peer.connection.name && isSameIdentity(sa, peer);
    for (const address of sa.virtualAddresses) (isSamePeer ? held.byPeer : held.byOthers).add(address);
  }
  return held;
}

/** One group may have one name and many members: the user counts, or else where it calls from. */
function isSameIdentity(a: EstablishedIsakmpSa, b: EstablishedIsakmpSa): boolean {
  return (
    a.user === b.user &&
    (a.user !== null || octetsEqual(a.path.remote, b.path.remote)) &&
    a.remoteIdentity.idType === b.remoteIdentity.idType &&
    octetsEqual(a.remoteIdentity.data, b.remoteIdentity.data)
  );
}

const isEstablished = (sa: IsakmpSa): sa is EstablishedIsakmpSa => sa.kind === 'established';
const addressesOf =
  (name: string) =>
  ({ connection, virtualAddresses }: EstablishedIsakmpSa): readonly string[] =>
    connection.name === name ? virtualAddresses : [];
const isOf = (family: 4 | 6, address: string): boolean => address.includes(':') === (family === 6);
const commandEffect = (command: NodeCommand): Effect => ({ kind: 'command', command });
