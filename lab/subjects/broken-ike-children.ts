import type { IkeMessage } from '../../engine/wire/ike/message.ts';
import type { DeletePayload, Payload, SaPayload, TsPayload } from '../../engine/wire/ike/payload.ts';
import { ExchangeType, NotifyType, ProtocolId } from '../../engine/wire/ike/registry.ts';
import { ikeStepSubject, ikeWireSubject } from './build-ike.ts';
import { changing, type Chooses, isInit, payloads, request, response, silentAbout } from './build-ike-messages.ts';
import type { Subject } from './subject.ts';

/** Those that do one thing wrong when Child SAs are made and replaced, RFC 7296 §1.3, §2.8 and §2.25. */
export const BROKEN_IKE_CHILDREN: readonly Subject[] = [...making(), ...believing(), ...replacing(), ...refusing()];

/** §1.3.1. */
function making(): Subject[] {
  return [
    payloads('ike-one-child', 'makes no second Child SA', response(ExchangeType.CREATE_CHILD_SA), () => [
      error(NotifyType.NO_ADDITIONAL_SAS),
    ]),
    nonces('ike-other-child-nonce', 'uses another nonce for a Child SA than it sends', ofChild, data =>
      data.toReversed(),
    ),
    nonces('ike-other-rekey-nonce', 'uses another nonce for an IKE SA than it sends', ofIke, data => data.toReversed()),
    nonces('ike-same-child-nonce', 'sends the same nonce in each exchange', ofChild, () => new Uint8Array(32).fill(7)),
    payloads('ike-other-child-ke', 'uses another secret for a Child SA than it says', ofChild, all =>
      all.map(it => (it.type === 'KE' ? { ...it, data: it.data.toReversed() } : it)),
    ),
    payloads('ike-child-without-tsr', 'asks for a Child SA without TSr', request(ExchangeType.CREATE_CHILD_SA), all =>
      all.filter(({ type }) => type !== 'TSr'),
    ),
    says('ike-agrees-to-compress', 'agrees to compress, and does not', NotifyType.IPCOMP_SUPPORTED, [0x12, 0x35, 2]),
    says('ike-agrees-to-transport', 'agrees to transport mode, and has a tunnel', NotifyType.USE_TRANSPORT_MODE, []),
  ];
}

/** What it makes of answers. */
function believing(): Subject[] {
  return [
    ikeStepSubject('ike-minds-child-group', 'does not hear which group a peer wants for a Child SA', {
      incoming: message => (hasNotify(message, NotifyType.INVALID_KE_PAYLOAD) && !isInit(message) ? null : message),
    }),
    ikeStepSubject('ike-believes-wider-answers', 'takes any selectors for those that it has offered', () =>
      asOffered((payload): payload is TsPayload => payload.type === 'TSi' || payload.type === 'TSr'),
    ),
    ikeStepSubject('ike-believes-other-suites', 'takes any suite for the one that it has offered', () => {
      let offered: SaPayload['proposals'] = [];
      return {
        outgoing: message => {
          for (const it of message.payloads) if (it.type === 'SA' && !message.isResponse) offered = it.proposals;
          return message;
        },
        incoming: message =>
          message.isResponse && message.exchangeType === ExchangeType.CREATE_CHILD_SA
            ? {
                ...message,
                payloads: message.payloads.map(it => (it.type === 'SA' ? asOfferedSuite(it, offered) : it)),
              }
            : message,
      };
    }),
    ikeWireSubject('ike-asks-again-at-once', 'asks again at once when the peer has no time', () => ({
      incoming: (message, wire) => {
        const opening = wire.open(message);
        const isBusy =
          opening?.kind === 'ikeOpened' &&
          opening.payloads.some(it => it.type === 'N' && it.notifyType === NotifyType.TEMPORARY_FAILURE);
        if (isBusy) wire.command({ kind: 'rekey', child: 'net' });
        return message;
      },
    })),
    ikeStepSubject('ike-minds-not-found', 'does not hear that the peer has no such Child SA', {
      incoming: message => (hasNotify(message, NotifyType.CHILD_SA_NOT_FOUND) ? null : message),
    }),
  ];
}

