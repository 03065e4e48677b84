import type { IkeMessage } from '../../engine/wire/ike/message.ts';
import type { NotifyPayload, Payload } from '../../engine/wire/ike/payload.ts';
import { ExchangeType, NotifyType } from '../../engine/wire/ike/registry.ts';
import { ikeStepSubject } from './build-ike.ts';
import { ikeEffectsSubject } from './build-ike-effects.ts';
import { payloads, request, response } from './build-ike-messages.ts';
import type { Subject } from './subject.ts';

/** Those that do one thing wrong with addresses that change, RFC 4555. */
export const BROKEN_IKE_MOVERS: readonly Subject[] = [
  payloads('ike-hides-mobike', 'does not say that it knows MOBIKE', isAuth, without(NotifyType.MOBIKE_SUPPORTED)),
  payloads('ike-tells-used-address', 'tells the address that everybody sees', isAuth, all => [
    ...all,
    notify(NotifyType.ADDITIONAL_IP4_ADDRESS, Uint8Array.of(1, 2, 3, 4)),
  ]),
  ikeEffectsSubject('ike-stays-on-500', 'stays on port 500 although it knows MOBIKE', () => ({
    outgoing: datagram => ({ ...datagram, localPort: 500, remotePort: 500 }),
  })),
  ikeEffectsSubject('ike-deaf-to-movers', 'hears nothing from other addresses than before', () => {
    let first: string | null = null;
    return {
      incoming: datagram => {
        const from = Buffer.from(datagram.remote).toString('hex');
        first ??= from;
        return from === first ? datagram : null;
      },
    };
  }),
  dropping('ike-ignores-updates', 'passes over UPDATE_SA_ADDRESSES', NotifyType.UPDATE_SA_ADDRESSES),
  dropping('ike-ignores-no-nats', 'passes over NO_NATS_ALLOWED', NotifyType.NO_NATS_ALLOWED),
  dropping('ike-forgets-addresses', 'passes over other addresses of its peer', NotifyType.ADDITIONAL_IP4_ADDRESS),
  dropping('ike-keeps-addresses', 'passes over NO_ADDITIONAL_ADDRESSES', NotifyType.NO_ADDITIONAL_ADDRESSES),
  adding('ike-always-mobike', 'takes everybody for one that knows MOBIKE', isAuth, NotifyType.MOBIKE_SUPPORTED),
  adding(
    'ike-moves-for-all',
    'follows whoever asks something',
    request(ExchangeType.INFORMATIONAL),
    NotifyType.UPDATE_SA_ADDRESSES,
  ),
  payloads('ike-no-cookie2', 'sends no COOKIE2', request(ExchangeType.INFORMATIONAL), without(NotifyType.COOKIE2)),
  payloads(
    'ike-never-says-moved',
    'does not say that it has moved',
    request(ExchangeType.INFORMATIONAL),
    without(NotifyType.UPDATE_SA_ADDRESSES),
  ),
  payloads(
    'ike-hides-nats',
    'answers NAT detection with nothing',
    response(ExchangeType.INFORMATIONAL),
    without(NotifyType.NAT_DETECTION_SOURCE_IP),
  ),
  payloads('ike-changes-cookie2', 'returns COOKIE2 changed', response(ExchangeType.INFORMATIONAL), all =>
    all.map(it => (isNotify(it, NotifyType.COOKIE2) ? { ...it, data: it.data.toReversed() } : it)),
  ),
  ikeStepSubject('ike-any-cookie2', 'takes any COOKIE2 for its own', () => {
    let sent: Uint8Array | null = null;
    return {
      outgoing: message => {
        const cookie = message.payloads.find(it => isNotify(it, NotifyType.COOKIE2));
        if (!message.isResponse && cookie?.type === 'N') sent = cookie.data;
        return message;
      },
      incoming: message => ({
        ...message,
        payloads: message.payloads.map(it =>
          message.isResponse && sent !== null && isNotify(it, NotifyType.COOKIE2) ? { ...it, data: sent } : it,
        ),
      }),
    };
  }),
];

function dropping(name: string, fault: string, notifyType: number): Subject {
  const drop = without(notifyType);
  return ikeStepSubject(name, fault, { incoming: message => ({ ...message, payloads: drop(message.payloads) }) });
}

function adding(name: string, fault: string, chooses: (message: IkeMessage) => boolean, notifyType: number): Subject {
  return ikeStepSubject(name, fault, {
    incoming: message =>
      chooses(message) ? { ...message, payloads: [...message.payloads, notify(notifyType)] } : message,
  });
}

function without(notifyType: number): (payloads: readonly Payload[]) => readonly Payload[] {
  return all => all.filter(it => !isNotify(it, notifyType));
}

function isAuth({ exchangeType }: IkeMessage): boolean {
  return exchangeType === ExchangeType.IKE_AUTH;
}

function isNotify(payload: Payload, notifyType: number): payload is NotifyPayload {
  return payload.type === 'N' && payload.notifyType === notifyType;
}

function notify(notifyType: number, data = new Uint8Array(0)): NotifyPayload {
  return { type: 'N', protocolId: 0, spi: new Uint8Array(0), notifyType, data };
}
