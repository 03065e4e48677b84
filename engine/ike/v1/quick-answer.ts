import { keyExchange } from '../../crypto/key-exchange-table.ts';
import type { TrafficSelector } from '../../wire/ike/payload.ts';
import type { IsakmpNotifyPayload, IsakmpPayload, IsakmpSaPayload } from '../../wire/isakmp/payload.ts';
import { Doi, IsakmpExchange, IsakmpNotify } from '../../wire/isakmp/registry.ts';
import { encodeAttributes } from '../../wire/isakmp/attribute.ts';
import { Writer } from '../../wire/writer.ts';
import type { ChildConfig } from '../config.ts';
import type { ChildPlace } from '../v2/child-place.ts';
import { spiOctets } from '../v2/proposals.ts';
import { areCovered, boxOf, selectorOf, ANY_PORT, ANY_PROTOCOL, numberOf } from '../v2/selector-box.ts';
import { areEqual, boxesIn, selectorsOf } from '../v2/traffic-selectors.ts';
import { childrenFor, withChild } from './child-table.ts';
import type { Lifetimes } from './child-lifetimes.ts';
import { selectorOfClient } from './client-identity.ts';
import type { OpenExchange } from './open-exchange.ts';
import type { ReceivedMessage } from './exchange.ts';
import { payloadOf, payloadsOf, requiredPayload } from './exchange-table.ts';
import { v1Of } from './extensions.ts';
import { protocolNumber } from './ipsec-transforms.ts';
import type { EstablishedIsakmpSa } from './isakmp-sa.ts';
import type { NotifyName } from './notify.ts';
import { lifetimeAttributes } from './phase2-attributes.ts';
import { answerPayload, type Phase2Selection, selectOffer, type Wrapping } from './phase2-proposals.ts';
import { type Agreement, createChild, installInbound } from './quick-finish.ts';
import { atOurSide, originalAddresses, placeOf, wrappingOf } from './quick-place.ts';
import { isPeerSpiInUse } from './peer-spi.ts';
import { refuseOffer } from './quick-refuse.ts';
import type { SelectorsOfSa } from './quick-state.ts';
import { type Step, step, type World } from './step.ts';

/** The responder of Quick Mode: message 1, and its answer. */
export function answerQuick(
  sa: EstablishedIsakmpSa,
  { messageId }: OpenExchange,
  { payloads }: ReceivedMessage,
  world: World,
): Step {
  const offer = requiredPayload(payloads, 'SA');
  const about = subjectOf(offer);
  const refuse = ({ name, why }: Refusal) => refuseOffer(sa, name, why, about);
  const { data: nonceI } = requiredPayload(payloads, 'NONCE');
  if (!world.steps.isNonceFit(nonceI))
    return refuse({ name: 'PAYLOAD-MALFORMED', why: `a nonce of ${nonceI.length} octets` });
  const place = placeOf(sa);
  const asked = clientsOf(payloads, place);
  if (asked === null) return refuse({ name: 'INVALID-ID-INFORMATION', why: 'client identities that are no addresses' });
  const judged = judge(sa, offer, asked, place, world);
  if (judged.kind === 'refused') return refuse(judged);
  const { config, selection, wrapping, pair } = judged;
  if (isPeerSpiInUse(sa, selection.suite.protocol, selection.spi, world))
    return refuse({ name: 'INVALID-SPI', why: 'an SPI that the peer uses already' });
  const exchanged = exchangeKeys(selection.suite.keyExchange, payloads, world);
  if (exchanged.kind === 'refused') return refuse(exchanged);
  const nonceR = world.random.bytes(v1Of(sa.connection).quickNonceOctets);
  const agreement: Agreement = {
    config,
    suite: selection.suite,
    spiIn: world.newChildSpi(),
    spiOut: selection.spi,
    pair,
    lifetimes: selection.lifetimes,
    nonceI: Uint8Array.from(nonceI),
    nonceR,
    secret: exchanged.secret,
    madeBy: 'peer',
    replaces: null,
  };
  const created = createChild(sa, agreement, world);
  // The next keys will not be weak.
  if (created === null) return refuse({ name: 'NO-PROPOSAL-CHOSEN', why: 'weak keys' });
  const child = { ...created, state: 'installing' } as const;
  return step(withChild(sa, child), installInbound(child), {
    kind: 'send',
    messageId,
    exchangeType: IsakmpExchange.QUICK_MODE,
    payloads: [
      answerPayload(selection.proposal, child.spiIn),
      { type: 'NONCE', data: nonceR },
      ...exchanged.payloads,
      ...payloadsOf(payloads, 'ID'),
      ...originalAddresses(sa, wrapping, 'responder'),
      ...(selection.tells ? [responderLifetime(selection, child.spiIn)] : []),
    ],
    hash: { kind: 'second', nonceI: agreement.nonceI },
    ...(v1Of(sa.connection).commitBit ? { isCommit: true } : {}),
    after: {
      kind: 'expect',
      state: { kind: 'quickAnswered', childId: child.id, nonceI: agreement.nonceI, nonceR },
    },
  });
}

/** Just what a child is for, or something of it. */
export type ClientsFit = 'exact' | 'within';

interface Refusal {
  readonly kind?: 'refused';
  readonly name: NotifyName;
  readonly why: string;
}