/** §1.3.3, §2.8. */
function replacing(): Subject[] {
  return [
    payloads('ike-rekeys-other-spi', 'names another SPI than the one that is to be rekeyed', isRekey, all =>
      all.map(it => (isRekeyNotify(it) ? { ...it, spi: it.spi.toReversed() } : it)),
    ),
    payloads('ike-rekeys-unsaid', 'asks for a new Child SA where it rekeys one', isRekey, all =>
      all.filter(it => !isRekeyNotify(it)),
    ),
    payloads('ike-rekeys-less', 'rekeys a Child SA for less traffic', isRekey, all => all.map(narrowed)),
    payloads('ike-narrows-at-rekey', 'answers a rekey with less traffic', ofChildResponse, all => all.map(narrowed)),
    lost('ike-keeps-old-child', 'never deletes a Child SA', ProtocolId.ESP),
    lost('ike-keeps-old-ike', 'never deletes an IKE SA', ProtocolId.IKE),
    deletes('ike-deletes-other-spi', 'deletes the SPI of another SA', request(ExchangeType.INFORMATIONAL), it => ({
      ...it,
      spis: it.spis.map(spi => spi ^ 1),
    })),
    deletes(
      'ike-deletes-peers-protocol',
      'deletes AH where it means ESP',
      () => true,
      it => ({
        ...it,
        protocolId: it.protocolId === ProtocolId.ESP ? ProtocolId.AH : it.protocolId,
      }),
    ),
    deletes('ike-names-its-end', 'deletes ESP where it means the IKE SA', request(ExchangeType.INFORMATIONAL), it =>
      it.protocolId === ProtocolId.IKE ? { ...it, protocolId: ProtocolId.ESP, spis: [] } : it,
    ),
    payloads(
      'ike-hides-other-half',
      'does not say which half it has deleted',
      response(ExchangeType.INFORMATIONAL),
      all => all.filter(({ type }) => type !== 'D'),
    ),
    deletes(
      'ike-hides-the-second-half',
      'says of one half alone that it has deleted it',
      response(ExchangeType.INFORMATIONAL),
      it => ({
        ...it,
        spis: it.spis.slice(0, 1),
      }),
    ),
    ikeStepSubject('ike-answers-every-delete', 'answers each Delete with one', () => {
      let asked: readonly Payload[] = [];
      return {
        incoming: message => {
          asked = message.payloads.filter(({ type }) => type === 'D');
          return message;
        },
        outgoing: message =>
          isAnswerTo(message, ExchangeType.INFORMATIONAL) && asked.length > 0
            ? { ...message, payloads: [...message.payloads.filter(({ type }) => type !== 'D'), ...asked] }
            : message,
      };
    }),
  ];
}

/** §2.25, §2.21. */
function refusing(): Subject[] {
  return [
    silentAbout('ike-hides-not-found', 'does not say that it has no such Child SA', NotifyType.CHILD_SA_NOT_FOUND),
    silentAbout('ike-hides-busy', 'does not say that it has no time', NotifyType.TEMPORARY_FAILURE),
    ikeWireSubject('ike-ends-on-refusal', 'ends an IKE SA when it refuses a Child SA', () => ({
      outgoing: (message, wire) => {
        const opening = wire.open(message);
        const refuses =
          opening?.kind === 'ikeOpened' && opening.payloads.some(it => it.type === 'N' && it.notifyType < 16_384);
        if (refuses) wire.command({ kind: 'terminate', ike: 'bob' });
        return message;
      },
    })),
    changing(
      'ike-always-busy',
      'has never time for CREATE_CHILD_SA',
      response(ExchangeType.CREATE_CHILD_SA),
      message => ({
        ...message,
        payloads: [error(NotifyType.TEMPORARY_FAILURE)],
      }),
    ),
    ikeStepSubject('ike-deaf-to-its-end', 'does not hear that its peer ends the IKE SA', {
      incoming: message => (isEnd(message) ? null : message),
    }),
    ikeStepSubject('ike-outlives-its-end', 'answers that its IKE SA ends, and goes on with it', {
      incoming: message => (isEnd(message) ? { ...message, payloads: [] } : message),
    }),
    ikeWireSubject('ike-old-is-deaf', 'does not listen to an IKE SA any more that was rekeyed', () => {
      const replaced = new Set<string>();
      return {
        incoming: message => (replaced.has(spis(message)) ? null : message),
        outgoing: (message, wire) => {
          const opening = wire.open(message);
          const isNew =
            opening?.kind === 'ikeOpened' &&
            opening.payloads.some(it => it.type === 'SA' && it.proposals[0]?.protocolId === ProtocolId.IKE);
          if (isNew) replaced.add(spis(message));
          return message;
        },
      };
    }),
    payloads('ike-rekey-without-spi', 'rekeys an IKE SA with an SPI of zero', ofIke, all =>
      all.map(it =>
        it.type === 'SA' ? { ...it, proposals: it.proposals.map(one => ({ ...one, spi: new Uint8Array(8) })) } : it,
      ),
    ),
  ];
}

