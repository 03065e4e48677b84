import { decodePayloads, encodePayloads } from '../../wire/ike/codec.ts';
import { coveredOf, sealedMessage } from '../../wire/ike/encrypted.ts';
import type { IkeMessage } from '../../wire/ike/message.ts';
import type { Payload } from '../../wire/ike/payload.ts';
import { ExchangeType, NotifyType } from '../../wire/ike/registry.ts';
import { NS_PER_S } from '../../wire/instant.ts';
import { setU32 } from '../../wire/octets.ts';
import type { IkeDatagram } from '../daemon.ts';
import type { ProtocolError } from '../protocol-error.ts';
import { applyStep, type Occasion } from './apply.ts';
import { type Core, worldOf } from './core.ts';
import { endIkeSa } from './end.ts';
import { checkPayloads } from './exchange-table.ts';
import type { ReceivedMessage } from './exchange.ts';
import { initiatorOf, responderOf } from './exchanges.ts';
import { isPossibleFragment } from './fragments.ts';
import { type IkeSa, isKeyed, type KeyedIkeSa } from './ike-sa.ts';
import { errorOf, notifyFor, notifyOf, notifyPayload } from './notify.ts';
import { gather, openMessage } from './open-message.ts';
import { followsPeer } from './peer-place.ts';
import { provesCrash } from './quick-crash.ts';
import { refuseMessage } from './refuse.ts';
import { repeatAnswer } from './repeat-answer.ts';
import { storeSa } from './sa-table.ts';
import { type Step, step, type World } from './step.ts';
import { type OutstandingRequest, placeOf, type RequestPlace, type SealedContent, withoutRequest } from './windows.ts';
import { withoutWireErrors } from './wire-value.ts';

type Way = Omit<IkeDatagram, 'octets'>;

/** A message about an IKE SA, in its window or not. Nothing of the IKE SA changes before it was shown to be authentic. */
export function takeProtected(core: Core, sa: IkeSa, message: IkeMessage, octets: Uint8Array, from: Way): void {
  const last = message.payloads.at(-1);
  if (!isKeyed(sa)) return refuseMessage(core, sa, 'before there are keys');
  if (last?.type !== 'SK' && last?.type !== 'SKF') return takeUnprotected(core, sa, message, octets, from);
  const request = outstandingOf(sa, message);
  if (message.isResponse && request === null) {
    // A late copy of an answer is nothing to tell of.
    if (message.messageId >= sa.windows.requests.nextId) refuseMessage(core, sa, 'an answer to nothing');
    return;
  }
  const place = message.isResponse ? 'new' : placedBy(core, sa, message.messageId);
  if (place === 'waiting') return;
  if (last.type === 'SKF' && !(sa.extensions.has('fragmentation') && isPossibleFragment(last))) {
    return refuseMessage(core, sa, 'a fragment that cannot be');
  }
  const inner = openMessage(sa, message, last, octets);
  if (inner === null) return refuseMessage(core, sa, 'not authentic');
  const counted: KeyedIkeSa = { ...sa, received: sa.received + 1 };
  if (place === 'answered') return repeatAnswer(core, counted, message, last, from);
  if (place === 'outside') return complain(core, counted, message.messageId);
  // A copy says nothing of whether the peer lives: anybody may have kept it.
  const heard: KeyedIkeSa = { ...counted, heardAt: core.now };
  const whole =
    last.type === 'SK'
      ? { sa: heard, firstPayload: last.firstPayload, inner }
      : gather(core, heard, message, last, inner);
  if (whole === null) return;
  const content: SealedContent = {
    associated: last.type === 'SK' ? Uint8Array.from(coveredOf(octets, message)) : coveredAsWhole(message, whole),
    inner: whole.inner,
    firstPayload: whole.firstPayload,
  };
  takeWhole(core, whole.sa, { header: message, octets, content, from }, message.payloads, request);
}

/** What would stand before the IV if the message had come in one piece, RFC 9242 §3.3.2. */
function coveredAsWhole(header: IkeMessage, { firstPayload }: Pick<SealedContent, 'firstPayload'>): Uint8Array {
  return sealedMessage(header, { firstPayload, bodyOctets: 0, fragment: null });
}

function placedBy({ steps }: Core, { windows }: KeyedIkeSa, messageId: number): RequestPlace {
  return steps.placed(placeOf(windows.responses, messageId), messageId);
}

/** INVALID_MESSAGE_ID goes in an exchange of its own, seldom, and not for what is a late copy: §2.3. */
function complain(core: Core, sa: KeyedIkeSa, messageId: number): void {
  refuseMessage(core, sa, `Message ID ${messageId} outside of the window`);
  storeSa(core, sa);
  const isCopy = messageId < sa.windows.responses.expectedId;
  if (isCopy || sa.kind !== 'established' || !core.complaints.take(core.now)) return;
  const data = new Uint8Array(4);
  setU32(data, 0, messageId);
  const payloads = [notifyPayload(NotifyType.INVALID_MESSAGE_ID, data)];
  storeSa(core, { ...sa, tasks: [...sa.tasks, { kind: 'inform', payloads, isLast: false }] });
}

