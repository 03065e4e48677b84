import { tell, tellAtRate } from '../tell.ts';
import { addressesEqual } from '../../wire/address.ts';
import { octetsBehindFirst } from '../../wire/isakmp/codec.ts';
import type { ClearIsakmpMessage, SealedIsakmpMessage } from '../../wire/isakmp/message.ts';
import { IsakmpExchange, IsakmpNotify } from '../../wire/isakmp/registry.ts';
import type { IsakmpPayload } from '../../wire/isakmp/payload.ts';
import { icvsEqual } from '../../crypto/icv.ts';
import type { IkeDatagram } from '../daemon.ts';
import { applyStep } from './apply.ts';
import { type Core, worldOf } from './core.ts';
import { endIsakmpSa } from './end.ts';
import { checkPayloads, payloadsOf } from './exchange-table.ts';
import type { Exchange, ReceivedMessage } from './exchange.ts';
import { exchangeOf } from './exchanges.ts';
import {
  type EstablishedIsakmpSa,
  type HalfOpenIsakmpSa,
  isInitiating,
  isKeyed,
  type IsakmpSa,
  nameOf,
  type ProvingIsakmpSa,
} from './isakmp-sa.ts';
import { phase2Iv } from './keys.ts';
import { type OpenExchange, SILENCE } from './open-exchange.ts';
import { opened, unknownPayload } from './opened.ts';
import { repeatAnswer } from './receive-phase1.ts';
import { doubtMessage, refuseMessage, withRefusal } from './refuse.ts';
import { messageDigest, storeSa } from './sa-table.ts';
import { open, type Opened } from './seal.ts';
import { hashOf, sendSealedNotice, transmit } from './send.ts';
import { closed } from './used-ids.ts';
import { withVolume } from './volume.ts';

type Way = Omit<IkeDatagram, 'octets'>;

const REPEATS_MAX = 20;
/** Exchanges of one peer that may be open at a time, those that are over and remembered included. */
const OPEN_MAX = 256;

/** A message of phase 2 under the cipher. */
export function takeSealed(
  core: Core,
  sa: IsakmpSa,
  message: SealedIsakmpMessage,
  octets: Uint8Array,
  from: Way,
): void {
  const isNegotiating = sa.kind === 'proving' || sa.kind === 'halfOpen';
  if (isNegotiating && message.exchangeType === IsakmpExchange.INFORMATIONAL) return takeRefusal(core, sa, message);
  // The peer has finished phase 1, and its last message got lost: it is asked for by what it has sent before.
  if (sa.kind === 'halfOpen') return repeatAnswer(core, sa, from);
  if (sa.kind !== 'established') return refuseMessage(core, sa, 'phase 2 before its time');
  const handler = exchangeOf(message.exchangeType);
  if (handler === null) return refuseMessage(core, sa, `exchange type ${message.exchangeType}`);
  const known = sa.exchanges.find(({ messageId }) => messageId === message.messageId);
  const digest = messageDigest(octets);
  if (known?.conversation.heard === digest) return repeatExchange(core, sa, known, from);
  const isUsed = known === undefined && sa.usedIds.includes(message.messageId);
  if (core.steps.isReplay(isUsed)) return refuseMessage(core, sa, `Message ID ${message.messageId} again`);
  if (known === undefined && sa.exchanges.length >= OPEN_MAX) {
    const detail = `${nameOf(sa)}: ${sa.exchanges.length} exchanges`;
    return tellAtRate(core, { kind: 'limitReached', connection: sa.connection.name, detail });
  }
  const exchange = known ?? freshExchange(core, sa, message);
  const inside = open(sa, message, exchange.iv);
  if (inside === null) return refuseMessage(core, sa, `${handler.name} that cannot be read`);
  takeOpened(core, sa, { handler, exchange, message, inside, digest, from });
}

interface Arrival {
  readonly handler: Exchange;
  readonly exchange: OpenExchange;
  readonly message: SealedIsakmpMessage;
  readonly inside: Opened;
  readonly digest: string;
  readonly from: Way;
}

