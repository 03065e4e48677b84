import type { IkeMessage } from '../../wire/ike/message.ts';
import type { Payload } from '../../wire/ike/payload.ts';
import { type IkeSteps, STEPS } from '../steps.ts';

/** For tests: a daemon whose messages of one exchange are others than it meant, when they are requests or responses. */
export function altering(
  exchangeType: number,
  kind: 'request' | 'response',
  alter: (payloads: readonly Payload[], message: IkeMessage) => readonly Payload[],
): IkeSteps {
  return {
    ...STEPS,
    outgoing: message => {
      const isMeant = message.exchangeType === exchangeType && message.isResponse === (kind === 'response');
      return isMeant ? { ...message, payloads: alter(message.payloads, message) } : message;
    },
  };
}

export const UNKNOWN_CRITICAL: Payload = {
  type: 'unknown',
  payloadType: 200,
  critical: true,
  data: Uint8Array.of(1, 2, 3),
};

export const UNKNOWN: Payload = { type: 'unknown', payloadType: 201, data: Uint8Array.of(1, 2, 3) };

export const without = (type: Payload['type']) => (payloads: readonly Payload[]) =>
  payloads.filter(payload => payload.type !== type);

export const doubling = (type: Payload['type']) => (payloads: readonly Payload[]) =>
  payloads.flatMap(payload => (payload.type === type ? [payload, payload] : [payload]));
