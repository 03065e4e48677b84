import type { NotifyPayload, Payload } from '../../wire/ike/payload.ts';
import { NotifyType } from '../../wire/ike/registry.ts';
import { otherMethod } from './begin-create-child.ts';
import { beginSending, closeChild } from './child-closing.ts';
import { childEvent, createChildSa, installCommand } from './child-install.ts';
import { childKeys, weakness } from './child-keys.ts';
import { concludeChild } from './child-offer.ts';
import { childPlace } from './child-place.ts';
import type { ChildSa } from './child-sa.ts';
import { childById, successorsOf, withChild } from './child-table.ts';
import { isRedundantHeir, isRedundantTwin, originOf, twinOf } from './child-twin.ts';
import { withoutClosed } from './closed-early.ts';
import { defer, patience } from './deferral.ts';
import type { ReceivedMessage } from './exchange.ts';
import { payloadOf, requiredPayload } from './exchange-table.ts';
import { type AdditionalSecrets, nextFollowUp } from './follow-up.ts';
import type { EstablishedIkeSa, IkeSa } from './ike-sa.ts';
import { lowerNonce } from './nonce.ts';
import { errorOf, notifyName } from './notify.ts';
import { keyExchangesOf } from './proposals.ts';
import { type Effect, type Step, step, unchanged, type World } from './step.ts';
import type { ChildProgress, TaskOf } from './task.ts';
import { childChoices } from './proposals.ts';

/** The initiator's look at responses of CREATE_CHILD_SA that make a Child SA. */

type ChildTask = TaskOf<'newChild'> | TaskOf<'rekeyChild'>;

/** `additional`: of the exchanges that follow this one, where all of them are done. */
export function concludeCreateChild(
  sa: IkeSa,
  task: ChildTask,
  { payloads }: Pick<ReceivedMessage, 'payloads'>,
  world: World,
  additional: AdditionalSecrets = [],
): Step {
  const { progress } = task;
  const error = errorOf(payloads);
  // The IKE SA was replaced in between, and nothing was made: the other one is to make it.
  if (sa.kind === 'rekeyed' && task.kind === 'newChild' && error !== null) {
    return step(sa, { kind: 'task', task: { ...task, progress: null }, ikeSa: sa.replacedBy });
  }
  // The peer has closed or replaced it: what was made here went the same way.
  if (sa.kind !== 'established' || progress === null) return unchanged(sa);
  if (error !== null) return takeRefusal(sa, task, progress, error, world);
  const made = make(sa, task, progress, payloads, additional, world);
  if (made.kind === 'unusable') {
    return made.isFatal === true ? distrust(sa, made.why) : abandon(sa, task, progress, made.why, world);
  }
  if (made.kind === 'followed') return step(sa, { kind: 'task', task: made.by });
  const { child } = made;
  return withoutClosed(task.kind === 'newChild' ? adopt(sa, child) : replace(sa, task.childId, child), child, world);
}

type Made =
  | { readonly kind: 'made'; readonly child: ChildSa }
  | { readonly kind: 'followed'; readonly by: TaskOf<'followUp'> }
  | { readonly kind: 'unusable'; readonly why: string; readonly isFatal?: true };

function make(
  sa: EstablishedIkeSa,
  task: ChildTask,
  progress: ChildProgress,
  payloads: readonly Payload[],
  additional: AdditionalSecrets,
  world: World,
): Made {
  if (typeof additional === 'string') return { kind: 'unusable', why: additional };
  const place = childPlace(sa, sa.virtualAddresses);
  const conclusion = concludeChild(progress.offer, payloads, place);
  if (conclusion.kind === 'unusable') return conclusion;
  const { child: agreed } = conclusion;
  const exchanged = finishKeyExchange(progress, agreed.suite.keyExchange, payloads, world);
  if (exchanged.kind === 'unusable') return exchanged;
  const nonceR = requiredPayload(payloads, 'NONCE').data;
  if (!world.steps.isNonceFit(nonceR, sa.prf)) return { kind: 'unusable', why: `a nonce of ${nonceR.length} octets` };
  const remaining = agreed.suite.additionalKeyExchanges;
  if (additional.length < remaining.length) {
    const by = nextFollowUp(task, payloads, payloads, remaining, []);
    return typeof by === 'string' ? { kind: 'unusable', why: by } : { kind: 'followed', by };
  }
  const secrets = [...exchanged.secrets, ...additional];
  const source = { prf: sa.prf, skD: sa.keys.skD, nonceI: progress.nonce, nonceR, secrets };
  const keys = childKeys(source, agreed.suite);
  const weak = weakness(agreed.suite, keys);
  if (weak !== null) return { kind: 'unusable', why: weak };
  const replaces = task.kind === 'rekeyChild' ? task.childId : null;
  const origin = originOf(sa, 'us', replaces, lowerNonce(progress.nonce, nonceR));
  return { kind: 'made', child: createChildSa(agreed, keys, origin, place, sa.connection, world) };
}

