import { decodeIkeMessage } from '../../wire/ike/codec.ts';
import { type DecodedIkeHeader, decodeIkeHeader } from '../../wire/ike/header.ts';
import { type IkeHeader, type IkeMessage, NO_SPI } from '../../wire/ike/message.ts';
import { ExchangeType, PayloadType } from '../../wire/ike/registry.ts';
import { requestDigest } from '../counted.ts';
import type { IkeDatagram } from '../daemon.ts';
import type { ProtocolError } from '../protocol-error.ts';
import { applyStep } from './apply.ts';
import { type Core, worldOf } from './core.ts';
import type { ReceivedMessage } from './exchange.ts';
import { gate } from './gate.ts';
import { answerInitial } from './initial-answer.ts';
import { initialExchange } from './initial-request.ts';
import type { InitiatingIkeSa } from './ike-sa.ts';
import { secretsOf } from './key-log.ts';
import { notifyFor } from './notify.ts';
import { ownCrashToken } from './quick-crash.ts';
import { takeProtected } from './receive-protected.ts';
import { refuseMessage } from './refuse.ts';
import { answerResume } from './resume-answer.ts';
import { saOf, storeSa } from './sa-table.ts';
import { headerOf, prepareClear, transmit } from './send.ts';
import { withAnswer } from './windows.ts';
import { withoutWireErrors } from './wire-value.ts';

type Way = Omit<IkeDatagram, 'octets'>;

/** One datagram: of a stranger, of a peer, or nobody's. */
export function receiveDatagram(core: Core, datagram: IkeDatagram): void {
  const { octets, ...from } = datagram;
  if (octets.length > core.config.limits.messageOctets) return refuseMessage(core, null, 'longer than any message');
  const header = readHeader(octets);
  if (header === null) return refuseMessage(core, null, 'no IKE header');
  if (header.majorVersion > 2)
    return refuseStranger(core, header, from, { kind: 'unsupportedVersion', major: header.majorVersion });
  if (header.majorVersion < 2) return refuseMessage(core, null, `version ${header.majorVersion}`);
  if (FIRST.includes(header.exchangeType)) return takeInitial(core, header, octets, from);
  const sa = saOf(core, header);
  if (sa === null && isHint(header)) return refuseMessage(core, null, 'a hint about no IKE SA');
  if (sa === null) return refuseStranger(core, header, from, { kind: 'unknownIkeSa' });
  // Who made the IKE SA sets the Initiator flag, in all of its messages: §3.1.
  if (header.isInitiator === (sa.role === 'initiator')) return refuseMessage(core, sa, 'sent by this end');
  const message = readMessage(octets);
  if (message === null) return refuseMessage(core, sa, 'malformed');
  takeProtected(core, sa, message, octets, from);
}

/** In the clear, of a node that has no IKE SA with us, such as INVALID_SPI: answers could make a loop, RFC 7296 §1.5. */
function isHint({ exchangeType, isResponse, nextPayload }: DecodedIkeHeader): boolean {
  return exchangeType === ExchangeType.INFORMATIONAL && !isResponse && nextPayload === PayloadType.N;
}

/** Exchanges that an IKE SA begins with. */
const FIRST: readonly number[] = [ExchangeType.IKE_SA_INIT, ExchangeType.IKE_SESSION_RESUME];

/** IKE_SA_INIT, or IKE_SESSION_RESUME: whatever its SPIs, it is about no IKE SA that has keys. */
function takeInitial(core: Core, header: DecodedIkeHeader, octets: Uint8Array, from: Way): void {
  if (header.messageId !== 0 || header.isInitiator === header.isResponse || header.initiatorSpi === NO_SPI) {
    return refuseMessage(core, null, 'an IKE_SA_INIT that cannot be');
  }
  if (header.isResponse) return takeInitialResponse(core, header, octets, from);
  if (header.responderSpi !== NO_SPI) return refuseMessage(core, null, 'IKE_SA_INIT with both SPIs');
  takeInitialRequest(core, header, octets, from);
}

function takeInitialResponse(core: Core, header: DecodedIkeHeader, octets: Uint8Array, from: Way): void {
  if (header.responderSpi !== NO_SPI && saOf(core, header) !== null) return; // the same answer again
  const sa = saOf(core, { initiatorSpi: header.initiatorSpi, responderSpi: NO_SPI });
  const request = sa?.windows.requests.outstanding[0];
  if (sa?.kind !== 'initiating' || request?.header.exchangeType !== header.exchangeType)
    return refuseMessage(core, null, 'an answer to nothing');
  if (!isFromThere(sa, from)) return refuseMessage(core, sa, 'an answer from elsewhere');
  const read = readMessage(octets);
  if (read === null) return refuseMessage(core, sa, 'malformed');
  const message = core.steps.incoming(read);
  if (message === null) return;
  if (core.steps.unsupportedCritical(message.payloads) !== null)
    return refuseMessage(core, sa, 'critical and not known');
  const received: ReceivedMessage = { header, payloads: message.payloads, octets, content: null, from };
  const heard: InitiatingIkeSa = { ...sa, received: sa.received + 1 };
  const task = { kind: 'initial' } as const;
  const step = initialExchange.conclude(heard, { ...request, task }, received, worldOf(core));
  applyStep(core, heard, step, null);
}

/** An answer comes from whom was asked; its port may be another behind a NAT. */
function isFromThere({ path }: InitiatingIkeSa, from: Way): boolean {
  return Buffer.compare(path.remote, from.remote) === 0 && Buffer.compare(path.local, from.local) === 0;
}

