import type { IkeSteps } from '../../engine/ike/steps.ts';
import type { Payload, TrafficSelector, TsPayload } from '../../engine/wire/ike/payload.ts';
import { ExchangeType, NotifyType, TsType } from '../../engine/wire/ike/registry.ts';
import { ikeStepSubject } from './build-ike.ts';
import { payloads, request, response } from './build-ike-messages.ts';
import type { Subject } from './subject.ts';

/** Those that do one thing wrong with traffic selectors, RFC 7296 §2.9 and §3.13. */
export const BROKEN_IKE_SELECTORS: readonly Subject[] = [
  ikeStepSubject('ike-takes-any-selectors', 'says yes to all selectors that it is asked for', takesAll),
  inAnswer('ike-answers-with-its-policy', 'answers with the whole net, whatever part was asked for', list =>
    list.map(it => ({
      ...it,
      start: it.start.with(-1 + it.start.length, 0),
      end: it.end.with(-1 + it.end.length, 255),
    })),
  ),
  inAnswer('ike-knows-one-family', 'leaves IPv6 out of its answers', list =>
    list.filter(({ tsType }) => tsType === TsType.TS_IPV4_ADDR_RANGE),
  ),
  inAnswer('ike-opaque-is-any', 'takes OPAQUE for ANY', list =>
    list.map(it => (it.startPort > it.endPort ? { ...it, startPort: 0, endPort: 0xffff } : it)),
  ),
  inAnswer('ike-keeps-the-last-selectors', 'narrows to another address than the first that was asked for', list =>
    list.map(it => ({
      ...it,
      start: it.start.with(-1 + it.start.length, 200),
      end: it.end.with(-1 + it.end.length, 200),
    })),
  ),
  hiding('ike-hides-that-more-is-possible', 'does not say that more is possible', NotifyType.ADDITIONAL_TS_POSSIBLE),
  hiding('ike-hides-selectors', 'does not say that the selectors do not suit', NotifyType.TS_UNACCEPTABLE),
  hiding('ike-hides-single-pair', 'does not say that it wants one pair', NotifyType.SINGLE_PAIR_REQUIRED),
  inRequest('ike-forgets-the-packet', 'asks for its policy, and not for the packet', list => list.slice(1)),
  inRequest('ike-turns-ranges-around', 'has the end of a range before its start', list =>
    list.map(it => ({ ...it, start: it.end, end: it.start })),
  ),
];

/** Answers with the selectors of the request. */
function takesAll(): Partial<IkeSteps> {
  const asked = new Map<string, Payload>();
  return {
    incoming: message => {
      for (const it of message.payloads) if (!message.isResponse && isSelectors(it)) asked.set(it.type, it);
      return message;
    },
    outgoing: message =>
      message.isResponse
        ? { ...message, payloads: message.payloads.map(it => (isSelectors(it) ? (asked.get(it.type) ?? it) : it)) }
        : message,
  };
}

type Change = (selectors: readonly TrafficSelector[]) => readonly TrafficSelector[];

/** In the answer of IKE_AUTH, of which all else is sent. */
function hiding(name: string, fault: string, notifyType: number): Subject {
  return payloads(name, fault, response(ExchangeType.IKE_AUTH), all =>
    all.filter(it => it.type !== 'N' || it.notifyType !== notifyType),
  );
}

function inAnswer(name: string, fault: string, change: Change): Subject {
  return payloads(name, fault, response(ExchangeType.IKE_AUTH), all => all.map(changing(change)));
}

function inRequest(name: string, fault: string, change: Change): Subject {
  return payloads(name, fault, request(ExchangeType.IKE_AUTH), all => all.map(changing(change)));
}

function changing(change: Change): (payload: Payload) => Payload {
  return payload => (isSelectors(payload) ? { ...payload, selectors: change(payload.selectors) } : payload);
}

function isSelectors(payload: Payload): payload is TsPayload {
  return payload.type === 'TSi' || payload.type === 'TSr';
}
