import { decodeIkeMessage, encodeIkeMessage } from '../../engine/wire/ike/codec.ts';
import type { IkeMessage } from '../../engine/wire/ike/message.ts';
import type { Payload } from '../../engine/wire/ike/payload.ts';
import { ExchangeType, NotifyType, PayloadType } from '../../engine/wire/ike/registry.ts';
import { u8At } from '../../engine/wire/octets.ts';
import { ikeStepSubject, ikeWireSubject } from './build-ike.ts';
import { deaf, isClearInit, isInit, payloads, response } from './build-ike-messages.ts';
import type { Subject } from './subject.ts';

/** Those that put into their messages what does not belong there, or make the wrong thing of what comes. */
export const BROKEN_IKE_CONTENTS: readonly Subject[] = aboutContents();

function aboutContents(): Subject[] {
  return [
    payloads('ike-cookie-last', 'returns a cookie behind all else', withCookie, all => [
      ...all.filter(payload => !cookie(payload)),
      ...all.filter(cookie),
    ]),
    payloads('ike-cookie-changed', 'returns another cookie', withCookie, all =>
      all.map(payload =>
        payload.type === 'N' && cookie(payload) ? { ...payload, data: payload.data.slice(1) } : payload,
      ),
    ),
    payloads('ike-cookie-new-nonce', 'returns a cookie with another nonce', withCookie, all =>
      all.map(payload => (payload.type === 'NONCE' ? { ...payload, data: payload.data.toReversed() } : payload)),
    ),
    payloads('ike-long-cookie', 'gives out cookies of more than 64 octets', response(ExchangeType.IKE_SA_INIT), all =>
      all.map(payload =>
        payload.type === 'N' && cookie(payload) ? { ...payload, data: new Uint8Array(65) } : payload,
      ),
    ),
    payloads('ike-cookie-and-more', 'sends its whole answer with a cookie', response(ExchangeType.IKE_SA_INIT), all =>
      all.some(cookie) ? [...all, { type: 'NONCE', data: new Uint8Array(32) }] : all,
    ),
    payloads('ike-short-nonce', 'sends nonces of 15 octets', isInit, all =>
      all.map(payload => (payload.type === 'NONCE' ? { ...payload, data: payload.data.slice(0, 15) } : payload)),
    ),
    payloads('ike-same-nonce', 'sends the same nonce each time', isInit, all =>
      all.map(payload => (payload.type === 'NONCE' ? { ...payload, data: new Uint8Array(32).fill(7) } : payload)),
    ),
    payloads(
      'ike-drops-choice',
      'leaves a transform out of what it has chosen',
      response(ExchangeType.IKE_SA_INIT),
      all =>
        all.map(payload =>
          payload.type === 'SA'
            ? { ...payload, proposals: payload.proposals.map(it => ({ ...it, transforms: it.transforms.slice(1) })) }
            : payload,
        ),
    ),
    payloads('ike-renumbers', 'answers with another proposal number', response(ExchangeType.IKE_SA_INIT), all =>
      all.map(payload =>
        payload.type === 'SA'
          ? { ...payload, proposals: payload.proposals.map(it => ({ ...it, number: it.number + 1 })) }
          : payload,
      ),
    ),
    payloads(
      'ike-empty-group',
      'says that the group is wrong, but not which is right',
      response(ExchangeType.IKE_SA_INIT),
      all =>
        all.map(payload =>
          payload.type === 'N' && payload.notifyType === NotifyType.INVALID_KE_PAYLOAD
            ? { ...payload, data: new Uint8Array(0) }
            : payload,
        ),
    ),
    ikeStepSubject('ike-narrows-on-retry', 'offers less when it is asked for another group', () => {
      let first: string | null = null;
      return {
        outgoing: message => {
          if (message.isResponse || !isInit(message)) return message;
          first ??= message.initiatorSpi;
          const groupNow = message.payloads.find(payload => payload.type === 'KE');
          const isRetry = groupNow?.type === 'KE' && groupNow.group !== 31;
          if (!isRetry) return message;
          const narrowed = message.payloads.map(payload =>
            payload.type === 'SA' ? { ...payload, proposals: payload.proposals.slice(0, 1) } : payload,
          );
          return { ...message, payloads: narrowed };
        },
      };
    }),
    payloads('ike-wrong-auth', 'proves that it knows another key', response(ExchangeType.IKE_AUTH), all =>
      all.map(it => (it.type === 'AUTH' ? { ...it, data: it.data.toReversed() } : it)),
    ),
    ikeStepSubject('ike-same-secret', 'comes to another secret than its peer', {
      keyExchanged: result =>
        result.kind === 'shared' ? { ...result, secret: new Uint8Array(result.secret.length).fill(1) } : result,
    }),
    ikeStepSubject('ike-any-point', 'takes any value of the peer’s for one of the group', {
      keyExchanged: result =>
        result.kind === 'invalid'
          ? { ...result, kind: 'shared', secret: new Uint8Array(32), data: new Uint8Array(32) }
          : result,
    }),
    ikeWireSubject('ike-same-iv', 'uses one IV for all', () => ({
      outgoing: message => (isClearInit(message) ? message : Uint8Array.from(message).fill(0, 32, 48)),
    })),
    deaf(
      'ike-minds-choices',
      'does not take an offer of more than four transforms',
      message => isClearInit(message) && u8At(message, 16) === PayloadType.SA && u8At(message, 39) > 4,
    ),
    anyGroup(),
    deaf(
      'ike-no-retry',
      'gives up when it is asked for another group or a cookie',
      message => (u8At(message, 19) & 0x20) !== 0 && isClearInit(message) && u8At(message, 16) === PayloadType.N,
    ),
    deaf(
      'ike-minds-vendors',
      'drops messages with vendor IDs',
      message => isClearInit(message) && u8At(message, 16) === PayloadType.V,
    ),
    deaf(
      'ike-minds-notifies',
      'drops messages with notifies that it does not know',
      message => isClearInit(message) && u8At(message, 16) === PayloadType.N && u8At(message, 34) >= 0x9c,
    ),
    ikeWireSubject('ike-minds-contents', 'ends an IKE SA for notifies that it does not know', () => ({
      incoming: (message, wire) => {
        const opening = wire.open(message);
        const isStrange =
          opening?.kind === 'ikeOpened' && opening.payloads.some(it => it.type === 'N' && it.notifyType >= 40_960);
        return isStrange ? null : message;
      },
    })),
    ikeWireSubject('ike-minds-empty', 'does not answer a request that asks for nothing', () => ({
      incoming: (message, wire) => {
        const opening = wire.open(message);
        return opening?.kind === 'ikeOpened' && opening.payloads.length === 0 ? null : message;
      },
    })),
  ];
}

function cookie(payload: Payload): boolean {
  return payload.type === 'N' && payload.notifyType === NotifyType.COOKIE;
}

function withCookie(message: IkeMessage): boolean {
  return !message.isResponse && isInit(message) && message.payloads.some(cookie);
}

/** Sends what it has sent before with the group that it is asked for. */
function anyGroup(): Subject {
  return ikeWireSubject('ike-any-group', 'uses any group that it is asked for', () => {
    let last: Uint8Array | null = null;
    return {
      outgoing: message => {
        if (isClearInit(message)) last = message;
        return message;
      },
      incoming: (message, wire) => {
        const isAsked = isClearInit(message) && (u8At(message, 19) & 0x20) !== 0 && u8At(message, 16) === PayloadType.N;
        if (!isAsked || last === null) return message;
        const again = decodeIkeMessage(last);
        const group = u8At(message, message.length - 1);
        const payloads = again.payloads.map(it => (it.type === 'KE' ? { ...it, group } : it));
        wire.answer(encodeIkeMessage({ ...again, payloads }));
        return null;
      },
    };
  });
}
