import type { AuthPayload, NotifyPayload, Payload } from '../../engine/wire/ike/payload.ts';
import { decodeIkeMessage } from '../../engine/wire/ike/codec.ts';
import { ExchangeType, NotifyType, PayloadType } from '../../engine/wire/ike/registry.ts';
import { u16At, u8At } from '../../engine/wire/octets.ts';
import { WireError } from '../../engine/wire/wire-error.ts';
import { ikeConfigSubject, ikeStepSubject, ikeWireSubject, type IkeWire } from './build-ike.ts';
import { isClearInit } from './build-ike-messages.ts';
import type { Subject } from './subject.ts';

const FRAGMENTATION: NotifyPayload = {
  type: 'N',
  protocolId: 0,
  spi: new Uint8Array(0),
  notifyType: NotifyType.IKEV2_FRAGMENTATION_SUPPORTED,
  data: new Uint8Array(0),
};

const NO_AUTH: AuthPayload = { type: 'AUTH', method: 2, data: new Uint8Array(32) };

/** Those that fall for what attackers have done: most of them are never heard of again, as if the message had ended them. */
export const BROKEN_IKE_POISON: readonly Subject[] = [...ending(), ...falling()];

function ending(): Subject[] {
  return [
    poisoned('ike-dies-of-rekey-protocol', 'of a REKEY_SA that is not about ESP or AH', (_, inside) =>
      inside().some(it => it.type === 'N' && it.notifyType === NotifyType.REKEY_SA && it.protocolId < 2),
    ),
    poisoned('ike-dies-of-old-payloads', 'of payload types of IKEv1', message =>
      inClear(message).some(({ type, ...it }) => type === 'unknown' && 'payloadType' in it && it.payloadType < 33),
    ),
    poisoned('ike-dies-of-old-version', 'of a header of IKEv1', message => u8At(message, 17) >> 4 === 1),
    poisoned('ike-dies-of-missing', 'of an IKE_SA_INIT that lacks a payload', message => {
      const types = inClear(message).map(({ type }) => type);
      return isClearInit(message) && (['SA', 'KE', 'NONCE'] as const).some(type => !types.includes(type));
    }),
    poisoned('ike-dies-of-missing-auth', 'of an IKE_AUTH that lacks a payload', (message, inside) => {
      const types = inside().map(({ type }) => type);
      const wanted = ['IDi', 'AUTH', 'SA', 'TSi', 'TSr'] as const;
      return exchangeOf(message) === ExchangeType.IKE_AUTH && wanted.some(type => !types.includes(type));
    }),
    poisoned(
      'ike-dies-of-size',
      'of a message with more payloads than anybody needs',
      message => message.length > 1500,
    ),
    poisoned(
      'ike-dies-of-loops',
      'of a payload that says to have no octets',
      message => isClearInit(message) && u16At(message, 30) < 4,
    ),
    poisoned(
      'ike-dies-of-early-children',
      'of a child that is asked for before IKE_AUTH',
      message => exchangeOf(message) === ExchangeType.CREATE_CHILD_SA,
    ),
    poisoned('ike-dies-of-short-names', 'of a distinguished name that is cut short', (_, inside) =>
      inside().some(it => it.type === 'IDi' && it.idType === 9),
    ),
    poisonedByCount('ike-dies-of-certificates', 'of the fifth certificate of a stranger', 5, (_, inside) =>
      inside().some(({ type }) => type === 'CERT'),
    ),
    poisonedByCount(
      'ike-dies-of-many-fragments',
      'of more than a hundred fragments',
      100,
      message => u8At(message, 16) === PayloadType.SKF,
    ),
    poisoned(
      'ike-dies-of-clear-fragments',
      'of a fragment that nothing protects',
      (message, _, wire) => u8At(message, 16) === PayloadType.SKF && wire.open(message)?.kind !== 'ikeOpened',
    ),
    poisoned(
      'ike-dies-of-zero-spi',
      'of an initiator without an SPI',
      message => isClearInit(message) && message.subarray(0, 8).every(octet => octet === 0),
    ),
    poisoned('ike-dies-of-child-spi', 'of a child whose SPI is 0', (_, inside) =>
      inside().some(
        it => it.type === 'SA' && it.proposals.some(({ spi }) => spi.length === 4 && spi.every(o => o === 0)),
      ),
    ),
  ];
}

