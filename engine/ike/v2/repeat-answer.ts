import type { IkeMessage } from '../../wire/ike/message.ts';
import type { EncryptedFragmentPayload, EncryptedPayload } from '../../wire/ike/payload.ts';
import type { IkeDatagram } from '../daemon.ts';
import type { Core } from './core.ts';
import type { KeyedIkeSa } from './ike-sa.ts';
import { storeSa } from './sa-table.ts';
import { areWithin, fragmentOctetsOf, sealContent, transmit } from './send.ts';
import type { AnsweredRequest } from './windows.ts';

/** The same answer as before, §2.1: of a request in fragments when its first one comes again (RFC 7383 §2.6.1). */
export function repeatAnswer(
  core: Core,
  sa: KeyedIkeSa,
  { messageId }: IkeMessage,
  payload: EncryptedPayload | EncryptedFragmentPayload,
  from: Omit<IkeDatagram, 'octets'>,
): void {
  storeSa(core, sa);
  if (payload.type === 'SKF' && payload.fragmentNumber !== 1) return;
  if (!core.steps.repeatsResponse(messageId)) return;
  const { responses } = sa.windows;
  const answer = responses.answered.find(({ header }) => header.messageId === messageId);
  if (answer === undefined) return;
  const again = recutAnswer(core, sa, answer);
  transmit(core, from, again.answer.messages);
  const answered = responses.answered.map(one => (one === answer ? again.answer : one));
  const windows = { ...sa.windows, responses: { ...responses, answered } };
  storeSa(core, { ...sa, windows, sealed: sa.sealed + again.sealed, retransmitted: sa.retransmitted + 1 });
}

/** A peer that asks again and again may be missing fragments that are too large for the path, RFC 7383 §2.5.2. */
function recutAnswer(
  core: Core,
  sa: KeyedIkeSa,
  answer: AnsweredRequest,
): { readonly answer: AnsweredRequest; readonly sealed: number } {
  const { content, header, fragmentOctets } = answer;
  const repeats = answer.repeats + 1;
  const floor = fragmentOctetsOf(sa, 'fallback');
  const isSmall = fragmentOctets === floor || areWithin(answer.messages, floor);
  if (content === null || repeats < 2 || isSmall || !sa.extensions.has('fragmentation')) {
    return { answer: { ...answer, repeats }, sealed: 0 };
  }
  const { messages, sealed } = sealContent(core, sa, header, content, floor, answer.messages.length + 1);
  return { answer: { ...answer, repeats, messages, fragmentOctets: floor }, sealed };
}
