import type { IsakmpNotifyPayload, IsakmpPayload } from '../../wire/isakmp/payload.ts';
import { Doi, IsakmpExchange, IsakmpNotify, IsakmpProtocol } from '../../wire/isakmp/registry.ts';
import { octetsEqual } from '../../wire/octets.ts';
import { spiOctets } from '../v2/proposals.ts';
import { childByPeerSpi } from './child-table.ts';
import { takeDeletes } from './delete.ts';
import { takeAnswered, takeQuestion } from './dead-peer.ts';
import type { Exchange, Initiator } from './exchange.ts';
import type { MessageTable } from './exchange-table.ts';
import { withChildrenOfHeir } from './heir.ts';
import { takeInitialContact } from './initial-contact.ts';
import { type EstablishedIsakmpSa, type IsakmpSa, nameOf } from './isakmp-sa.ts';
import { deletePayload, isError, notifyText } from './notify.ts';
import { responderLifetimes, takeConnected } from './quick-conclude.ts';
import { failOffer } from './quick-refuse.ts';
import { quickExpects } from './quick-table.ts';
import { shortenLifetime } from './responder-lifetime.ts';
import { type Effect, type Step, step, unchanged, type World } from './step.ts';
import { tell } from './tell.ts';
import { closed } from './used-ids.ts';

/**
 * Informational, RFC 2409 §5.7, under an ISAKMP SA:
 *
 *     HDR*, HASH(1), N/D  -->
 *
 * Nobody answers it, and whether it has arrived nobody knows.
 */
const INFORMATIONAL: MessageTable = { first: 'HASH', required: ['HASH'], optional: [], repeated: ['N', 'D', 'VID'] };

export const informational: Exchange = {
  exchangeType: IsakmpExchange.INFORMATIONAL,
  name: 'Informational',
  expects({ state }) {
    if (state.kind === 'fresh') return { table: INFORMATIONAL, hash: { kind: 'first' } };
    return state.kind === 'quickConcluded' ? quickExpects(state) : null;
  },
  receive(sa, { state }, { payloads }, world) {
    if (state.kind !== 'quickConcluded') return takeAll(sa, payloads, world);
    return withChildrenOfHeir(sa, world, whole => takeConnected(whole, state.childId, payloads, world));
  },
  giveUp: sa => unchanged(sa),
};

/** Payload by payload, each to what the one before has left: a message may say the same twice. */
function takeAll(before: EstablishedIsakmpSa, payloads: readonly IsakmpPayload[], world: World): Step {
  let sa: IsakmpSa | null = before;
  const effects: Effect[] = [];
  for (const payload of payloads) {
    if (sa === null || sa.kind !== 'established') break;
    if ('doi' in payload && !DOIS.has(payload.doi)) continue;
    const taken: Step =
      payload.type === 'N'
        ? takeNotify(sa, payload, world)
        : payload.type === 'D'
          ? takeDeletes(sa, payload, world)
          : unchanged(sa);
    sa = taken.sa;
    effects.push(...taken.effects);
  }
  return { sa, effects };
}

/** What is of another domain is nothing to this end, RFC 2408 §5.14 and §5.15. */
const DOIS: ReadonlySet<number> = new Set([Doi.ISAKMP, Doi.IPSEC]);

function takeNotify(sa: EstablishedIsakmpSa, notify: IsakmpNotifyPayload, world: World): Step {
  switch (notify.notifyType) {
    case IsakmpNotify['R-U-THERE']:
      return takeQuestion(sa, notify, world);
    case IsakmpNotify['R-U-THERE-ACK']:
      return takeAnswered(sa, notify, world);
    case IsakmpNotify['INITIAL-CONTACT']:
      return takeInitialContact(sa, world);
    case IsakmpNotify['RESPONDER-LIFETIME']:
      return shortenLifetime(sa, notify, responderLifetimes(notify), world);
    default:
      return isError(notify) ? takeError(sa, notify, world) : unchanged(sa);
  }
}

/**
 * What the peer could do nothing with: a Quick Mode of this end, if it says so of one that is under way; or packets by an SA that it
 * does not have any more.
 */
function takeError(sa: EstablishedIsakmpSa, { notifyType, protocolId, spi }: IsakmpNotifyPayload, world: World): Step {
  const isGone = notifyType === IsakmpNotify['INVALID-SPI'] && childByPeerSpi(sa, protocolId, spi) !== null;
  if (isGone) return takeDeletes(sa, deletePayload(protocolId, [spi]), world);
  const why = `${notifyText(notifyType)} from the peer`;
  const refused = refusedExchange(sa, protocolId, spi);
  if (refused === null) {
    const detail = `${nameOf(sa)}: ${why}`;
    return step(sa, { kind: 'event', event: { kind: 'messageRefused', connection: sa.connection.name, detail } });
  }
  const { exchange, state } = refused;
  return failOffer(closed(sa, exchange.messageId), state.offer, why, world);
}

/** By the SPI that was offered; peers that name none, or their own, mean the one that is under way. */
function refusedExchange(sa: EstablishedIsakmpSa, protocolId: number, spi: Uint8Array) {
  const offers = sa.exchanges.flatMap(exchange =>
    exchange.state.kind === 'quickOffered' ? [{ exchange, state: exchange.state }] : [],
  );
  const named = offers.find(({ state }) => octetsEqual(spiOctets(state.offer.spiIn), spi));
  if (named !== undefined || protocolId === IsakmpProtocol.ISAKMP)
    return named ?? (offers.length === 1 ? offers[0] : null) ?? null;
  const [only] = offers;
  return offers.length === 1 && only !== undefined && !isOfChild(sa, spi) ? only : null;
}

/** About an SA that is there: another matter. */
function isOfChild({ children }: EstablishedIsakmpSa, spi: Uint8Array): boolean {
  return children.some(child => [child.spiIn, child.spiOut].some(one => octetsEqual(spiOctets(one), spi)));
}

/** Something to be said. */
export const inform: Initiator<'inform'> = {
  kind: 'inform',
  mayBegin: () => true,
  begin: (sa, { payloads }, world) => step(sa, tell(sa, payloads, world)),
};