function takeInitialRequest(core: Core, header: DecodedIkeHeader, octets: Uint8Array, from: Way): void {
  const digest = requestDigest(octets, from.remote, from.remotePort);
  const known = core.byRequest.get(digest);
  if (known !== undefined) return repeatInitial(core, known, from);
  const read = readMessage(octets);
  if (read === null) return refuseMessage(core, null, 'malformed');
  const message = core.steps.incoming(read);
  if (message === null) return;
  const request: ReceivedMessage = { header, payloads: message.payloads, octets, content: null, from };
  const verdict = gate(core, request);
  if (verdict.kind === 'drop') return;
  // Whoever's address it came from may not have sent it, and is not sent more than that.
  if (verdict.kind === 'answer') return answerClear(core, message, from, verdict.payloads, octets.length);
  const critical = core.steps.unsupportedCritical(message.payloads);
  if (critical !== null) {
    return refuseInitial(core, message, from, { kind: 'unsupportedCriticalPayload', payloadType: critical });
  }
  const isResumption = header.exchangeType === ExchangeType.IKE_SESSION_RESUME;
  const answer = (isResumption ? answerResume : answerInitial)(request, worldOf(core));
  if (answer.kind === 'elsewhere') return answerClear(core, message, from, answer.payloads);
  if (answer.kind === 'refused') return refuseInitial(core, message, from, answer.error);
  const { sa } = answer;
  const answerHeader = headerOf(sa, { exchangeType: header.exchangeType, messageId: 0, isResponse: true });
  const { messages } = prepareClear(core, { ...answerHeader, payloads: answer.payloads });
  transmit(core, from, messages);
  const [first = new Uint8Array(0)] = messages;
  const said = { header: answerHeader, messages, content: null, fragmentOctets: null, repeats: 0 };
  storeSa(core, {
    ...sa,
    sent: 1,
    initial: { ...sa.initial, responderMessage: first },
    windows: { ...sa.windows, responses: withAnswer(sa.windows.responses, said) },
  });
  core.byRequest.set(digest, sa.id);
  core.requestOf.set(sa.id, digest);
  core.deferredKeys = sa.keys;
  if (core.config.revealsSecrets) core.out.secrets.push(secretsOf(sa));
}

/** No initiator repeats its first request more often: more would only have the answers sent to somebody who never asked. */
const INITIAL_REPEATS_MAX = 20;

/** The request that an IKE SA came of, once more: the same answer, as long as nothing came after it (§2.1). */
function repeatInitial(core: Core, id: number, from: Way): void {
  const sa = core.sas.get(id);
  const answered = sa?.windows.responses.answered.find(({ header }) => header.messageId === 0);
  if (sa === undefined || sa.kind !== 'halfOpen' || answered === undefined) return;
  if (!core.steps.repeatsResponse(0) || sa.retransmitted >= INITIAL_REPEATS_MAX) return;
  transmit(core, from, answered.messages);
  storeSa(core, { ...sa, received: sa.received + 1, retransmitted: sa.retransmitted + 1 });
}

/** An IKE_SA_INIT that leads to nothing is answered, at a rate: §2.21.1 and §2.21.4. */
function refuseInitial(core: Core, message: IkeMessage, from: Way, error: ProtocolError): void {
  refuseMessage(core, null, error.kind);
  const notify = core.steps.answered(notifyFor(error, { isResponse: false, isProtected: false }), error);
  if (notify === 'drop' || !core.refusedCallers.take(core.now)) return;
  answerClear(core, message, from, [notify]);
}

/** To a request that is about no IKE SA: with its SPIs and Message ID, in the clear. Responses are not answered. */
function refuseStranger(core: Core, header: IkeHeader, from: Way, error: ProtocolError): void {
  refuseMessage(core, null, error.kind);
  const said = notifyFor(error, { isResponse: header.isResponse, isProtected: false });
  const notify = core.steps.answered(said, error);
  if (notify === 'drop' || !core.strangers.take(core.now)) return;
  // RFC 6290 §4.5: so that a peer that knows us knows at once.
  const isForgotten = error.kind === 'unknownIkeSa' && header.responderSpi !== NO_SPI;
  const makesTokens = core.config.connections.some(({ quickCrashDetection }) => quickCrashDetection);
  const token = isForgotten && makesTokens ? [ownCrashToken(core.config, header)] : [];
  answerClear(core, header, from, [notify, ...token]);
}

function answerClear(
  core: Core,
  request: IkeHeader,
  from: Way,
  payloads: IkeMessage['payloads'],
  octetsMax = Number.POSITIVE_INFINITY,
): void {
  const { initiatorSpi, responderSpi, exchangeType, messageId, isInitiator } = request;
  const message: IkeMessage = {
    initiatorSpi,
    responderSpi,
    majorVersion: 2,
    minorVersion: 0,
    exchangeType,
    isInitiator: !isInitiator,
    isResponse: true,
    higherVersion: false,
    messageId,
    payloads,
  };
  const { messages } = prepareClear(core, message);
  transmit(
    core,
    from,
    messages.filter(({ length }) => length <= octetsMax),
  );
}

/** null: there is none. The header of any version. */
function readHeader(octets: Uint8Array): DecodedIkeHeader | null {
  return withoutWireErrors(() => decodeIkeHeader(octets));
}

function readMessage(octets: Uint8Array): IkeMessage | null {
  return withoutWireErrors(() => decodeIkeMessage(octets));
}
