import type { NodeCommand } from '../../node/node.ts';
import type { ConfigurationPayload, IdPayload, Payload } from '../../wire/ike/payload.ts';
import { CfgType, NotifyType } from '../../wire/ike/registry.ts';
import { octetsEqual } from '../../wire/octets.ts';
import type { ConnectionConfig } from '../config.ts';
import type { ProtocolError } from '../protocol-error.ts';
import { freeAddress } from './address-pool.ts';
import { isAsker, isGiver } from './child-place.ts';
import { configurationReply, configurationRequest, EMPTY_ACK, givenIn, requestedIn } from './configuration.ts';
import { payloadOf } from './exchange-table.ts';
import { type AuthenticatedIkeSa, isAuthenticated, isProven } from './ike-sa.ts';
import type { Effect, World } from './step.ts';

/**
 * Addresses on the network behind the peer, RFC 7296 §2.19. In IKE_AUTH the initiator puts the payload of `requestConfiguration`
 * in front of SA; the responder answers by `assignAddresses`, the initiator takes the answer by `takeAddresses`.
 */

/** null: nothing is asked for. `held` are the addresses that this node had of the peer until now, and would keep. */
export function requestConfiguration(
  connection: ConnectionConfig,
  held: readonly string[],
): ConfigurationPayload | null {
  if (!isAsker(connection)) return null;
  return configurationRequest(connection.requestAddresses.map(address => heldInstead(address, held)));
}

export type Assignment =
  /** `reply` goes in front of SA; null: nobody has asked. */
  | { readonly kind: 'assigned'; readonly addresses: readonly string[]; readonly reply: ConfigurationPayload | null }
  /** No Child SA comes of it, and this is why; the IKE SA lives (§3.15.4). */
  | { readonly kind: 'refused'; readonly error: ProtocolError };

/** The responder's part. An address that another IKE SA of the same peer holds goes over to its successor. */
export function assignAddresses(peer: Holder, payloads: readonly Payload[], world: World): Assignment {
  const { connection } = peer;
  const request = payloadOf(payloads, 'CP');
  if (request?.cfgType === CfgType.CFG_SET) return { kind: 'assigned', addresses: [], reply: EMPTY_ACK };
  const isRequest = request?.cfgType === CfgType.CFG_REQUEST;
  if (!isGiver(connection)) return { kind: 'assigned', addresses: [], reply: null };
  if (request === null || !isRequest) return refused(NotifyType.FAILED_CP_REQUIRED);
  const pools = world.config.pools.filter(({ name }) => connection.pools.includes(name));
  const held = addressesHeld(world, peer);
  const addresses: string[] = [];
  for (const { family, wanted } of requestedIn(request).addresses.slice(0, ADDRESSES_MAX)) {
    // What the peer holds already is its own only if it says so: it may be another one under the same name.
    const isHeld = (address: string) =>
      held.byOthers.has(address) || addresses.includes(address) || (address !== wanted && held.byPeer.has(address));
    const address = freeAddress(pools, family, wanted, isHeld);
    if (address !== null) addresses.push(address);
  }
  if (addresses.length === 0) return refused(NotifyType.INTERNAL_ADDRESS_FAILURE);
  return { kind: 'assigned', addresses, reply: configurationReply(addresses, pools) };
}

/** What is told of addresses that were given away. */
export function assignedEffects({ name }: ConnectionConfig, addresses: readonly string[]): Effect[] {
  if (addresses.length === 0) return [];
  return [{ kind: 'event', event: { kind: 'addressAssigned', connection: name, detail: addresses.join(', ') } }];
}

/** What this node was given by the peer of a connection, and holds. */
export function addressesHere({ name }: ConnectionConfig, world: World): string[] {
  const held = new Set<string>();
  for (const sa of world.sas) {
    if (!isAuthenticated(sa) || sa.connection.name !== name) continue;
    for (const address of sa.virtualAddresses) held.add(address);
  }
  return [...held];
}

export type TakenAddresses =
  | { readonly kind: 'taken'; readonly addresses: readonly string[]; readonly effects: readonly Effect[] }
  /** This node has asked, and got none: its children cannot be (§3.15.4). */
  | { readonly kind: 'missing' };

