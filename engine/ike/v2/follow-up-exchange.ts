import type { Payload } from '../../wire/ike/payload.ts';
import { ExchangeType, NotifyType } from '../../wire/ike/registry.ts';
import { completeChild, refuse, TEMPORARY_FAILURE } from './answer-create-child.ts';
import { completeRekey } from './answer-rekey-ike.ts';
import { childById } from './child-table.ts';
import { concludeCreateChild } from './conclude-create-child.ts';
import type { ExchangeTable } from './exchange-table.ts';
import { requiredPayload } from './exchange-table.ts';
import type { Initiator, Responder } from './exchange.ts';
import {
  type AdditionalSecrets,
  awaitFollowUp,
  type AwaitedFollowUp,
  nextFollowUp,
  takeFollowUp,
} from './follow-up.ts';
import { type EstablishedIkeSa, type IkeSa, isAuthenticated } from './ike-sa.ts';
import { errorOf, notifyPayload } from './notify.ts';
import { concludeRekey } from './rekey-ike.ts';
import { type Step, step, unchanged, type World } from './step.ts';
import type { TaskOf } from './task.ts';
import { agreedMethod } from './transforms.ts';

/**
 * One more key exchange of a CREATE_CHILD_SA, RFC 9370 §2.2.4; the responder's notify is there when another is to come:
 *
 *     HDR, SK {KEi(n), N(ADDITIONAL_KEY_EXCHANGE)(link)}  -->
 *                                    <--  HDR, SK {KEr(n), [N(ADDITIONAL_KEY_EXCHANGE)(link)]}
 */
const IKE_FOLLOWUP_KE: ExchangeTable = {
  name: 'IKE_FOLLOWUP_KE',
  exchangeType: ExchangeType.IKE_FOLLOWUP_KE,
  isProtected: true,
  request: { required: ['KE'], optional: [], repeated: ['N', 'V'] },
  response: { required: ['KE'], optional: [], repeated: ['N', 'V'] },
};

export const followUpInitiator: Initiator<'followUp'> = {
  table: IKE_FOLLOWUP_KE,
  kind: 'followUp',
  begin(sa, task, world) {
    const [next] = task.remaining;
    if (sa.kind !== 'established' || next === undefined) return unchanged(sa);
    const method = agreedMethod(next.token);
    const begun = method.begin(world.random);
    const payloads: Payload[] = [
      { type: 'KE', group: method.ianaId, data: begun.data },
      notifyPayload(NotifyType.ADDITIONAL_KEY_EXCHANGE, task.link),
    ];
    return step(sa, {
      kind: 'request',
      exchangeType: ExchangeType.IKE_FOLLOWUP_KE,
      payloads,
      task: { ...task, keyExchange: begun },
    });
  },
  conclude(sa, { task }, { payloads }, world) {
    const { about, answered, remaining } = task;
    // What the responder says against it is said against the exchange that this one follows.
    if (errorOf(payloads) !== null) return concludeWith(sa, about, payloads, [], world);
    const secret = finish(task, payloads, world);
    if (typeof secret === 'string') return concludeWith(sa, about, answered, secret, world);
    const secrets = [...task.secrets, secret];
    const rest = remaining.slice(1);
    if (rest.length === 0) return concludeWith(sa, about, answered, secrets, world);
    const next = nextFollowUp(about, answered, payloads, rest, secrets);
    if (typeof next === 'string') return concludeWith(sa, about, answered, next, world);
    return step(sa, { kind: 'task', task: next });
  },
};

export const followUpResponder: Responder = {
  table: IKE_FOLLOWUP_KE,
  takes: () => true,
  accepts: sa => isAuthenticated(sa),
  respond(sa, { payloads }, world) {
    // One that was rekeyed or is being closed makes nothing more, RFC 7296 §2.25.
    if (sa.kind !== 'established') return refuse(sa, TEMPORARY_FAILURE);
    const found = takeFollowUp(sa, payloads, world);
    if (found === null) {
      return refuse(sa, { kind: 'refused', notifyType: NotifyType.STATE_NOT_FOUND, data: new Uint8Array(0) });
    }
    if (isOvertaken(sa, found.awaited)) return refuse(found.sa, TEMPORARY_FAILURE);
    return respondTo(found.sa, found.awaited, payloads, world);
  },
};

/** This end's own rekey of the same Child SA was quicker, or it was closed meanwhile: that is over (RFC 7296 §2.25.1). */
function isOvertaken(sa: EstablishedIkeSa, { origin }: AwaitedFollowUp): boolean {
  if (origin.kind !== 'child' || origin.replaces === null) return false;
  const old = childById(sa, origin.replaces);
  return old === null || old.state === 'deleting' || old.state === 'rekeyed';
}

function respondTo(sa: EstablishedIkeSa, awaited: AwaitedFollowUp, payloads: readonly Payload[], world: World): Step {
  const [next, ...remaining] = awaited.remaining;
  if (next === undefined) throw new Error('an additional key exchange is awaited, and none remains');
  const method = agreedMethod(next.token);
  const ke = requiredPayload(payloads, 'KE');
  if (ke.group !== method.ianaId)
    return refuse(sa, { kind: 'malformed', field: `KE of method ${ke.group}`, offset: 0 });
  const answer = world.steps.keyExchanged(method.respond(ke.data, world.random));
  if (answer.kind === 'invalid') return refuse(sa, { kind: 'malformed', field: `KE: ${answer.why}`, offset: 0 });
  const secrets = [...awaited.secrets, answer.secret];
  const response: Payload[] = [{ type: 'KE', group: method.ianaId, data: answer.data }];
  const { origin } = awaited;
  if (remaining.length > 0) {
    const awaiting = awaitFollowUp(sa, { origin, remaining, secrets }, world);
    return step(awaiting.sa, { kind: 'respond', payloads: [...response, awaiting.notify] });
  }
  if (origin.kind === 'ike') return completeRekey(sa, origin.agreed, secrets, response, world);
  const done = completeChild(sa, origin, secrets, world);
  if (done === null) return refuse(sa, TEMPORARY_FAILURE);
  return step(done.sa, ...done.effects, { kind: 'respond', payloads: response });
}

/** The secret of the exchange; text: why there is none. */
function finish(
  { keyExchange: begun, remaining }: TaskOf<'followUp'>,
  payloads: readonly Payload[],
  { steps }: Pick<World, 'steps'>,
): Uint8Array | string {
  const [next] = remaining;
  const ke = requiredPayload(payloads, 'KE');
  if (begun === null || next === undefined || ke.group !== agreedMethod(next.token).ianaId) {
    return `${next?.token ?? 'nothing'} was agreed on, and another method answered`;
  }
  const result = steps.keyExchanged(begun.finish(ke.data));
  return result.kind === 'invalid' ? `additional key exchange: ${result.why}` : result.secret;
}

function concludeWith(
  sa: IkeSa,
  about: TaskOf<'followUp'>['about'],
  payloads: readonly Payload[],
  additional: AdditionalSecrets,
  world: World,
): Step {
  if (about.kind === 'rekeyIke') return concludeRekey(sa, about, payloads, additional, world);
  return concludeCreateChild(sa, about, { payloads }, world, additional);
}
