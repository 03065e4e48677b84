import type { IkeMessage } from '../../engine/wire/ike/message.ts';
import type { NotifyPayload, Payload } from '../../engine/wire/ike/payload.ts';
import type { IkeLimits } from '../../engine/ike/config.ts';
import { ExchangeType, NotifyType } from '../../engine/wire/ike/registry.ts';
import { ikeConfigSubject, ikeStepSubject } from './build-ike.ts';
import { payloads, response } from './build-ike-messages.ts';
import type { Subject } from './subject.ts';

/** Those that do one thing wrong against floods, or with puzzles, RFC 8019. */
export const BROKEN_IKE_FLOODS: readonly Subject[] = [
  puzzles('ike-puzzle-alone', 'sets puzzles without cookies', all =>
    all.filter(it => !isNotify(it, NotifyType.COOKIE)),
  ),
  puzzles('ike-odd-puzzle', 'says that a puzzle is about an SA', all =>
    all.map(it => (isNotify(it, NotifyType.PUZZLE) ? { ...it, protocolId: 1 } : it)),
  ),
  puzzles('ike-own-puzzle-prf', 'sets puzzles with a PRF of its own choice', all =>
    all.map(it => (isNotify(it, NotifyType.PUZZLE) ? { ...it, data: Uint8Array.of(0, 2, it.data[2] ?? 0) } : it)),
  ),
  ikeStepSubject('ike-any-solution', 'does not look at solutions', {
    incoming: message => ({ ...message, payloads: message.payloads.filter(({ type }) => type !== 'PS') }),
  }),
  ikeStepSubject('ike-minds-solution', 'hears nothing of who has solved a puzzle', {
    incoming: message => (message.payloads.some(({ type }) => type === 'PS') ? null : message),
  }),
  ikeStepSubject('ike-answers-puzzle-alone', 'takes a puzzle without a cookie for one with an empty one', {
    incoming: message =>
      message.isResponse && message.payloads.every(it => isNotify(it, NotifyType.PUZZLE))
        ? { ...message, payloads: [cookie(), ...message.payloads] }
        : message,
  }),
  solutions('ike-solves-once', 'solves a puzzle with one key, four times', all =>
    all.map(it => {
      if (it.type !== 'PS') return it;
      const key = it.data.subarray(0, it.data.length / 4);
      return { ...it, data: Uint8Array.of(...key, ...key, ...key, ...key) };
    }),
  ),
  solutions('ike-solution-last', 'sends its solution behind all else', all => [
    ...all.filter(({ type }) => type !== 'PS'),
    ...all.filter(({ type }) => type === 'PS'),
  ]),
  solutions('ike-unsolved', 'solves no puzzles', all => all.filter(({ type }) => type !== 'PS')),
  limits('ike-no-puzzles', 'sets no puzzles', { puzzlesFrom: 0, cookiesFrom: 1_000_000 }),
  limits('ike-keeps-half-open', 'keeps half-open IKE SAs for an hour', { halfOpenSeconds: 3600 }),
  limits('ike-drops-half-open', 'keeps half-open IKE SAs for a second', { halfOpenSeconds: 1 }),
  limits('ike-many-half-open', 'has as many half-open IKE SAs as anybody wants', {
    halfOpenPerSource: 1_000_000,
    halfOpen: 1_000_000,
    cookiesFrom: 1_000_000,
  }),
];

function puzzles(name: string, fault: string, change: (payloads: readonly Payload[]) => readonly Payload[]): Subject {
  return payloads(name, fault, response(ExchangeType.IKE_SA_INIT), all =>
    all.some(it => isNotify(it, NotifyType.PUZZLE)) ? change(all) : all,
  );
}

function solutions(name: string, fault: string, change: (payloads: readonly Payload[]) => readonly Payload[]): Subject {
  return payloads(name, fault, hasSolution, change);
}

function limits(name: string, fault: string, change: Partial<IkeLimits>): Subject {
  return ikeConfigSubject(name, fault, config => ({ ...config, limits: { ...config.limits, ...change } }));
}

function hasSolution(message: IkeMessage): boolean {
  return message.payloads.some(({ type }) => type === 'PS');
}

function isNotify(payload: Payload, notifyType: number): payload is NotifyPayload {
  return payload.type === 'N' && payload.notifyType === notifyType;
}

function cookie(): NotifyPayload {
  const none = new Uint8Array(0);
  return { type: 'N', protocolId: 0, spi: none, notifyType: NotifyType.COOKIE, data: Uint8Array.of(1) };
}