function takeOpened(core: Core, sa: EstablishedIsakmpSa, arrival: Arrival): void {
  const { handler, exchange, message, inside, digest, from } = arrival;
  const expected = handler.expects(exchange);
  if (expected === null) return refuseMessage(core, sa, `${handler.name} that nobody has asked for`);
  const [hash] = inside.payloads;
  const right = hash?.type === 'HASH' ? hashOf(sa, expected.hash, message.messageId, octetsBehindFirst(inside)) : null;
  const isRight = right !== null && hash?.type === 'HASH' && icvsEqual(right, hash.data);
  if (!core.steps.hashJudged(isRight)) return refuseMessage(core, sa, `${handler.name} with another HASH`);
  const received = core.steps.incoming(opened(message, inside.payloads, inside.octets, from));
  if (received === null) return;
  const conversation = { ...SILENCE, heard: digest };
  const next = { ...exchange, iv: inside.iv, conversation };
  const heard = withExchange(withVolume(heardFrom(core, sa, from), message.body.length, core.now), next);
  const problem = problemOf(core, received.payloads, checkPayloads(expected.table, received.payloads));
  if (problem !== null) {
    refuseMessage(core, sa, `${handler.name} with ${problem.why}`);
    // It is the peer's: its exchange has failed, and it is told.
    const over = closed(heard, message.messageId);
    storeSa(core, over);
    if (exchange.state.kind !== 'fresh') applyStep(core, over, handler.giveUp(over, exchange, worldOf(core)), null);
    return handler.exchangeType === IsakmpExchange.INFORMATIONAL
      ? undefined
      : tellPeer(core, sa.id, problem.notifyType);
  }
  storeSa(core, heard);
  applyStep(core, heard, handler.receive(heard, next, received, worldOf(core)), { digest, from });
  const after = core.sas.get(sa.id);
  if (after?.kind !== 'established') return;
  const left = after.exchanges.find(({ messageId }) => messageId === message.messageId);
  if (left?.state.kind === 'fresh') storeSa(core, closed(after, message.messageId));
}

function problemOf(core: Core, payloads: readonly IsakmpPayload[], wrong: string | null) {
  const unknown = unknownPayload(payloads);
  if (unknown !== null) return { why: `payload type ${unknown}`, notifyType: IsakmpNotify['INVALID-PAYLOAD-TYPE'] };
  const judged = core.steps.checked(wrong);
  return judged === null ? null : { why: judged, notifyType: IsakmpNotify['PAYLOAD-MALFORMED'] };
}

function tellPeer(core: Core, id: number, notifyType: number): void {
  const sa = core.sas.get(id);
  if (sa !== undefined && isKeyed(sa)) sendSealedNotice(core, sa, notifyType);
}

function freshExchange(
  core: Core,
  sa: EstablishedIsakmpSa,
  { messageId, exchangeType }: Pick<SealedIsakmpMessage, 'messageId' | 'exchangeType'>,
): OpenExchange {
  const iv = phase2Iv(sa.suite, sa.iv, messageId);
  const state = { kind: 'fresh' } as const;
  return {
    messageId,
    exchangeType,
    role: 'responder',
    iv,
    conversation: SILENCE,
    state,
    openedAt: core.now,
    dropAt: null,
  };
}

function withExchange(sa: EstablishedIsakmpSa, exchange: OpenExchange): EstablishedIsakmpSa {
  const others = sa.exchanges.filter(({ messageId }) => messageId !== exchange.messageId);
  return { ...sa, exchanges: [...others, exchange] };
}

/** The peer lives; from behind a NAT it may have come by another port, or address: RFC 3947 §4. */
function heardFrom(core: Core, sa: EstablishedIsakmpSa, from: Way): EstablishedIsakmpSa {
  const heard = { ...sa, heardAt: core.now, received: sa.received + 1 };
  const { path } = sa;
  const isThere = addressesEqual(path.remote, from.remote) && path.remotePort === from.remotePort;
  if (isThere || !path.isRemoteNatted || path.isLocalNatted) return heard;
  return { ...heard, path: { ...path, remote: from.remote, remotePort: from.remotePort } };
}