/** IDci and IDcr from this node's side, or the ends of the ISAKMP SA where there are none, RFC 2409 §5.5; null: no addresses. */
function clientsOf(payloads: readonly IsakmpPayload[], { path }: ChildPlace): SelectorsOfSa | null {
  const [first, second] = payloadsOf(payloads, 'ID');
  if (first === undefined || second === undefined) {
    return { local: selectorOfAddress(path.local), remote: selectorOfAddress(path.remote) };
  }
  const [remote, local] = [selectorOfClient(first), selectorOfClient(second)];
  if (remote === null || local === null) return null;
  const families = [local, remote].map(selector => boxOf(selector)?.family);
  return families[0] === families[1] ? { local, remote } : null;
}

function selectorOfAddress(address: Uint8Array): TrafficSelector {
  const number = numberOf(address);
  const family = address.length === 4 ? 4 : 6;
  return selectorOf({ family, protocol: ANY_PROTOCOL, port: ANY_PORT, address: [number, number] });
}

type Judgement =
  | {
      readonly kind: 'judged';
      readonly config: ChildConfig;
      readonly selection: Extract<Phase2Selection, { kind: 'selected' }>;
      readonly wrapping: Wrapping;
      readonly pair: SelectorsOfSa;
    }
  | (Refusal & { readonly kind: 'refused' });

/**
 * Which child it may be: one for just the traffic that was asked for before one that allows it among other. Nothing narrower can
 * be answered in IKEv1.
 */
function judge(
  sa: EstablishedIsakmpSa,
  offer: IsakmpSaPayload,
  asked: SelectorsOfSa,
  place: ChildPlace,
  { steps, config: { limits } }: World,
): Judgement {
  const { children, name: connection } = sa.connection;
  const fits = children.flatMap(config => {
    const pair = config.mode === 'transport' && place.isEncapsulated ? atOurSide(asked, place) : asked;
    const fit = pair === null ? null : steps.clientsFit(fitOf(config, pair, place));
    return pair === null || fit === null ? [] : [{ config, pair, fit }];
  });
  const ordered = [...fits.filter(({ fit }) => fit === 'exact'), ...fits.filter(({ fit }) => fit === 'within')];
  if (ordered.length === 0) {
    return { kind: 'refused', name: 'INVALID-ID-INFORMATION', why: `no child of ${connection} is for that` };
  }
  let why = '';
  for (const { config, pair } of ordered) {
    if (isFull(sa, config, pair, limits.childSasPerIkeSa)) {
      why = 'no more Child SAs';
      continue;
    }
    const wrapping = wrappingOf(config, sa, place);
    const selection = steps.quickSelected(selectOffer(offer, config, wrapping, v1Of(sa.connection).lifetimeCheck));
    if (selection.kind === 'selected') return { kind: 'judged', config, selection, wrapping, pair };
    why ||= selection.why;
  }
  return { kind: 'refused', name: 'NO-PROPOSAL-CHOSEN', why };
}

function fitOf(config: ChildConfig, { local, remote }: SelectorsOfSa, place: ChildPlace): ClientsFit | null {
  const ours = selectorsOf(config.local, place.local);
  const theirs = selectorsOf(config.remote, place.remote);
  if (areEqual([local], ours) && areEqual([remote], theirs)) return 'exact';
  const isWithin = areCovered(boxesIn([local]), boxesIn(ours)) && areCovered(boxesIn([remote]), boxesIn(theirs));
  return isWithin ? 'within' : null;
}

/** Replacing one makes it no more for long; but nobody makes them without end. */
function isFull(sa: EstablishedIsakmpSa, config: ChildConfig, { local, remote }: SelectorsOfSa, limit: number) {
  const isReplacement = childrenFor(sa, { config, local: [local], remote: [remote] }).length > 0;
  return sa.children.length >= (isReplacement ? 2 * limit : limit);
}

type KeysExchanged =
  | { readonly kind: 'exchanged'; readonly secret: Uint8Array | null; readonly payloads: readonly IsakmpPayload[] }
  | (Refusal & { readonly kind: 'refused' });

/** KE is there if, and only if, the transform has a group: RFC 2409 §5.5. */
function exchangeKeys(group: string | null, payloads: readonly IsakmpPayload[], world: World): KeysExchanged {
  const ke = payloadOf(payloads, 'KE');
  const method = group === null ? null : keyExchange(group);
  if (method === null && ke === null) return { kind: 'exchanged', secret: null, payloads: [] };
  const name = 'INVALID-KEY-INFORMATION';
  if (method === null || ke === null) {
    return { kind: 'refused', name, why: ke === null ? 'a PFS group without KE' : 'KE without a PFS group' };
  }
  const answer = world.steps.keyExchanged(method.respond(ke.data, world.random));
  if (answer.kind === 'invalid') return { kind: 'refused', name, why: `KE: ${answer.why}` };
  return { kind: 'exchanged', secret: answer.secret, payloads: [{ type: 'KE', data: answer.data }] };
}

/** RFC 2407 §4.6.3.1. */
function responderLifetime(
  { proposal, lifetimes }: { readonly proposal: { readonly protocolId: number }; readonly lifetimes: Lifetimes },
  spi: number,
): IsakmpNotifyPayload {
  const out = new Writer(32);
  encodeAttributes(lifetimeAttributes(lifetimes), out);
  return {
    type: 'N',
    doi: Doi.IPSEC,
    protocolId: proposal.protocolId,
    spi: spiOctets(spi),
    notifyType: IsakmpNotify['RESPONDER-LIFETIME'],
    data: out.finish(),
  };
}

/** What a refusal names: the first proposal's, so that the peer knows which of its Quick Modes is meant. */
function subjectOf({ proposals }: IsakmpSaPayload): { readonly protocolId: number; readonly spi: Uint8Array } {
  const [first] = proposals;
  return { protocolId: first?.protocolId ?? protocolNumber('esp'), spi: first?.spi ?? new Uint8Array(0) };
}
