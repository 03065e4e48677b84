import { tell } from '../tell.ts';
import { addressesEqual } from '../../wire/address.ts';
import type { IsakmpMessage } from '../../wire/isakmp/message.ts';
import { IsakmpNotify } from '../../wire/isakmp/registry.ts';
import type { IkeDatagram } from '../daemon.ts';
import { type FetchAnswers, NOTHING_FETCHED, park } from '../fetching.ts';
import { applyStep } from './apply.ts';
import { unlock } from './candidate-secrets.ts';
import { type Core, worldOf } from './core.ts';
import { endIsakmpSa } from './end.ts';
import type { ReceivedMessage } from './exchange.ts';
import { secretsOf } from './key-log.ts';
import { isInitiating, isKeyed, type IsakmpSa, nameOf, type NegotiatingIsakmpSa } from './isakmp-sa.ts';
import { opened, unknownPayload } from './opened.ts';
import { isNextEncrypted, receivePhaseOne } from './phase1.ts';
import { doubtMessage, refuseMessage, withRefusal } from './refuse.ts';
import { messageDigest, storeSa } from './sa-table.ts';
import { phaseOneExchange, sendClearNotice, sendSealedNotice, transmit, wayOf } from './send.ts';

type Way = Omit<IkeDatagram, 'octets'>;

const REPEATS_MAX = 20;

/** A message as it came. */
export interface ArrivedMessage {
  readonly message: IsakmpMessage;
  readonly octets: Uint8Array;
  readonly from: Way;
}

/** A message of phase 1 about an ISAKMP SA that is there; `fetched` is what was fetched for it, when it has waited for that. */
export function takePhaseOne(
  core: Core,
  sa: IsakmpSa,
  arrived: ArrivedMessage,
  fetched: FetchAnswers = NOTHING_FETCHED,
): void {
  const { message, octets, from } = arrived;
  // The peer repeats itself meanwhile. Only who can prove to be somebody makes this end wait.
  if (core.parked.has(sa.id)) return;
  if (message.exchangeType !== phaseOneExchange(sa)) return refuseMessage(core, sa, 'of another exchange');
  const digest = messageDigest(octets);
  if (sa.conversation.heard === digest) return repeatAnswer(core, sa, from);
  if (sa.kind === 'established') return refuseMessage(core, sa, 'phase 1 is over');
  if (!addressesEqual(sa.path.remote, from.remote)) return refuseMessage(core, sa, 'from elsewhere');
  const read = readPhaseOne(core, sa, message, octets, from);
  if (read === null) return;
  const { received } = read;
  const unknown = unknownPayload(received.payloads);
  if (unknown !== null) {
    return ignore(core, sa, message, octets, from, `payload type ${unknown}`, IsakmpNotify['INVALID-PAYLOAD-TYPE']);
  }
  const heard = { ...read.sa, received: sa.received + 1 };
  const result = receivePhaseOne(heard, received, worldOf(core, fetched));
  switch (result.kind) {
    case 'step':
      return applyStep(core, heard, result.step, { digest, from });
    case 'waits':
      return park(core, sa.id, arrived, result.fetches, fetched);
    case 'ignored':
      return ignore(core, sa, message, octets, from, result.why, result.notifyType);
    case 'doubted':
      doubtMessage(core, sa, result.why);
      storeSa(core, withRefusal(sa, result.why, core.now));
      return answerRefused(core, sa, message, octets, from, result.notifyType);
    case 'failed':
      return fail(core, heard, result.why, result.notifyType);
  }
}

/** The peer has missed the answer to what it sends again. Who repeats by a clock does not repeat besides: two such would never end. */
export function repeatAnswer(core: Core, sa: IsakmpSa, from: Way): void {
  const { conversation } = sa;
  if (!core.steps.repeatsAnswer() || conversation.repeats >= REPEATS_MAX || conversation.resendAt !== null) return;
  // An initiator that has changed to port 4500 says nothing from the old one any more, RFC 3947 §4.
  transmit(core, sa.role === 'initiator' ? wayOf(sa) : from, conversation.sent);
  storeSa(core, {
    ...sa,
    conversation: { ...conversation, repeats: conversation.repeats + 1 },
    received: sa.received + 1,
    retransmitted: sa.retransmitted + 1,
  });
}

interface Read {
  /** Past this message: its IV, and where what was encrypted came from. */
  readonly sa: NegotiatingIsakmpSa;
  readonly received: ReceivedMessage;
}

function readPhaseOne(
  core: Core,
  sa: NegotiatingIsakmpSa,
  message: IsakmpMessage,
  octets: Uint8Array,
  from: Way,
): Read | null {
  const mustBeEncrypted = isNextEncrypted(sa);
  if (mustBeEncrypted !== null && mustBeEncrypted !== message.isEncrypted) {
    refuseMessage(core, sa, message.isEncrypted ? 'encrypted too early' : 'in the clear');
    return null;
  }
  if (message.body === null) return passed(core, sa, opened(message, message.payloads, octets, from));
  if (!isKeyed(sa)) throw new Error('an encrypted message without keys');
  const unlocked = unlock(sa, message);
  if (unlocked === null) {
    if (sa.suite.method === 'psk') doubtMessage(core, sa, 'cannot be read, as with another secret');
    else refuseMessage(core, sa, 'cannot be read');
    return null;
  }
  const { local, localPort, remote, remotePort } = from;
  // A responder answers to where the initiator is now: RFC 3947 §4, port 4500.
  const path = sa.role === 'responder' ? { ...sa.path, local, localPort, remote, remotePort } : sa.path;
  const { inside } = unlocked;
  const isSecretFound = sa.kind === 'halfOpen' && sa.others.length > 0;
  if (isSecretFound && core.config.revealsSecrets) core.out.secrets.push(secretsOf(unlocked.sa));
  return passed(core, { ...unlocked.sa, iv: inside.iv, path }, opened(message, inside.payloads, inside.octets, from));
}

function passed(core: Core, sa: NegotiatingIsakmpSa, message: ReceivedMessage): Read | null {
  const received = core.steps.incoming(message);
  return received === null ? null : { sa, received };
}

/** Whoever sent it has shown nothing: the exchange goes on as if it had not come. */
function ignore(
  core: Core,
  sa: NegotiatingIsakmpSa,
  message: IsakmpMessage,
  octets: Uint8Array,
  from: Way,
  why: string,
  notifyType: number | null,
): void {
  refuseMessage(core, sa, why);
  answerRefused(core, sa, message, octets, from, notifyType);
}

/** An initiator has asked, and says no more. */
function answerRefused(
  core: Core,
  sa: NegotiatingIsakmpSa,
  message: IsakmpMessage,
  octets: Uint8Array,
  from: Way,
  notifyType: number | null,
): void {
  if (notifyType === null || isInitiating(sa) || !core.refusedCallers.take(core.now)) return;
  sendClearNotice(core, message, from, notifyType, octets.length);
}

/** The peer has the keys, and is not who it has to be. */
function fail(core: Core, sa: NegotiatingIsakmpSa, why: string, notifyType: number): void {
  const detail = `${nameOf(sa)}: ${why}`;
  tell(core, { kind: 'authenticationFailed', connection: sa.connection.name, detail });
  if (isKeyed(sa)) sendSealedNotice(core, sa, notifyType);
  const there = core.sas.get(sa.id) ?? sa;
  applyStep(core, there, endIsakmpSa(there, 'failed', why, worldOf(core)), null);
}
