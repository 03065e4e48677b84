import type { IkeMessage } from '../../engine/wire/ike/message.ts';
import type { NotifyPayload, Payload } from '../../engine/wire/ike/payload.ts';
import { ExchangeType, NotifyType, PayloadType } from '../../engine/wire/ike/registry.ts';
import { u8At } from '../../engine/wire/octets.ts';
import { ikeStepSubject, ikeWireSubject } from './build-ike.ts';
import { changing, isInit, payloads, request, response } from './build-ike-messages.ts';
import type { Subject } from './subject.ts';

/** Those that do one thing wrong with IKE_INTERMEDIATE and what is in it, RFC 9242 and RFC 9370. */
export const BROKEN_IKE_INTERMEDIATE: readonly Subject[] = [
  payloads('ike-hides-intermediate', 'does not say that it knows IKE_INTERMEDIATE', isInit, all =>
    all.filter(it => !isNotify(it, NotifyType.INTERMEDIATE_EXCHANGE_SUPPORTED)),
  ),
  payloads(
    'ike-always-intermediate',
    'speaks of IKE_INTERMEDIATE to everybody',
    response(ExchangeType.IKE_SA_INIT),
    all => [...all, notify(NotifyType.INTERMEDIATE_EXCHANGE_SUPPORTED)],
  ),
  ikeStepSubject('ike-minds-intermediate-data', 'takes INTERMEDIATE_EXCHANGE_SUPPORTED with data for nothing', {
    incoming: message => ({
      ...message,
      payloads: message.payloads.filter(
        it => !isNotify(it, NotifyType.INTERMEDIATE_EXCHANGE_SUPPORTED) || it.data.length === 0,
      ),
    }),
  }),
  ikeStepSubject('ike-takes-intermediate', 'takes IKE_INTERMEDIATE of whoever has not said that he knows it', {
    incoming: message =>
      isInit(message)
        ? { ...message, payloads: [...message.payloads, notify(NotifyType.INTERMEDIATE_EXCHANGE_SUPPORTED)] }
        : message,
  }),
  changing('ike-auth-is-always-1', 'counts IKE_AUTH as the first message', request(ExchangeType.IKE_AUTH), message => ({
    ...message,
    messageId: 1,
  })),
  ikeStepSubject('ike-takes-far-intermediate', 'takes requests of any Message ID for the next', {
    placed: place => (place === 'answered' ? place : 'new'),
  }),
  ikeWireSubject('ike-believes-clear-intermediate', 'answers IKE_INTERMEDIATE in the clear', () => ({
    incoming: (message, wire) => {
      const isClear = exchangeOf(message) === ExchangeType.IKE_INTERMEDIATE && u8At(message, 16) !== PayloadType.SK;
      if (isClear) wire.answer(message.with(19, u8At(message, 19) | 0x20));
      return message;
    },
  })),
  ikeStepSubject('ike-answers-early', 'answers exchanges that have to wait for IKE_AUTH as if all was well', {
    incoming: message =>
      message.exchangeType === ExchangeType.CREATE_CHILD_SA
        ? { ...message, exchangeType: ExchangeType.IKE_INTERMEDIATE }
        : message,
  }),
  ikeStepSubject('ike-same-second-secret', 'comes to another secret than its peer in additional key exchanges', () => {
    let isFirst = true;
    return {
      keyExchanged: result => {
        if (isFirst || result.kind !== 'shared') {
          isFirst = false;
          return result;
        }
        return { ...result, secret: new Uint8Array(result.secret.length).fill(1) };
      },
    };
  }),
  ikeWireSubject('ike-gives-up-on-intermediate', 'hears nothing more after an IKE_INTERMEDIATE that is forged', () => {
    let isSilent = false;
    return {
      incoming: (message, wire) => {
        const isForged =
          exchangeOf(message) === ExchangeType.IKE_INTERMEDIATE && wire.open(message)?.kind === 'ikeRejected';
        isSilent ||= isForged;
        return isSilent ? null : message;
      },
    };
  }),
  payloads('ike-drops-additional', 'leaves out which additional key exchange it has chosen', isInitResponse, all =>
    all.map(it =>
      it.type === 'SA'
        ? {
            ...it,
            proposals: it.proposals.map(one => ({ ...one, transforms: one.transforms.filter(({ type }) => type < 6) })),
          }
        : it,
    ),
  ),
  payloads('ike-hides-additional', 'offers no additional key exchange', request(ExchangeType.IKE_SA_INIT), all =>
    all.map(it =>
      it.type === 'SA'
        ? {
            ...it,
            proposals: it.proposals.map(one => ({ ...one, transforms: one.transforms.filter(({ type }) => type < 6) })),
          }
        : it,
    ),
  ),
  payloads('ike-chooses-twice', 'chooses one method in two additional key exchanges', isInitResponse, all =>
    all.map(it =>
      it.type === 'SA'
        ? {
            ...it,
            proposals: it.proposals.map(one => ({
              ...one,
              transforms: one.transforms.map(transform => (transform.type >= 6 ? { ...transform, id: 36 } : transform)),
            })),
          }
        : it,
    ),
  ),
  payloads('ike-no-link', 'does not say how to go on', response(ExchangeType.CREATE_CHILD_SA), all =>
    all.filter(it => !isNotify(it, NotifyType.ADDITIONAL_KEY_EXCHANGE)),
  ),
  payloads('ike-other-link', 'brings back another link than it was given', request(ExchangeType.IKE_FOLLOWUP_KE), all =>
    all.map(it => (isNotify(it, NotifyType.ADDITIONAL_KEY_EXCHANGE) ? { ...it, data: it.data.toReversed() } : it)),
  ),
  payloads(
    'ike-hides-state',
    'does not say that it knows no such exchange',
    response(ExchangeType.IKE_FOLLOWUP_KE),
    all =>
      all.map(it => (isNotify(it, NotifyType.STATE_NOT_FOUND) ? { ...it, notifyType: NotifyType.INVALID_SYNTAX } : it)),
  ),
];

function isInitResponse(message: IkeMessage): boolean {
  return isInit(message) && message.isResponse;
}

function exchangeOf(message: Uint8Array): number {
  return u8At(message, 18);
}

function isNotify(payload: Payload, notifyType: number): payload is NotifyPayload {
  return payload.type === 'N' && payload.notifyType === notifyType;
}

function notify(notifyType: number): NotifyPayload {
  const none = new Uint8Array(0);
  return { type: 'N', protocolId: 0, spi: none, notifyType, data: none };
}