function repeatExchange(core: Core, sa: EstablishedIsakmpSa, exchange: OpenExchange, from: Way): void {
  const { conversation } = exchange;
  const isWorthIt =
    conversation.sent.length > 0 && conversation.repeats < REPEATS_MAX && conversation.resendAt === null;
  if (!core.steps.repeatsAnswer() || !isWorthIt) return;
  transmit(core, from, conversation.sent);
  const repeated = { ...exchange, conversation: { ...conversation, repeats: conversation.repeats + 1 } };
  storeSa(core, { ...withExchange(sa, repeated), received: sa.received + 1, retransmitted: sa.retransmitted + 1 });
}

/** The peer has not believed this end. Under the keys of phase 1, so it is the one that has them; under others, perhaps. */
function takeRefusal(core: Core, sa: ProvingIsakmpSa | HalfOpenIsakmpSa, message: SealedIsakmpMessage): void {
  const inside = open(sa, message, phase2Iv(sa.suite, sa.iv, message.messageId));
  const [hash] = inside?.payloads ?? [];
  const right =
    inside !== null && hash?.type === 'HASH'
      ? hashOf(sa, { kind: 'first' }, message.messageId, octetsBehindFirst(inside))
      : null;
  if (inside === null || hash?.type !== 'HASH' || right === null || !icvsEqual(right, hash.data)) {
    const why = 'the peer answers under other keys, as with another secret';
    if (sa.suite.method !== 'psk') return refuseMessage(core, sa, 'a notice that cannot be read');
    doubtMessage(core, sa, why);
    return storeSa(core, withRefusal(sa, why, core.now));
  }
  const error = errorIn(inside.payloads) ?? (payloadsOf(inside.payloads, 'D').length > 0 ? 'it has closed it' : null);
  if (error === null) return;
  const why = `the peer refuses: ${error}`;
  tell(core, { kind: 'authenticationFailed', connection: sa.connection.name, detail: `${nameOf(sa)}: ${why}` });
  applyStep(core, sa, endIsakmpSa(sa, 'failed', why, worldOf(core)), null);
}

/**
 * In the clear: anybody's, RFC 2409 §5.7. An error about a phase 1 of this end is remembered, and believed when nothing better comes;
 * about keys nothing is believed at all.
 */
export function takeClear(core: Core, sa: IsakmpSa, message: ClearIsakmpMessage, octets: Uint8Array, from: Way): void {
  const received = core.steps.incoming(opened(message, message.payloads, octets, from));
  if (received === null) return;
  if (sa.kind === 'established' && core.steps.believesClear(received)) return believe(core, sa, received);
  const isNotice = message.exchangeType === IsakmpExchange.INFORMATIONAL;
  const error = isNotice ? errorIn(message.payloads) : null;
  if (!isInitiating(sa) || error === null || !addressesEqual(sa.path.remote, from.remote)) {
    return refuseMessage(core, sa, 'in the clear');
  }
  const why = `the peer refuses: ${error}`;
  // What it has not believed is what message 5 shows.
  if (sa.kind === 'proving' && sa.attempt.refusal === null) doubtMessage(core, sa, why);
  storeSa(core, withRefusal(sa, why, core.now));
}

/** Only a daemon that is broken on purpose gets here. */
function believe(core: Core, sa: EstablishedIsakmpSa, message: ReceivedMessage): void {
  const handler = exchangeOf(message.exchangeType);
  if (handler === null) return;
  const exchange = freshExchange(core, sa, message);
  const heard = withExchange(sa, exchange);
  applyStep(core, heard, handler.receive(heard, exchange, message, worldOf(core)), null);
  const after = core.sas.get(sa.id);
  if (after?.kind === 'established') storeSa(core, closed(after, message.messageId));
}

const NAMES: ReadonlyMap<number, string> = new Map(Object.entries(IsakmpNotify).map(([name, type]) => [type, name]));
const STATUS_FROM = 16_384;

/** The name of the first error among notifies; null: there is none. */
function errorIn(payloads: readonly IsakmpPayload[]): string | null {
  const error = payloadsOf(payloads, 'N').find(({ notifyType }) => notifyType < STATUS_FROM);
  return error === undefined ? null : (NAMES.get(error.notifyType) ?? `notify ${error.notifyType}`);
}
