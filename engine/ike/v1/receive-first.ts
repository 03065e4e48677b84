import type { IsakmpMessage } from '../../wire/isakmp/message.ts';
import { IsakmpExchange, IsakmpNotify } from '../../wire/isakmp/registry.ts';
import { requestDigest } from '../counted.ts';
import type { IkeDatagram } from '../daemon.ts';
import { answerAggressive } from './aggressive-responder.ts';
import { applyStep } from './apply.ts';
import { type Core, worldOf } from './core.ts';
import { mayEnter } from './gate.ts';
import { answerOffer } from './main-responder.ts';
import { opened, unknownPayload } from './opened.ts';
import { refuseMessage } from './refuse.ts';
import { messageDigest, storeSa } from './sa-table.ts';
import { sendClearNotice, transmit } from './send.ts';

type Way = Omit<IkeDatagram, 'octets'>;

/** A first message of phase 1: nobody repeats one more often. */
const REPEATS_MAX = 20;

/** What is kept of it is nobody's yet: 255 transforms with all their attributes, and a certificate request or two. */
const FIRST_OCTETS_MAX = 16_384;

/** A stranger's first message; the same again gets the same answer, as long as nothing came after it. */
export function takeFirst(core: Core, message: IsakmpMessage, octets: Uint8Array, from: Way): void {
  const digest = requestDigest(octets, from.remote, from.remotePort);
  const known = core.byRequest.get(digest);
  if (known !== undefined) return repeat(core, known, messageDigest(octets), from);
  if (octets.length > FIRST_OCTETS_MAX) return refuseMessage(core, null, 'longer than any first message');
  const received = core.steps.incoming(opened(message, message.payloads, octets, from));
  if (received === null) return;
  const unknown = unknownPayload(received.payloads);
  if (unknown !== null) {
    return refuse(core, message, from, octets, `payload type ${unknown}`, IsakmpNotify['INVALID-PAYLOAD-TYPE']);
  }
  if (!mayEnter(core, from.remote)) return;
  const isMain = message.exchangeType === IsakmpExchange.IDENTITY_PROTECTION;
  const answer = (isMain ? answerOffer : answerAggressive)(received, message.initiatorCookie, worldOf(core));
  if (answer.kind === 'refused') return refuse(core, message, from, octets, answer.why, answer.notifyType);
  const { sa, payloads, effects } = answer;
  storeSa(core, sa);
  core.byRequest.set(digest, sa.id);
  core.requestOf.set(sa.id, digest);
  const said = { kind: 'phase1', payloads, isEncrypted: false, awaits: false } as const;
  applyStep(core, sa, { sa, effects: [said, ...effects] }, { digest: messageDigest(octets), from });
}

function repeat(core: Core, id: number, digest: string, from: Way): void {
  const sa = core.sas.get(id);
  if (sa === undefined || sa.conversation.heard !== digest || !core.steps.repeatsAnswer()) return;
  if (sa.conversation.repeats >= REPEATS_MAX) return;
  transmit(core, from, sa.conversation.sent);
  const conversation = { ...sa.conversation, repeats: sa.conversation.repeats + 1 };
  storeSa(core, { ...sa, conversation, received: sa.received + 1, retransmitted: sa.retransmitted + 1 });
}

/** Told in the clear, at a rate: the answer is no longer than the question. */
function refuse(
  core: Core,
  message: IsakmpMessage,
  from: Way,
  octets: Uint8Array,
  why: string,
  notifyType: number | null,
): void {
  refuseMessage(core, null, why);
  if (notifyType === null || !core.refusedCallers.take(core.now)) return;
  sendClearNotice(core, message, from, notifyType, octets.length);
}
