import { decodeIsakmpMessage } from '../../wire/isakmp/codec.ts';
import { type DecodedIsakmpHeader, decodeIsakmpHeader } from '../../wire/isakmp/header.ts';
import { NO_COOKIE } from '../../wire/isakmp/message.ts';
import { IsakmpExchange, IsakmpNotify, IsakmpPayloadType } from '../../wire/isakmp/registry.ts';
import { addressesEqual } from '../../wire/address.ts';
import type { IkeDatagram } from '../daemon.ts';
import { withoutWireErrors } from '../v2/wire-value.ts';
import type { Core } from './core.ts';
import { payloadOf } from './exchange-table.ts';
import { collect } from './fragments.ts';
import { headerProblem, isPhaseOneType } from './header-check.ts';
import type { IsakmpSa } from './isakmp-sa.ts';
import { takeFirst } from './receive-first.ts';
import { takePhaseOne } from './receive-phase1.ts';
import { takeClear, takeSealed } from './receive-phase2.ts';
import { refuseMessage } from './refuse.ts';
import { saOf, storeSa } from './sa-table.ts';
import { sendClearNotice } from './send.ts';

type Way = Omit<IkeDatagram, 'octets'>;

/** One datagram: of a stranger, of a peer, or nobody's. */
export function receiveDatagram(core: Core, { octets, ...from }: IkeDatagram): void {
  if (octets.length > core.config.limits.messageOctets) return refuseMessage(core, null, 'longer than any message');
  const header = withoutWireErrors(() => decodeIsakmpHeader(octets));
  if (header === null) return refuseMessage(core, null, 'no ISAKMP header');
  const problem = headerProblem(header);
  if (core.steps.headerJudged(problem?.why ?? null) !== null) {
    refuseMessage(core, null, problem?.why ?? 'a header that cannot be');
    return refuseStranger(core, header, from, problem?.notifyType ?? null);
  }
  if (header.nextPayload === IsakmpPayloadType.FRAG) return takeFragment(core, header, octets, from);
  takeMessage(core, header, octets, from);
}

/** A whole message. */
function takeMessage(core: Core, header: DecodedIsakmpHeader, octets: Uint8Array, from: Way): void {
  const message = withoutWireErrors(() => decodeIsakmpMessage(octets));
  const sa = senderOf(core, header);
  if (message === null) {
    refuseMessage(core, sa, 'malformed');
    return refuseStranger(core, header, from, sa === null ? IsakmpNotify['PAYLOAD-MALFORMED'] : null);
  }
  if (sa === null) {
    if (isFirst(header)) return takeFirst(core, message, octets, from);
    refuseMessage(core, null, 'about no ISAKMP SA');
    return refuseStranger(core, header, from, IsakmpNotify['INVALID-COOKIE']);
  }
  if (sa.kind === 'offered' && isFirst(header)) return refuseMessage(core, sa, 'sent by this end');
  if (isPhaseOneType(header.exchangeType)) return takePhaseOne(core, sa, { message, octets, from });
  if (message.body === null) return takeClear(core, sa, message, octets, from);
  takeSealed(core, sa, message, octets, from);
}

/** By both cookies; an answer to a first message has a cookie that nobody knows yet. */
function senderOf(core: Core, header: DecodedIsakmpHeader): IsakmpSa | null {
  const { initiatorCookie, responderCookie } = header;
  const known = saOf(core, header);
  if (known !== null || responderCookie === NO_COOKIE) return known;
  const offered = saOf(core, { initiatorCookie, responderCookie: NO_COOKIE });
  return offered?.kind === 'offered' ? offered : null;
}

function isFirst({ exchangeType, responderCookie, isEncrypted }: DecodedIsakmpHeader): boolean {
  return isPhaseOneType(exchangeType) && responderCookie === NO_COOKIE && !isEncrypted;
}

/** Pieces of first messages are nobody's: whoever sends one cannot know that this end takes any. */
function takeFragment(core: Core, header: DecodedIsakmpHeader, octets: Uint8Array, from: Way): void {
  const sa = senderOf(core, header);
  const message = withoutWireErrors(() => decodeIsakmpMessage(octets));
  const piece = message === null ? null : payloadOf(message.payloads, 'FRAG');
  if (sa === null || piece === null) return refuseMessage(core, sa, 'a fragment of nothing');
  if (sa.connection.fragmentation === 'no') return refuseMessage(core, sa, 'a fragment, which was not offered');
  if (!addressesEqual(sa.path.remote, from.remote)) return refuseMessage(core, sa, 'a fragment from elsewhere');
  const collected = collect(sa.fragments, piece, core.config.limits.messageOctets);
  switch (collected.kind) {
    case 'old':
      return;
    case 'tooBig':
      return storeSa(core, { ...sa, fragments: null });
    case 'more':
      return storeSa(core, { ...sa, fragments: collected.set });
    case 'whole':
      break;
  }
  storeSa(core, { ...sa, fragments: null });
  const whole = collected.message;
  const inner = withoutWireErrors(() => decodeIsakmpHeader(whole));
  const isOfIt =
    inner !== null &&
    inner.initiatorCookie === header.initiatorCookie &&
    inner.responderCookie === header.responderCookie &&
    inner.nextPayload !== IsakmpPayloadType.FRAG &&
    headerProblem(inner) === null;
  if (inner === null || !isOfIt) return refuseMessage(core, sa, 'fragments of something else');
  takeMessage(core, inner, whole, from);
}

/** To whoever has no ISAKMP SA with this end, at a rate; an Informational is not answered, RFC 2408 §5.2. */
function refuseStranger(core: Core, header: DecodedIsakmpHeader, from: Way, notifyType: number | null): void {
  const isNotice = header.exchangeType === IsakmpExchange.INFORMATIONAL;
  if (notifyType === null || isNotice || !core.strangers.take(core.now)) return;
  sendClearNotice(core, header, from, notifyType, Math.max(header.length, SMALLEST_NOTICE));
}

/** Header and notify with both cookies: no more than what a datagram of a header costs, three times. */
const SMALLEST_NOTICE = 56;
