import type { IsakmpHeader } from '../../wire/isakmp/message.ts';
import type { IsakmpPayload } from '../../wire/isakmp/payload.ts';
import type { ReceivedMessage } from './exchange.ts';

/** A message as its handler sees it. `octets` are its payloads as they were. */
export function opened(
  header: Pick<IsakmpHeader, 'responderCookie' | 'messageId' | 'exchangeType' | 'isEncrypted' | 'isCommit'>,
  payloads: readonly IsakmpPayload[],
  octets: Uint8Array,
  from: ReceivedMessage['from'],
): ReceivedMessage {
  const { responderCookie, messageId, exchangeType, isEncrypted, isCommit } = header;
  return { responderCookie, messageId, exchangeType, isEncrypted, wantsCommit: isCommit, payloads, octets, from };
}

/** From here on types are private, RFC 2408 §3.1: they are passed over. */
const PRIVATE = 128;

/** RFC 2408 §5.3: the type of a payload that nobody knows, and that is nobody's own; null: there is none. */
export function unknownPayload(payloads: readonly IsakmpPayload[]): number | null {
  for (const payload of payloads) {
    if (payload.type === 'UNKNOWN' && payload.payloadType < PRIVATE) return payload.payloadType;
  }
  return null;
}
