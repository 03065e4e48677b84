import { ExchangeType, NotifyType, PayloadType } from '../../engine/wire/ike/registry.ts';
import { setU16, u16At, u8At } from '../../engine/wire/octets.ts';
import { ikeStepSubject, ikeWireSubject } from './build-ike.ts';
import { isInit, payloads, response } from './build-ike-messages.ts';
import type { Subject } from './subject.ts';

/** Those that do one thing wrong with fragments of IKE messages, RFC 7383. */
export const BROKEN_IKE_FRAGMENTS: readonly Subject[] = [
  payloads('ike-hides-fragmentation', 'does not say that it can take fragments', isInit, all =>
    all.filter(it => it.type !== 'N' || it.notifyType !== NotifyType.IKEV2_FRAGMENTATION_SUPPORTED),
  ),
  payloads('ike-always-fragmentation', 'speaks of fragments to everybody', response(ExchangeType.IKE_SA_INIT), all => [
    ...all,
    {
      type: 'N',
      protocolId: 0,
      spi: new Uint8Array(0),
      notifyType: NotifyType.IKEV2_FRAGMENTATION_SUPPORTED,
      data: new Uint8Array(0),
    },
  ]),
  ikeWireSubject('ike-no-fragments', 'says that it can take fragments, and cannot', () => ({
    incoming: message => (isFragment(message) ? null : message),
  })),
  ikeWireSubject('ike-fragments-in-order', 'takes fragments in their order alone', () => {
    let next = 1;
    return {
      incoming: message => {
        if (!isFragment(message)) return message;
        if (numberOf(message) !== next) return null;
        next += 1;
        return message;
      },
    };
  }),
  ikeWireSubject('ike-minds-fragments-again', 'hears nothing more when a fragment comes again', () => {
    const seen = new Set<number>();
    let isSilent = false;
    return {
      incoming: message => {
        if (!isFragment(message)) return message;
        isSilent ||= seen.has(numberOf(message));
        seen.add(numberOf(message));
        return isSilent ? null : message;
      },
    };
  }),
  ikeWireSubject('ike-answers-fragments', 'answers each fragment', () => ({
    incoming: (message, wire) => {
      if (isFragment(message)) wire.answer(message.with(19, u8At(message, 19) | 0x20));
      return message;
    },
  })),
  ikeWireSubject('ike-trusts-first-fragment', 'takes the first of each number, authentic or not', () => {
    const seen = new Set<number>();
    return {
      incoming: message => {
        if (!isFragment(message)) return message;
        const isFirst = !seen.has(numberOf(message));
        seen.add(numberOf(message));
        return isFirst ? message : null;
      },
    };
  }),
  ikeWireSubject('ike-dies-of-fragments', 'hears nothing more after a fragment whose numbers cannot be', () => {
    let total = 0;
    let isSilent = false;
    return {
      incoming: message => {
        if (!isFragment(message)) return message;
        const own = u16At(message, 34);
        isSilent ||= numberOf(message) === 0 || numberOf(message) > own || own < total;
        total = Math.max(total, own);
        return isSilent ? null : message;
      },
    };
  }),
  ikeWireSubject('ike-keeps-first-cut', 'takes no fragments of another total than the first', () => {
    let total: number | null = null;
    return {
      incoming: message => {
        if (!isFragment(message)) return message;
        total ??= u16At(message, 34);
        return u16At(message, 34) === total ? message : null;
      },
    };
  }),
  ikeWireSubject('ike-takes-fragments', 'takes fragments that were not agreed upon', () => ({
    incoming: (message, wire) => {
      const opening = isFragment(message) ? wire.open(message) : null;
      if (opening?.kind !== 'ikeOpened') return message;
      wire.command({ kind: 'terminate', ike: 'bob' });
      return null;
    },
  })),
  ikeStepSubject('ike-fragments-from-0', 'numbers fragments from 0', {
    outgoingOctets: message => {
      if (!isFragment(message)) return message;
      const copy = Uint8Array.from(message);
      setU16(copy, 32, numberOf(message) - 1);
      return copy;
    },
  }),
  ikeStepSubject('ike-fragments-name-payload', 'names a payload in each fragment', {
    outgoingOctets: message => (isFragment(message) ? message.with(28, PayloadType.IDr) : message),
  }),
];

function isFragment(message: Uint8Array): boolean {
  return u8At(message, 16) === PayloadType.SKF;
}

function numberOf(message: Uint8Array): number {
  return u16At(message, 32);
}