/** The initiator's part. `held` as above: they are on its interface already. */
export function takeAddresses(
  connection: ConnectionConfig,
  payloads: readonly Payload[],
  held: readonly string[],
): TakenAddresses {
  if (!isAsker(connection)) return { kind: 'taken', addresses: [], effects: [] };
  const reply = payloadOf(payloads, 'CP');
  if (reply === null || reply.cfgType !== CfgType.CFG_REPLY) return { kind: 'missing' };
  const { addresses, dns, subnets } = givenIn(reply);
  if (addresses.length === 0) return { kind: 'missing' };
  // No more than were asked for, §3.15.1.
  const taken = addresses.slice(0, connection.requestAddresses.length);
  const added = taken.filter(address => !held.includes(address));
  const besides = [...dns.map(server => `DNS ${server}`), ...subnets.map(subnet => `subnet ${subnet}`)];
  const detail = [taken.join(', '), ...besides].join('; ');
  return {
    kind: 'taken',
    addresses: taken,
    effects: [
      ...added.map((address): Effect => ({ kind: 'command', command: addAddress(connection, address) })),
      { kind: 'event', event: { kind: 'addressAssigned', connection: connection.name, detail } },
    ],
  };
}

/** What the end of an IKE SA gives back; not what a successor of it has by now. */
export function releaseAddresses(
  {
    id,
    connection,
    virtualAddresses,
  }: { readonly id: number; readonly connection: ConnectionConfig; readonly virtualAddresses: readonly string[] },
  world: World,
): Effect[] {
  const others = new Set<string>();
  for (const sa of world.sas) {
    if (sa.id === id || !isAuthenticated(sa) || sa.connection.name !== connection.name) continue;
    for (const address of sa.virtualAddresses) others.add(address);
  }
  const gone = virtualAddresses.filter(address => !others.has(address));
  if (gone.length === 0) return [];
  const commands = isAsker(connection) ? gone.map(address => removeAddress(connection, address)) : [];
  return [
    ...commands.map((command): Effect => ({ kind: 'command', command })),
    { kind: 'event', event: { kind: 'addressReleased', connection: connection.name, detail: gone.join(', ') } },
  ];
}

/** As many as anybody has a use for. */
const ADDRESSES_MAX = 8;

/** To the node: on the interface that the connection names. */
export function addAddress({ addressInterface }: ConnectionConfig, address: string): NodeCommand {
  return { kind: 'addAddress', interface: addressInterface, address: withLength(address), isPreferred: true };
}

export function removeAddress({ addressInterface }: ConnectionConfig, address: string): NodeCommand {
  return { kind: 'removeAddress', interface: addressInterface, address: withLength(address) };
}

const withLength = (address: string): string => `${address}/${address.includes(':') ? 128 : 32}`;

function heldInstead(asked: string, held: readonly string[]): string {
  if (asked !== '0.0.0.0' && asked !== '::') return asked;
  return held.find(address => address.includes(':') === asked.includes(':')) ?? asked;
}

/** All that is given away, to this peer and to others. */
function addressesHeld(world: World, peer: Holder): { readonly byPeer: Set<string>; readonly byOthers: Set<string> } {
  const held = { byPeer: new Set<string>(), byOthers: new Set<string>() };
  for (const sa of world.sas) {
    if (!isAuthenticated(sa) || !isGiver(sa.connection)) continue;
    const holder = isSamePeer(sa, peer) ? held.byPeer : held.byOthers;
    for (const address of sa.virtualAddresses) holder.add(address);
  }
  return held;
}

type Holder = Pick<AuthenticatedIkeSa, 'connection' | 'remoteIdentity' | 'remoteAuthentication'>;

/** Of those who have proven nothing, no two are known to be the same. */
function isSamePeer(a: Holder, b: Holder): boolean {
  return isProven(a) && isProven(b) && isSame(a.remoteIdentity, b.remoteIdentity);
}

const isSame = (a: IdPayload, b: IdPayload): boolean => a.idType === b.idType && octetsEqual(a.data, b.data);

function refused(notifyType: number): Assignment {
  return { kind: 'refused', error: { kind: 'refused', notifyType, data: new Uint8Array(0) } };
}
