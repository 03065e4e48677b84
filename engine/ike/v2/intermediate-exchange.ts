import type { KeyExchangeMethod } from '../../crypto/key-exchange.ts';
import { ExchangeType } from '../../wire/ike/registry.ts';
import { endIkeSa } from './end.ts';
import type { ExchangeTable } from './exchange-table.ts';
import { payloadOf } from './exchange-table.ts';
import type { Initiator, ReceivedMessage, Responder } from './exchange.ts';
import { expandIkeKeys } from './ike-keys.ts';
import type { AuthenticatingIkeSa, HalfOpenIkeSa, IkeKeys, KeyedIkeSa } from './ike-sa.ts';
import { secretsOf } from './key-log.ts';
import { errorOf, notifyFor, notifyName } from './notify.ts';
import { type Step, step, unchanged, type World } from './step.ts';
import { ADDITIONAL_KEY_EXCHANGES, agreedMethod } from './transforms.ts';

/**
 * RFC 9242 §3.2, with an additional key exchange of RFC 9370 §2.2.2 in each; any other, and any without, is answered with
 * nothing in it:
 *
 *     HDR, SK {[KEi(n),] [N...]}  -->
 *                                    <--  HDR, SK {[KEr(n),] [N...]}
 */
const IKE_INTERMEDIATE: ExchangeTable = {
  name: 'IKE_INTERMEDIATE',
  exchangeType: ExchangeType.IKE_INTERMEDIATE,
  isProtected: true,
  request: { required: [], optional: ['KE'], repeated: ['N', 'V'] },
  response: { required: [], optional: ['KE'], repeated: ['N', 'V'] },
};

/** A stranger makes this node remember each of them: as many as there are key exchanges, twice. */
const INTERMEDIATES_MAX = 2 * ADDITIONAL_KEY_EXCHANGES.length;

export const intermediateInitiator: Initiator<'intermediate'> = {
  kind: 'intermediate',
  table: IKE_INTERMEDIATE,
  begin(sa, task, world) {
    if (sa.kind !== 'authenticating') return unchanged(sa);
    const type = ADDITIONAL_KEY_EXCHANGES[task.index];
    const agreed = sa.suite.additionalKeyExchanges.find(one => one.type === type);
    if (agreed === undefined) return unchanged(sa);
    const method = agreedMethod(agreed.token);
    const begun = method.begin(world.random);
    return step(sa, {
      kind: 'request',
      exchangeType: ExchangeType.IKE_INTERMEDIATE,
      payloads: [{ type: 'KE', group: method.ianaId, data: begun.data }],
      task: { ...task, keyExchange: begun },
    });
  },
  conclude(sa, { task }, { payloads }, world) {
    if (sa.kind !== 'authenticating' || task.keyExchange === null) return unchanged(sa);
    const error = errorOf(payloads);
    if (error !== null) return endIkeSa(sa, 'failed', notifyName(error.notifyType), world);
    const next = nextMethod(sa);
    const ke = payloadOf(payloads, 'KE');
    if (next === null || ke === null || ke.group !== next.ianaId) {
      return endIkeSa(sa, 'failed', 'no answer to an additional key exchange', world);
    }
    const result = world.steps.keyExchanged(task.keyExchange.finish(ke.data));
    if (result.kind === 'invalid') return endIkeSa(sa, 'failed', `additional key exchange: ${result.why}`, world);
    const keys = furtherKeys(sa, result.secret);
    const done: AuthenticatingIkeSa = { ...sa, keys, initial: withOneMore(sa) };
    return step(done, { kind: 'secrets', secrets: secretsOf(done) });
  },
};

export const intermediateResponder: Responder = {
  table: IKE_INTERMEDIATE,
  takes: () => true,
  accepts: sa => sa.kind === 'halfOpen' && sa.extensions.has('intermediate'),
  respond(sa, request, world) {
    if (sa.kind !== 'halfOpen') throw new Error(`IKE_INTERMEDIATE of an IKE SA that is ${sa.kind}`);
    return respondTo(sa, request, world);
  },
};

/** The answer leaves under the keys that the request came under; those that follow are the next message's, RFC 9242 §3.3.1. */
function respondTo(sa: HalfOpenIkeSa, { payloads }: ReceivedMessage, world: World): Step {
  if (sa.initial.intermediates.length >= INTERMEDIATES_MAX) return refuse(sa, 'one IKE_INTERMEDIATE too many', world);
  const next = nextMethod(sa);
  const ke = payloadOf(payloads, 'KE');
  if (ke === null || next === null) return step(sa, { kind: 'respond', payloads: [] });
  if (ke.group !== next.ianaId) return refuse(sa, `KE of method ${ke.group}, not ${next.ianaId}`, world);
  const answer = world.steps.keyExchanged(next.respond(ke.data, world.random));
  if (answer.kind === 'invalid') return refuse(sa, `additional key exchange: ${answer.why}`, world);
  const keys = furtherKeys(sa, answer.secret);
  const done: HalfOpenIkeSa = { ...sa, keys, earlierKeys: sa.keys, initial: withOneMore(sa) };
  return step(
    done,
    { kind: 'respond', payloads: [{ type: 'KE', group: next.ianaId, data: answer.data }] },
    { kind: 'secrets', secrets: secretsOf(done) },
  );
}

/** All that was agreed on in IKE_SA_INIT has to be done before IKE_AUTH: keys without it would be weaker than both wanted. */
export function isKeyExchangeComplete({ suite, initial }: AuthenticatingIkeSa | HalfOpenIkeSa): boolean {
  return initial.additionalDone === suite.additionalKeyExchanges.length;
}

/** SKEYSEED(n) = prf(SK_d(n-1), SK(n) | Ni | Nr), and all SK_* anew of it, RFC 9370 §2.2.2. */
function furtherKeys(sa: AuthenticatingIkeSa | HalfOpenIkeSa, secret: Uint8Array): IkeKeys {
  const { initiatorNonce, responderNonce } = sa.initial;
  const skeyseed = sa.prf.compute(sa.keys.skD, Buffer.concat([secret, initiatorNonce, responderNonce]));
  const { initiatorSpi, responderSpi } = sa;
  return expandIkeKeys(sa, skeyseed, { initiatorNonce, responderNonce, initiatorSpi, responderSpi });
}

/** In the order of their transform types; null: all are done. */
function nextMethod({ suite, initial }: AuthenticatingIkeSa | HalfOpenIkeSa): KeyExchangeMethod | null {
  const next = suite.additionalKeyExchanges[initial.additionalDone];
  return next === undefined ? null : agreedMethod(next.token);
}

function withOneMore({ initial }: AuthenticatingIkeSa | HalfOpenIkeSa) {
  return { ...initial, additionalDone: initial.additionalDone + 1 };
}

/** RFC 9242 §3.4 leaves it to the content: what cannot be a key exchange of this IKE SA ends it. */
function refuse(sa: KeyedIkeSa, why: string, world: World): Step {
  const notify = notifyFor({ kind: 'malformed', field: why, offset: 0 }, { isResponse: false, isProtected: true });
  const end = endIkeSa(sa, 'failed', why, world);
  const answer = notify === 'drop' ? [] : [{ kind: 'respond' as const, payloads: [notify] }];
  return { ...end, effects: [...answer, ...end.effects] };
}