type Finished =
  | { readonly kind: 'finished'; readonly secrets: readonly Uint8Array[] }
  | { readonly kind: 'unusable'; readonly why: string; readonly isFatal?: true };

/** KEr against KEi and what was chosen. */
export function finishKeyExchange(
  { method, keyExchange }: Pick<ChildProgress, 'method' | 'keyExchange'>,
  chosen: string | null,
  payloads: readonly Payload[],
  { steps }: Pick<World, 'steps'>,
): Finished {
  if (chosen === null) return { kind: 'finished', secrets: [] };
  const ke = payloadOf(payloads, 'KE');
  if (method === null || keyExchange === null || method.token !== chosen || ke === null || ke.group !== method.ianaId) {
    return { kind: 'unusable', why: `${chosen} was chosen, and another group answered` };
  }
  const result = steps.keyExchanged(keyExchange.finish(ke.data));
  return result.kind === 'invalid'
    ? { kind: 'unusable', why: `KEr: ${result.why}`, isFatal: true }
    : { kind: 'finished', secrets: [result.secret] };
}

/**
 * A new one, for use at once: the peer is ready to receive. Where both ends have made the same at the same time, one is too many:
 * that with the lowest nonce, as after a rekey (§2.8.1).
 */
function adopt(sa: EstablishedIkeSa, child: ChildSa): Step {
  const twin = twinOf(sa, child, 'peer');
  if (twin !== null && isRedundantTwin(child, twin)) {
    return step(withChild(sa, { ...child, state: 'rekeyed' }), inbound(child), deletion(child.id));
  }
  const sending = beginSending(withChild(sa, child), child);
  const event: Effect = { kind: 'event', event: childEvent('childEstablished', sa.connection, child) };
  return step(sending.sa, inbound(child), ...sending.effects, event);
}

/**
 * In the place of the old one, RFC 7296 §2.8. Where the peer has rekeyed that as well, the one with the lowest of the four
 * nonces is redundant, and whoever made it deletes it; whoever made the other deletes the old one (§2.8.1). So where the peer has
 * deleted the old one before this answer came, this is the redundant one, or nobody wants either. A twin that the peer has made of the
 * old one meanwhile is one of its heir as well.
 */
function replace(sa: EstablishedIkeSa, oldId: number, child: ChildSa): Step {
  const old = childById(sa, oldId);
  const rival = successorsOf(sa, oldId).find(({ origin }) => origin.madeBy === 'peer') ?? null;
  const event: Effect = { kind: 'event', event: childEvent('childRekeyed', sa.connection, child) };
  if (rival === null ? old === null : isRedundantHeir(child, rival)) {
    const losing: ChildSa = { ...child, state: 'rekeyed' };
    const withoutTurn =
      old === null ? sa : withChild(sa, { ...old, state: old.state === 'deleting' ? 'deleting' : 'rekeyed' });
    return step(withChild(withoutTurn, losing), inbound(child), deletion(child.id));
  }
  const withRival = rival === null ? sa : withChild(sa, { ...rival, state: 'rekeyed' });
  const sending = beginSending(withChild(withRival, child), child);
  const twin = twinOf(withRival, child, 'peer');
  const end = twin !== null && isRedundantTwin(child, twin) ? [deletion(child.id)] : [];
  const effects = [inbound(child), ...sending.effects, event, ...end];
  if (old === null) return step(sending.sa, ...effects);
  if (old.state === 'deleting') return step(sending.sa, ...effects);
  return step(withChild(sending.sa, { ...old, state: 'rekeyed' }), ...effects, deletion(oldId));
}