/** A datagram about an IKE SA that is not protected by its keys: at most a hint, RFC 7296 §2.21.4. */
function takeUnprotected(core: Core, sa: KeyedIkeSa, message: IkeMessage, octets: Uint8Array, from: Way): void {
  if (core.steps.believesClear(message)) {
    const { first, octets: inner } = encodePayloads(message.payloads);
    const content: SealedContent = { associated: NOTHING, inner, firstPayload: first };
    return takeWhole(core, sa, { header: message, octets, content, from }, [], outstandingOf(sa, message));
  }
  if (!message.isResponse || sa.kind !== 'established') return refuseMessage(core, sa, 'not protected');
  if (provesCrash(message.payloads, sa.peerCrashToken ?? null)) {
    const why = 'the peer has crashed: it shows its token';
    return applyStep(core, sa, endIkeSa(sa, 'dead', why, worldOf(core)), null);
  }
  refuseMessage(core, sa, 'not protected');
  if (notifyOf(message.payloads, NotifyType.INVALID_IKE_SPI) === null) return;
  const isBusy = sa.tasks.length > 0 || sa.windows.requests.outstanding.length > 0;
  if (isBusy || core.now - sa.heardAt < HINT_NS) return;
  applyStep(core, sa, step(sa, { kind: 'task', task: { kind: 'liveness' } }), null);
}

const NOTHING = new Uint8Array(0);

/** Hints are followed this long after the peer was heard last, and not before. */
const HINT_NS = 10 * NS_PER_S;

function outstandingOf(
  { windows }: KeyedIkeSa,
  { isResponse, messageId, exchangeType }: IkeMessage,
): OutstandingRequest | null {
  if (!isResponse) return null;
  const isIt = ({ header }: OutstandingRequest) =>
    header.messageId === messageId && header.exchangeType === exchangeType;
  return windows.requests.outstanding.find(isIt) ?? null;
}

/** A message that is authentic, new and whole. */
function takeWhole(
  core: Core,
  sa: KeyedIkeSa,
  message: Omit<ReceivedMessage, 'payloads'> & { readonly content: SealedContent },
  clear: readonly Payload[],
  request: OutstandingRequest | null,
): void {
  const { content } = message;
  const decoded = withoutWireErrors(() => decodePayloads(content.firstPayload, content.inner));
  const read = core.steps.incoming({ ...message.header, payloads: decoded ?? [] });
  if (read === null) return;
  const payloads = decoded === null ? null : read.payloads;
  const header = { ...message.header, exchangeType: read.exchangeType };
  const received: ReceivedMessage = { ...message, header, payloads: read.payloads };
  if (request !== null) return takeResponse(core, sa, received, request, payloads === null);
  if (!mayAsk(sa, header.exchangeType)) {
    storeSa(core, sa);
    return refuseMessage(core, sa, `a request while ${sa.kind}`);
  }
  const placed = atItsPlace(sa, message.from);
  const occasion: Occasion = { message: received, request: null, fetched: new Map() };
  if (payloads === null)
    return refuseRequest(core, placed, occasion, { kind: 'malformed', field: 'payloads', offset: 0 });
  // What stands in the clear in front of SK is passed over, unless it says that it must not be.
  const critical = core.steps.unsupportedCritical([...clear, ...payloads]);
  if (critical !== null) {
    return refuseRequest(core, placed, occasion, { kind: 'unsupportedCriticalPayload', payloadType: critical });
  }
  dispatchRequest(core, placed, { ...occasion, message: { ...received, payloads: known(payloads) } });
}

/** A peer that has not proven who it is asks for nothing but to do so; who has not proven it to us is not answered. */
function mayAsk(sa: KeyedIkeSa, exchangeType: number): boolean {
  if (sa.kind === 'authenticating' || sa.kind === 'closed') return false;
  if (sa.kind !== 'halfOpen') return true;
  return exchangeType === ExchangeType.IKE_AUTH || exchangeType === ExchangeType.IKE_INTERMEDIATE;
}

/** The peer is where its last new request came from, as far as a NAT may have moved it: §2.23. */
function atItsPlace(sa: KeyedIkeSa, { local, localPort, remote, remotePort }: Way): KeyedIkeSa {
  if (sa.kind === 'halfOpen') return { ...sa, path: { ...sa.path, local, localPort, remote, remotePort } };
  return followsPeer(sa) ? { ...sa, path: { ...sa.path, remote, remotePort } } : sa;
}

