import { decodeAttributes } from '../../wire/isakmp/attribute.ts';
import type { IsakmpPayload } from '../../wire/isakmp/payload.ts';
import { IsakmpExchange, IsakmpNotify } from '../../wire/isakmp/registry.ts';
import { Reader } from '../../wire/reader.ts';
import { areCovered } from '../v2/selector-box.ts';
import { boxesIn } from '../v2/traffic-selectors.ts';
import { withoutWireErrors } from '../v2/wire-value.ts';
import { childById, withChild } from './child-table.ts';
import { type Lifetimes, shortest } from './child-lifetimes.ts';
import { selectorOfClient } from './client-identity.ts';
import type { ReceivedMessage } from './exchange.ts';
import { payloadOf, payloadsOf, requiredPayload } from './exchange-table.ts';
import type { EstablishedIsakmpSa } from './isakmp-sa.ts';
import type { OpenExchange } from './open-exchange.ts';
import { readAttributes } from './phase2-attributes.ts';
import { acceptAnswer } from './phase2-proposals.ts';
import { createChild, installInbound, takeIntoUse } from './quick-finish.ts';
import { atOurSide, placeOf } from './quick-place.ts';
import { isPeerSpiInUse } from './peer-spi.ts';
import { refuseAnswer } from './quick-refuse.ts';
import type { QuickOffer, SelectorsOfSa } from './quick-state.ts';
import { type Effect, type Step, step, type World } from './step.ts';
import type { NotifyName } from './notify.ts';

/** The initiator of Quick Mode: message 2, and the last one. */
export function concludeQuick(
  sa: EstablishedIsakmpSa,
  { messageId }: OpenExchange,
  offer: QuickOffer,
  { payloads, wantsCommit }: ReceivedMessage,
  world: World,
): Step {
  const refuse = (name: NotifyName, why: string) => refuseAnswer(sa, messageId, offer, name, why, world);
  const accepted = world.steps.quickAccepted(acceptAnswer(offer.choices, requiredPayload(payloads, 'SA')));
  if (accepted.kind === 'refused') return refuse('BAD-PROPOSAL-SYNTAX', accepted.why);
  if (isPeerSpiInUse(sa, accepted.suite.protocol, accepted.spi, world))
    return refuse('INVALID-SPI', 'an SPI that the peer uses already');
  const { data: nonceR } = requiredPayload(payloads, 'NONCE');
  if (!world.steps.isNonceFit(nonceR)) return refuse('PAYLOAD-MALFORMED', `a nonce of ${nonceR.length} octets`);
  const pair = answeredPair(sa, offer, payloads);
  if (pair === null) return refuse('INVALID-ID-INFORMATION', 'client identities that were not offered');
  const exchanged = finishKeys(offer, payloads, world);
  if (exchanged.kind === 'invalid') return refuse('INVALID-KEY-INFORMATION', exchanged.why);
  const told = payloads.flatMap(responderLifetimes);
  const agreement = {
    config: offer.config,
    suite: accepted.suite,
    spiIn: offer.spiIn,
    spiOut: accepted.spi,
    pair,
    lifetimes: shortest(offer.choices[0]?.lifetimes ?? accepted.lifetimes, accepted.lifetimes, ...told),
    nonceI: offer.nonce,
    nonceR: Uint8Array.from(nonceR),
    secret: exchanged.secret,
    madeBy: 'us',
    replaces: offer.replaces,
  } as const;
  const child = createChild(sa, agreement, world);
  if (child === null) return refuse('NO-PROPOSAL-CHOSEN', 'weak keys');
  const done = (awaitsConnected: boolean): Effect => ({
    kind: 'send',
    messageId,
    exchangeType: IsakmpExchange.QUICK_MODE,
    payloads: [],
    hash: { kind: 'third', nonceI: agreement.nonceI, nonceR: agreement.nonceR },
    after: { kind: 'over', state: { kind: 'quickConcluded', childId: child.id, awaitsConnected } },
  });
  // Some peers make their keys, and take theirs into use, when the last message comes: packets go by the old one for that long.
  const waits = wantsCommit || child.origin.replaces !== null;
  if (waits) return step(withChild(sa, { ...child, state: 'installing' }), installInbound(child), done(wantsCommit));
  const used = takeIntoUse(sa, child, world);
  return step(used.sa, installInbound(child), ...used.effects, done(false));
}

/** The peer says that it has message 3, and that packets may come: RFC 2408 §3.1. */
export function takeConnected(
  sa: EstablishedIsakmpSa,
  childId: number,
  payloads: readonly IsakmpPayload[],
  world: World,
): Step {
  const isIt = payloadsOf(payloads, 'N').some(({ notifyType }) => notifyType === IsakmpNotify.CONNECTED);
  const child = childById(sa, childId);
  if (!isIt || child?.state !== 'installing') return step(sa);
  const used = takeIntoUse(sa, child, world);
  return step(used.sa, ...used.effects);
}

/** IDci and IDcr as they were sent, or less of the same. Who sends none means those of the offer. */
function answeredPair(
  sa: EstablishedIsakmpSa,
  offer: QuickOffer,
  payloads: readonly IsakmpPayload[],
): SelectorsOfSa | null {
  const [first, second] = payloadsOf(payloads, 'ID');
  if (first === undefined || second === undefined) return offer.pair;
  const [local, remote] = [selectorOfClient(first), selectorOfClient(second)];
  if (local === null || remote === null) return null;
  const place = placeOf(sa);
  const isMapped = offer.config.mode === 'transport' && place.isEncapsulated;
  const pair = isMapped ? atOurSide({ local, remote }, place) : { local, remote };
  if (pair === null) return null;
  const isWithin = (side: 'local' | 'remote') => areCovered(boxesIn([pair[side]]), boxesIn([offer.pair[side]]));
  return isWithin('local') && isWithin('remote') ? pair : null;
}

type Finished =
  | { readonly kind: 'finished'; readonly secret: Uint8Array | null }
  | { readonly kind: 'invalid'; readonly why: string };

function finishKeys({ keyExchange }: QuickOffer, payloads: readonly IsakmpPayload[], { steps }: World): Finished {
  const ke = payloadOf(payloads, 'KE');
  if (keyExchange === null) {
    return ke === null ? { kind: 'finished', secret: null } : { kind: 'invalid', why: 'KE without a PFS group' };
  }
  if (ke === null) return { kind: 'invalid', why: 'no KE for the PFS group' };
  const result = steps.keyExchanged(keyExchange.finish(ke.data));
  return result.kind === 'invalid' ? result : { kind: 'finished', secret: result.secret };
}

/** RESPONDER-LIFETIME, RFC 2407 §4.6.3.1; one that cannot be read says nothing. */
export function responderLifetimes(payload: IsakmpPayload): Lifetimes[] {
  if (payload.type !== 'N' || payload.notifyType !== IsakmpNotify['RESPONDER-LIFETIME']) return [];
  const attributes = withoutWireErrors(() => decodeAttributes(new Reader(payload.data, 'RESPONDER-LIFETIME'), 16));
  const read = attributes === null ? null : readAttributes(attributes);
  return read === null ? [] : [read.lifetimes];
}