function spis(message: Uint8Array): string {
  return Buffer.from(message.subarray(0, 16)).toString('hex');
}

function error(notifyType: number): Payload {
  return { type: 'N', protocolId: 0, spi: new Uint8Array(0), notifyType, data: new Uint8Array(0) };
}

function ofChild({ exchangeType, payloads: all }: IkeMessage): boolean {
  return exchangeType === ExchangeType.CREATE_CHILD_SA && all.some(({ type }) => type === 'TSi');
}

function ofChildResponse(message: IkeMessage): boolean {
  return ofChild(message) && message.isResponse;
}

function ofIke(message: IkeMessage): boolean {
  return message.exchangeType === ExchangeType.CREATE_CHILD_SA && !ofChild(message);
}

function isEnd({ payloads: all }: IkeMessage): boolean {
  return all.some(it => it.type === 'D' && it.protocolId === ProtocolId.IKE);
}

function isRekey(message: IkeMessage): boolean {
  return message.payloads.some(isRekeyNotify);
}

function isRekeyNotify(payload: Payload): payload is Extract<Payload, { type: 'N' }> {
  return payload.type === 'N' && payload.notifyType === NotifyType.REKEY_SA;
}

function hasNotify({ payloads: all }: IkeMessage, notifyType: number): boolean {
  return all.some(it => it.type === 'N' && it.notifyType === notifyType);
}

function isAnswerTo({ exchangeType, isResponse }: IkeMessage, exchange: number): boolean {
  return isResponse && exchangeType === exchange;
}

function nonces(name: string, fault: string, chooses: Chooses, change: (data: Uint8Array) => Uint8Array): Subject {
  return payloads(name, fault, chooses, all =>
    all.map(it => (it.type === 'NONCE' ? { ...it, data: change(it.data) } : it)),
  );
}

/** In answers that make a Child SA. */
function says(name: string, fault: string, notifyType: number, data: readonly number[]): Subject {
  const added: Payload = { type: 'N', protocolId: 0, spi: new Uint8Array(0), notifyType, data: Uint8Array.from(data) };
  return payloads(name, fault, ofChildResponse, all => [added, ...all]);
}

/** Requests that delete SAs of that protocol never leave. */
function lost(name: string, fault: string, protocolId: number): Subject {
  return ikeStepSubject(name, fault, {
    outgoing: message =>
      !message.isResponse && message.payloads.some(it => it.type === 'D' && it.protocolId === protocolId)
        ? null
        : message,
  });
}

function deletes(name: string, fault: string, chooses: Chooses, change: (it: DeletePayload) => DeletePayload): Subject {
  return payloads(name, fault, chooses, all => all.map(it => (it.type === 'D' ? change(it) : it)));
}

/** One address of each selector. */
function narrowed(payload: Payload): Payload {
  if (payload.type !== 'TSi' && payload.type !== 'TSr') return payload;
  return { ...payload, selectors: payload.selectors.map(one => ({ ...one, end: one.start })) };
}

/** Answers are read as if they had the payloads of the request. */
function asOffered(isMeant: (payload: Payload) => payload is TsPayload) {
  const offered = new Map<string, Payload>();
  return {
    outgoing: (message: IkeMessage) => {
      for (const it of message.payloads) if (!message.isResponse && isMeant(it)) offered.set(it.type, it);
      return message;
    },
    incoming: (message: IkeMessage) =>
      message.isResponse
        ? { ...message, payloads: message.payloads.map(it => (isMeant(it) ? (offered.get(it.type) ?? it) : it)) }
        : message,
  };
}

/** The SA of an answer, with the first transform of each type that was offered. */
function asOfferedSuite(answer: SaPayload, offered: SaPayload['proposals']): SaPayload {
  const [first] = offered;
  if (first === undefined) return answer;
  const chosen = first.transforms.filter(
    ({ type }, index) => first.transforms.findIndex(one => one.type === type) === index,
  );
  return {
    ...answer,
    proposals: answer.proposals.map(one => ({ ...one, number: first.number, transforms: chosen })),
  };
}
