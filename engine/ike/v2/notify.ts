import { NotifyType } from '../../wire/ike/registry.ts';
import type { NotifyPayload, Payload } from '../../wire/ike/payload.ts';
import type { ProtocolError } from '../protocol-error.ts';

const NONE = new Uint8Array(0);

/** How the message was that an error is in. */
export interface Received {
  readonly isResponse: boolean;
  readonly isProtected: boolean;
}

/** The only place where an error becomes a notify. A new kind does not compile until it is answered here. */
export function notifyFor(error: ProtocolError, received: Received): NotifyPayload | 'drop' {
  if (received.isResponse) return 'drop'; // errors in responses are not answered, RFC 7296 §2.21
  switch (error.kind) {
    case 'malformed':
      return received.isProtected ? notifyPayload(NotifyType.INVALID_SYNTAX) : 'drop'; // §3.10.1
    case 'unsupportedCriticalPayload': // §2.5
      return notifyPayload(NotifyType.UNSUPPORTED_CRITICAL_PAYLOAD, Uint8Array.of(error.payloadType));
    case 'unsupportedVersion': // §1.5: without data; the header has the highest version that we speak
      return notifyPayload(NotifyType.INVALID_MAJOR_VERSION);
    case 'unknownIkeSa':
      return notifyPayload(NotifyType.INVALID_IKE_SPI);
    case 'outsideWindow':
    case 'notAuthentic':
    case 'unexpected':
      return 'drop';
    case 'noProposalChosen':
      return notifyPayload(NotifyType.NO_PROPOSAL_CHOSEN);
    case 'invalidKe':
      return notifyPayload(NotifyType.INVALID_KE_PAYLOAD, Uint8Array.of(error.group >>> 8, error.group & 255));
    case 'authenticationFailed':
      return notifyPayload(NotifyType.AUTHENTICATION_FAILED);
    case 'refused':
      return notifyPayload(error.notifyType, error.data, { protocolId: error.protocolId ?? 0, spi: error.spi ?? NONE });
  }
}

/** A notify of the IKE SA itself, or of the SA that `about` names. */
export function notifyPayload(
  notifyType: number,
  data: Uint8Array = NONE,
  about: Pick<NotifyPayload, 'protocolId' | 'spi'> = { protocolId: 0, spi: NONE },
): NotifyPayload {
  return { type: 'N', ...about, notifyType, data };
}

/** The first notify of this type; null: there is none. */
export function notifyOf(payloads: readonly Payload[], notifyType: number): NotifyPayload | null {
  for (const payload of payloads) if (payload.type === 'N' && payload.notifyType === notifyType) return payload;
  return null;
}

/** The first notify that tells of an error, RFC 7296 §3.10.1: types below 16384. */
export function errorOf(payloads: readonly Payload[]): NotifyPayload | null {
  for (const payload of payloads) if (payload.type === 'N' && payload.notifyType < FIRST_STATUS) return payload;
  return null;
}

const FIRST_STATUS = 16384;

/** `NO_PROPOSAL_CHOSEN`, or the number where it has no name: for logs. */
export function notifyName(notifyType: number): string {
  for (const [name, value] of Object.entries(NotifyType)) if (value === notifyType) return name;
  return `notify ${notifyType}`;
}