function falling(): Subject[] {
  return [
    ikeWireSubject('ike-silent-about-proposals', 'says nothing about proposals that it does not choose', () => ({
      outgoing: message => (isRefusal(message, NotifyType.NO_PROPOSAL_CHOSEN) ? null : message),
      incoming: message => (hasWholeProposal(message) ? message : null),
    })),
    ikeWireSubject('ike-dies-of-collisions', 'has one IKE SA for each SPI of an initiator', () => {
      const seen = new Map<string, string>();
      let isSilent = false;
      return {
        incoming: message => {
          if (!isClearInit(message)) return isSilent ? null : message;
          const spi = Buffer.from(message.subarray(0, 8)).toString('hex');
          const all = Buffer.from(message).toString('hex');
          isSilent ||= seen.has(spi) && seen.get(spi) !== all;
          seen.set(spi, all);
          return isSilent ? null : message;
        },
      };
    }),
    ikeStepSubject('ike-always-fragmenting', 'takes everybody for one that knows fragments', {
      incoming: message =>
        message.exchangeType === ExchangeType.IKE_SA_INIT
          ? { ...message, payloads: [...message.payloads, FRAGMENTATION] }
          : message,
    }),
    ikeStepSubject('ike-takes-first-ke', 'takes the first of several KE payloads', {
      incoming: message => {
        const first = message.payloads.find(({ type }) => type === 'KE');
        return { ...message, payloads: message.payloads.filter(it => it.type !== 'KE' || it === first) };
      },
    }),
    ikeStepSubject('ike-takes-other-groups', 'takes groups that are refused', {
      incoming: message => ({
        ...message,
        payloads: message.payloads.map(it =>
          it.type === 'KE'
            ? { ...it, group: 31 }
            : it.type === 'SA'
              ? {
                  ...it,
                  proposals: it.proposals.map(one => ({
                    ...one,
                    transforms: one.transforms.map(each => (each.type === 4 ? { ...each, id: 31 } : each)),
                  })),
                }
              : it,
        ),
      }),
      keyExchanged: result =>
        result.kind === 'invalid'
          ? { ...result, kind: 'shared', secret: new Uint8Array(32), data: new Uint8Array(32) }
          : result,
    }),
    ikeStepSubject('ike-needs-no-auth', 'takes somebody for authentic who has shown nothing', {
      incoming: message =>
        message.exchangeType !== ExchangeType.IKE_AUTH || message.payloads.some(({ type }) => type === 'AUTH')
          ? message
          : { ...message, payloads: [...message.payloads, NO_AUTH] },
      peerJudged: () => ({ kind: 'accepted', method: 'psk' }),
    }),
    ikeWireSubject('ike-never-tires', 'begins again whenever it is asked to', () => {
      let last: Uint8Array | null = null;
      return {
        outgoing: message => {
          if (isClearInit(message)) last = message;
          return message;
        },
        incoming: (message, wire) => {
          if (!isClearInit(message) || last === null) return message;
          last = last.with(last.length - 1, (u8At(last, last.length - 1) + 1) & 0xff);
          wire.answer(last);
          return null;
        },
      };
    }),
    ikeConfigSubject('ike-fetches-for-all', 'fetches what strangers tell it to', config => ({
      ...config,
      connections: config.connections.map(connection => {
        const { authentication } = connection;
        const remote = { ...authentication.remote, fetchesCertificates: true };
        return { ...connection, authentication: { ...authentication, remote } };
      }),
    })),
  ];
}

type Poison = (message: Uint8Array, inside: () => readonly Payload[], wire: IkeWire) => boolean;

function poisoned(name: string, what: string, isPoison: Poison): Subject {
  return poisonedByCount(name, what, 1, isPoison);
}

/** Hears nothing more when it has come so often. */
function poisonedByCount(name: string, what: string, often: number, isPoison: Poison): Subject {
  return ikeWireSubject(name, `is never heard of again after the end that it comes to ${what}`, () => {
    let count = 0;
    return {
      incoming: (message, wire) => {
        if (count < often && isPoison(message, () => insideOf(message, wire), wire)) count += 1;
        return count < often ? message : null;
      },
    };
  });
}

function insideOf(message: Uint8Array, wire: IkeWire): readonly Payload[] {
  const opening = wire.open(message);
  return opening?.kind === 'ikeOpened' ? opening.payloads : [];
}

/** Nothing of what is no message. */
function inClear(message: Uint8Array): readonly Payload[] {
  try {
    return decodeIkeMessage(message).payloads;
  } catch (error) {
    if (error instanceof WireError) return [];
    throw error;
  }
}

function isRefusal(message: Uint8Array, notifyType: number): boolean {
  return isClearInit(message) && inClear(message).some(it => it.type === 'N' && it.notifyType === notifyType);
}

function hasWholeProposal(message: Uint8Array): boolean {
  const sa = inClear(message).find(({ type }) => type === 'SA');
  return sa?.type !== 'SA' || sa.proposals.every(({ transforms }) => transforms.length >= 3);
}

function exchangeOf(message: Uint8Array): number {
  return u8At(message, 18);
}