/** Hands a request to its exchange; again with what was fetched for it. */
export function dispatchRequest(core: Core, sa: KeyedIkeSa, occasion: Occasion): void {
  const { message } = occasion;
  const responder = responderOf(message.header.exchangeType, message.payloads, sa);
  if (responder === null) {
    const field = `exchange ${message.header.exchangeType} while ${sa.kind}`;
    return refuseRequest(core, sa, occasion, { kind: 'malformed', field, offset: 0 });
  }
  const wrong = core.steps.checked(checkPayloads(responder.table.request, message.payloads));
  if (wrong !== null) return refuseRequest(core, sa, occasion, wrong);
  const answered = responder.respond(sa, message, worldOf(core, occasion.fetched));
  applyStep(core, sa, withFatal(answered, worldOf(core)), occasion);
}

/** INVALID_SYNTAX ends an IKE SA at both ends, without a Delete: §2.21.3. */
function withFatal({ sa, effects }: Step, world: World): Step {
  const isFatal = effects.some(effect => effect.kind === 'respond' && isSyntaxError(effect.payloads));
  if (!isFatal || sa === null || sa.kind === 'closed') return { sa, effects };
  const end = endIkeSa(sa, 'failed', 'a request of the peer was malformed', world);
  // It takes the place of no other, then.
  const own = effects.filter(({ kind }) => kind !== 'delay');
  return { sa: end.sa, effects: [...own, ...end.effects] };
}

const isSyntaxError = (payloads: readonly Payload[]): boolean => notifyOf(payloads, NotifyType.INVALID_SYNTAX) !== null;

/** An error that the dispatcher has seen: told in the answer, §2.21; a malformed request is fatal for both (§2.21.3). */
function refuseRequest(core: Core, sa: KeyedIkeSa, occasion: Occasion, error: ProtocolError): void {
  const why = error.kind === 'malformed' ? `malformed: ${error.field}` : error.kind;
  refuseMessage(core, sa, why);
  const notify = core.steps.answered(notifyFor(error, { isResponse: false, isProtected: true }), error);
  if (notify === 'drop') return;
  const isFatal = error.kind === 'malformed' || sa.kind === 'halfOpen';
  const end: Step = isFatal ? endIkeSa(sa, 'failed', why, worldOf(core)) : step(sa);
  applyStep(core, sa, { ...end, effects: [{ kind: 'respond', payloads: [notify] }, ...end.effects] }, occasion);
}

function takeResponse(
  core: Core,
  sa: KeyedIkeSa,
  message: ReceivedMessage,
  request: OutstandingRequest,
  isMalformed: boolean,
): void {
  const { requests } = sa.windows;
  const windows = { ...sa.windows, requests: withoutRequest(requests, request.header.messageId) };
  const answered = withIntermediate({ ...sa, windows }, message, request);
  const occasion: Occasion = {
    message: { ...message, payloads: known(message.payloads) },
    request,
    fetched: new Map(),
  };
  const isCritical = core.steps.unsupportedCritical(message.payloads) !== null;
  const { table } = initiatorOf(request.task);
  const isError = errorOf(message.payloads) !== null;
  const wrong = isError ? null : core.steps.checked(checkPayloads(table.response, message.payloads));
  if (!isMalformed && !isCritical && wrong === null) return dispatchResponse(core, answered, occasion);
  // Both ends do not mean the same any more: nothing is left but to end it, §2.21 and §2.21.3.
  refuseMessage(core, sa, 'an answer that cannot be understood');
  const end =
    answered.kind === 'established'
      ? step(answered, { kind: 'task', task: { kind: 'deleteIke' } })
      : endIkeSa(answered, 'failed', 'an answer that cannot be understood', worldOf(core));
  applyStep(core, answered, end, null);
}

/** Hands a response to the exchange that asked; again with what was fetched for it. */
export function dispatchResponse(core: Core, sa: KeyedIkeSa, occasion: Occasion): void {
  const { request, message, fetched } = occasion;
  if (request === null) throw new Error('an answer to nothing');
  if (isSyntaxError(message.payloads) && sa.kind !== 'authenticating') {
    const why = 'the peer could not read a request';
    return applyStep(core, sa, endIkeSa(sa, 'failed', why, worldOf(core)), occasion);
  }
  applyStep(core, sa, initiatorOf(request.task).conclude(sa, request, message, worldOf(core, fetched)), occasion);
}

/** RFC 9242 §3.3.2, as in apply.ts for the responder. */
function withIntermediate(
  sa: KeyedIkeSa,
  { content: response }: ReceivedMessage,
  { header, content }: OutstandingRequest,
): KeyedIkeSa {
  if (header.exchangeType !== ExchangeType.IKE_INTERMEDIATE || sa.kind !== 'authenticating') return sa;
  if (content === null || response === null) return sa;
  const { skPi, skPr } = sa.keys;
  const intermediates = [...sa.initial.intermediates, { skPi, skPr, request: content, response }];
  return { ...sa, initial: { ...sa.initial, intermediates } };
}

/** What is not critical, and not known, is passed over: §2.5. */
const known = (payloads: readonly Payload[]): readonly Payload[] => payloads.filter(({ type }) => type !== 'unknown');