function takeRefusal(
  sa: EstablishedIkeSa,
  task: ChildTask,
  progress: ChildProgress,
  error: NotifyPayload,
  world: World,
): Step {
  const old = task.kind === 'rekeyChild' ? childById(sa, task.childId) : null;
  // The peer has been quicker: there is a successor, or nothing that could have one (§2.8.1, §2.25.1).
  if (task.kind === 'rekeyChild' && (old === null || old.state === 'deleting')) return unchanged(sa);
  if (old !== null && successorsOf(sa, old.id).length > 0)
    return unchanged(withChild(sa, { ...old, state: 'rekeyed' }));
  const still = old === null ? sa : withChild(sa, { ...old, state: 'installed' });
  switch (error.notifyType) {
    case NotifyType.INVALID_KE_PAYLOAD: {
      const offered = keyExchangesOf(childChoices(progress.offer.config.proposals, 'with'));
      const method = otherMethod(error.data, offered, progress.method, progress.restarts);
      if (method === null) break;
      const again = { ...progress, method, restarts: progress.restarts + 1 };
      return step(still, { kind: 'task', task: { ...task, progress: again } });
    }
    case NotifyType.TEMPORARY_FAILURE:
      return defer(still, task, world);
    case NotifyType.CHILD_SA_NOT_FOUND: {
      if (old === null) break;
      // §2.25: silently, and another from scratch.
      const closed = closeChild(still, old, 'asked', world);
      const { config } = old;
      return step(closed.sa, ...closed.effects, {
        kind: 'task',
        task: { kind: 'newChild', child: config, flow: null, progress: null },
      });
    }
    case NotifyType.SINGLE_PAIR_REQUIRED: {
      // RFC 7296 §2.9: for the packet alone, where one has asked for it.
      if (task.kind !== 'newChild' || task.flow === null || task.child.sharing === 'unique') break;
      const child = { ...task.child, sharing: 'unique' } as const;
      return step(still, { kind: 'task', task: { ...task, child, progress: null } });
    }
    case NotifyType.NO_ADDITIONAL_SAS: {
      if (old === null) break;
      // The peer rekeys nothing (§2.8): all of it is made anew.
      const { connection, children } = sa;
      const configs = children.map(({ config }) => config);
      return step(still, { kind: 'initiate', connection: connection.name, children: configs, replaces: sa.id });
    }
  }
  return fail(still, task, progress, notifyName(error.notifyType), world);
}

/** A value that breaks the key exchange: whoever sends it is not to be dealt with, RFC 6989 §2.5. */
export function distrust(sa: EstablishedIkeSa, why: string): Step {
  return step(
    sa,
    { kind: 'event', event: { kind: 'negotiationFailed', connection: sa.connection.name, detail: why } },
    { kind: 'task', task: { kind: 'deleteIke', cause: 'failed' } },
  );
}

/** What the peer has made is of no use here. It learns that by a Delete, RFC 7296 §2.21.3. */
function abandon(sa: EstablishedIkeSa, task: ChildTask, progress: ChildProgress, why: string, world: World): Step {
  const { protocol = 'esp' } = progress.offer.config.proposals[0] ?? {};
  const refusal: Effect = { kind: 'task', task: { kind: 'refuseChild', protocol, spi: progress.offer.spiIn } };
  const old = task.kind === 'rekeyChild' ? childById(sa, task.childId) : null;
  const still = old === null || old.state === 'deleting' ? sa : withChild(sa, { ...old, state: 'installed' });
  const failed = fail(still, task, progress, why, world);
  return { ...failed, effects: [refusal, ...failed.effects] };
}

/** A new one is given up; one that was to be rekeyed has time for another try until it ends. */
function fail(sa: EstablishedIkeSa, task: ChildTask, { offer }: ChildProgress, why: string, world: World): Step {
  const { connection } = sa;
  const detail = `${offer.config.name}: ${why}`;
  const event: Effect = { kind: 'event', event: { kind: 'negotiationFailed', connection: connection.name, detail } };
  if (task.kind === 'newChild') {
    return step(sa, event, { kind: 'lost', connection: connection.name, children: [offer.config], cause: 'failed' });
  }
  const old = childById(sa, task.childId);
  if (old === null) return step(sa, event);
  return step(withChild(sa, { ...old, rekeyAt: patience(FAILURE_PATIENCE, world) }), event);
}

/** As long as after some refusals for the time being. */
const FAILURE_PATIENCE = 10;

const inbound = (child: ChildSa): Effect => ({ kind: 'command', command: installCommand(child, 'inbound') });
const deletion = (childId: number): Effect => ({ kind: 'task', task: { kind: 'deleteChild', childId } });
