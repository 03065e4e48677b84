import type { IsakmpAttributePayload } from '../../wire/isakmp/payload.ts';
import type { ConnectionConfig } from '../config.ts';
import { isAsker, isGiver } from '../v2/child-place.ts';
import { ackAttributes, askAttributes, type AskedAddresses, askedIn, giveAttributes, givenIn } from './cfg-payload.ts';
import { endIsakmpSa } from './end.ts';
import type { Initiator } from './exchange.ts';
import { type EstablishedIsakmpSa, nameOf } from './isakmp-sa.ts';
import { type Effect, type Step, step, type World } from './step.ts';
import { answerTransaction, beginTransaction } from './transaction-message.ts';
import { addressesHere, assignAddresses, takeAddresses } from './virtual-addresses.ts';

/**
 * Mode Config, draft-dukes-ike-mode-cfg-02 §2: who wants addresses asks for them, or is told them.
 *
 *     pull:  REQUEST(ADDRESS="", …)  -->                    push:  SET(ADDRESS, …)   <--
 *                                    <--  REPLY(ADDRESS, …)        ACK(ADDRESS="")   -->
 */
export const modeConfig: Initiator<'modeConfig'> = {
  kind: 'modeConfig',
  mayBegin: sa => sa.exchanges.every(({ state }) => state.kind !== 'transactionSent'),
  begin(sa, _task, world) {
    const { connection } = sa;
    if (isAsker(connection)) {
      const held = addressesHere(connection, world);
      const wanted = connection.requestAddresses.map(address => heldInstead(address, held));
      return step(sa, beginTransaction(sa, 'pull', askAttributes(wanted), world));
    }
    const given = give(sa, familiesOf(connection, world), world);
    if (given === null) return opened(sa, failure(sa, 'no address is left for the peer'));
    return step(given.sa, ...given.effects, beginTransaction(sa, 'push', given.attributes, world));
  },
};

/** The peer asks for addresses. Nothing is given where there is nothing to give: an empty REPLY. */
export function answerPull(
  sa: EstablishedIsakmpSa,
  messageId: number,
  content: IsakmpAttributePayload,
  world: World,
): Step {
  const isMeant = isGiver(sa.connection) && !mustShowUser(sa);
  const given = isMeant ? give(sa, askedIn(content), world) : null;
  const { identifier } = content;
  if (given === null) {
    const why = isMeant ? [failure(sa, 'no address is left for the peer')] : [];
    return step(sa, ...why, answerTransaction(messageId, 'pull', identifier, []));
  }
  return step(given.sa, ...given.effects, answerTransaction(messageId, 'pull', identifier, given.attributes));
}

/** What was asked for has come. Without an address nothing of this connection can be. */
export function takePull(sa: EstablishedIsakmpSa, content: IsakmpAttributePayload, world: World): Step {
  const taken = take(sa, content, world);
  if (taken !== null) return opened(taken.sa, ...taken.effects);
  const end = endIsakmpSa(sa, 'failed', 'the peer has given no address', world);
  return { ...end, effects: [failure(sa, 'the peer has given no address'), ...end.effects] };
}

/** The peer tells of addresses, whether they were wanted or not: what is not is not taken, and not acknowledged. */
export function answerPush(
  sa: EstablishedIsakmpSa,
  messageId: number,
  content: IsakmpAttributePayload,
  world: World,
): Step {
  const { identifier } = content;
  const taken = isAsker(sa.connection) ? take(sa, content, world) : null;
  if (taken === null) return step(sa, answerTransaction(messageId, 'push', identifier, []));
  return opened(taken.sa, answerTransaction(messageId, 'push', identifier, ackAttributes(content)), ...taken.effects);
}

/** The peer has what it was told. */
export const takePushAnswer = (sa: EstablishedIsakmpSa): Step => opened(sa);

/** XAuth comes first. */
export function mustShowUser({ connection, user }: EstablishedIsakmpSa): boolean {
  return connection.v1?.xauth?.side === 'gateway' && user === null;
}

/** Quick Mode may begin. */
function opened(sa: EstablishedIsakmpSa, ...effects: readonly Effect[]): Step {
  return step({ ...sa, isOpen: true }, ...effects);
}

function give(sa: EstablishedIsakmpSa, asked: AskedAddresses, world: World) {
  const addresses = assignAddresses(sa, asked, world);
  if (addresses.length === 0) return null;
  const pools = world.config.pools.filter(({ name }) => sa.connection.pools.includes(name));
  const event = { kind: 'addressAssigned', connection: sa.connection.name, detail: addresses.join(', ') } as const;
  return {
    sa: { ...sa, virtualAddresses: addresses },
    effects: [{ kind: 'event', event }] as const,
    attributes: giveAttributes(addresses, pools),
  };
}

function take(sa: EstablishedIsakmpSa, content: IsakmpAttributePayload, world: World) {
  const { connection } = sa;
  const { addresses, dns, subnets } = givenIn(content);
  // No more than were wanted.
  const taken = addresses.slice(0, connection.requestAddresses.length);
  if (taken.length === 0) return null;
  const besides = [...dns.map(server => `DNS ${server}`), ...subnets.map(subnet => `subnet ${subnet}`)].join('; ');
  const effects = takeAddresses(connection, taken, besides, addressesHere(connection, world));
  return { sa: { ...sa, virtualAddresses: taken }, effects };
}

/** One of each family that its pools have. */
function familiesOf({ pools }: ConnectionConfig, { config }: World): AskedAddresses {
  const addresses = config.pools.filter(({ name }) => pools.includes(name)).flatMap(pool => pool.addresses);
  const has = (isOf: boolean) => addresses.some(text => text.includes(':') === isOf);
  return [
    ...(has(false) ? [{ family: 4, wanted: null } as const] : []),
    ...(has(true) ? [{ family: 6, wanted: null } as const] : []),
  ];
}

function heldInstead(asked: string, held: readonly string[]): string {
  if (asked !== '0.0.0.0' && asked !== '::') return asked;
  return held.find(address => address.includes(':') === asked.includes(':')) ?? asked;
}

function failure(sa: EstablishedIsakmpSa, why: string): Effect {
  const detail = `${nameOf(sa)}: Mode Config: ${why}`;
  return { kind: 'event', event: { kind: 'negotiationFailed', connection: sa.connection.name, detail } };
}
