import { keyExchange } from '../../crypto/key-exchange-table.ts';
import type { NotifyPayload, Payload } from '../../wire/ike/payload.ts';
import { ikeSpiOctets, ikeSpiOf } from '../../wire/ike/header.ts';
import { NO_SPI } from '../../wire/ike/message.ts';
import { ExchangeType, NotifyType } from '../../wire/ike/registry.ts';
import { acceptIke } from './accept-proposal.ts';
import { isBusyWithChildren } from './answer-rekey-ike.ts';
import { otherMethod } from './begin-create-child.ts';
import { distrust, finishKeyExchange } from './conclude-create-child.ts';
import { REKEY_IKE } from './create-child-table.ts';
import { defer, patience } from './deferral.ts';
import type { Initiator } from './exchange.ts';
import { requiredPayload } from './exchange-table.ts';
import { type AdditionalSecrets, nextFollowUp } from './follow-up.ts';
import type { EstablishedIkeSa, IkeSa } from './ike-sa.ts';
import { announce, ikeSuccessor, inherit, replacedBy, yieldToRival } from './ike-successor.ts';
import { isLower, newNonce } from './nonce.ts';
import { errorOf, notifyName } from './notify.ts';
import { ikeChoices, keyExchangesOf, offer } from './proposals.ts';
import { type Effect, type Step, step, unchanged, type World } from './step.ts';
import type { IkeProgress, TaskOf } from './task.ts';

/** The initiator of CREATE_CHILD_SA that rekeys the IKE SA, RFC 7296 §1.3.2. */
export const rekeyIke: Initiator<'rekeyIke'> = {
  table: REKEY_IKE,
  kind: 'rekeyIke',
  begin,
  conclude: (sa, { task }, { payloads }, world) => concludeRekey(sa, task, payloads, [], world),
};

/** `additional`: of the exchanges that follow this one, where all of them are done. */
export function concludeRekey(
  sa: IkeSa,
  task: TaskOf<'rekeyIke'>,
  payloads: readonly Payload[],
  additional: AdditionalSecrets,
  world: World,
): Step {
  const { progress } = task;
  if (sa.kind !== 'established' || progress === null) return unchanged(sa);
  const over: EstablishedIkeSa = { ...sa, isRekeying: false };
  const error = errorOf(payloads);
  if (error !== null) return takeRefusal(over, task, progress, error, world);
  const made = make(over, task, progress, payloads, additional, world);
  // The peer has gone over to what this end cannot use: nothing is left that both mean.
  if (typeof made === 'string') return distrust(over, `rekeying the IKE SA: ${made}`);
  return made.kind === 'followUp' ? step(sa, { kind: 'task', task: made }) : replace(over, made, world);
}

function begin(sa: IkeSa, task: TaskOf<'rekeyIke'>, world: World): Step {
  if (sa.kind !== 'established' || sa.isRekeying) return unchanged(sa);
  // With a window for several requests: the peer would have no time for this one (§2.25.1).
  if (isBusyWithChildren(sa)) return defer(sa, task, world);
  const choices = ikeChoices(sa.connection.proposals);
  const [first] = keyExchangesOf(choices);
  const method = task.progress?.method ?? (first === undefined ? null : keyExchange(first));
  if (method === null) throw new Error(`connection ${sa.connection.name} has no key exchange`);
  const spi = world.newIkeSpi();
  const progress: IkeProgress = {
    nonce: newNonce(world.random),
    method,
    keyExchange: method.begin(world.random),
    offer: offer(choices, ikeSpiOctets(spi)),
    spi,
    restarts: task.progress?.restarts ?? 0,
  };
  const payloads: Payload[] = [
    progress.offer,
    { type: 'NONCE', data: progress.nonce },
    { type: 'KE', group: method.ianaId, data: progress.keyExchange.data },
  ];
  return step(
    { ...sa, isRekeying: true, rekeyAt: null },
    { kind: 'request', exchangeType: ExchangeType.CREATE_CHILD_SA, payloads, task: { ...task, progress } },
  );
}

/** The new IKE SA, or what is to be asked before there is one; text: why there is none. */
function make(
  sa: EstablishedIkeSa,
  task: TaskOf<'rekeyIke'>,
  progress: IkeProgress,
  payloads: readonly Payload[],
  additional: AdditionalSecrets,
  world: World,
) {
  if (typeof additional === 'string') return additional;
  const accepted = acceptIke(progress.offer, requiredPayload(payloads, 'SA'), 8);
  if (accepted.kind === 'refused') return accepted.why;
  const responderSpi = ikeSpiOf(accepted.spi);
  if (responderSpi === NO_SPI) return 'an SPI of zero';
  const responderNonce = requiredPayload(payloads, 'NONCE').data;
  if (!world.steps.isNonceFit(responderNonce, sa.prf)) return `a nonce of ${responderNonce.length} octets`;
  const exchanged = finishKeyExchange(progress, accepted.suite.keyExchange, payloads, world);
  if (exchanged.kind === 'unusable') return exchanged.why;
  const remaining = accepted.suite.additionalKeyExchanges;
  if (additional.length < remaining.length) return nextFollowUp(task, payloads, payloads, remaining, []);
  const agreed = {
    suite: accepted.suite,
    role: 'initiator',
    initiatorSpi: progress.spi,
    responderSpi,
    initiatorNonce: progress.nonce,
    responderNonce,
    secrets: [...exchanged.secrets, ...additional],
  } as const;
  return ikeSuccessor(sa, agreed, world);
}

/**
 * The new one inherits, and the old one is deleted. Where the peer has made one as well, the one of the lowest of the four
 * nonces is deleted by whoever made it, and the other's maker deletes the old one (§2.8.2).
 */
function replace(sa: EstablishedIkeSa, heir: EstablishedIkeSa, world: World): Step {
  const rival = sa.rival === undefined ? null : world.find(sa.rival);
  const announced = announce(heir, sa);
  const end = { kind: 'deleteIke' } as const;
  if (rival?.kind === 'established' && isRedundant(heir, rival)) {
    const yielded = yieldToRival(sa, world);
    if (yielded !== null) {
      const redundant: Effect = { kind: 'put', sa: { ...heir, tasks: [end] } };
      return step(yielded.sa, redundant, ...announced, ...yielded.effects);
    }
  }
  const old = replacedBy(sa, heir, world);
  const put: Effect = { kind: 'put', sa: inherit(sa, heir) };
  return step(old, put, ...announced, { kind: 'task', task: end });
}

function isRedundant(ours: EstablishedIkeSa, theirs: EstablishedIkeSa): boolean {
  const [own, other] = [ours.lowestNonce, theirs.lowestNonce];
  return own !== null && other !== null && isLower(own, other);
}

function takeRefusal(
  sa: EstablishedIkeSa,
  task: TaskOf<'rekeyIke'>,
  progress: IkeProgress,
  error: NotifyPayload,
  world: World,
): Step {
  // The peer has been quicker, and does not know of this end's request: its own one counts.
  const yielded = yieldToRival(sa, world);
  if (yielded !== null) return step(yielded.sa, ...yielded.effects);
  switch (error.notifyType) {
    case NotifyType.INVALID_KE_PAYLOAD: {
      const offered = keyExchangesOf(ikeChoices(sa.connection.proposals));
      const method = otherMethod(error.data, offered, progress.method, progress.restarts);
      if (method === null) break;
      const again = { ...progress, method, restarts: progress.restarts + 1 };
      return step(sa, { kind: 'task', task: { ...task, progress: again } });
    }
    case NotifyType.TEMPORARY_FAILURE:
      return defer(sa, task, world);
    case NotifyType.NO_ADDITIONAL_SAS: {
      // A peer that rekeys nothing: all of it is made anew, §2.8.
      const children = sa.children.map(({ config }) => config);
      return step(sa, { kind: 'initiate', connection: sa.connection.name, children, replaces: sa.id });
    }
  }
  return fail(sa, notifyName(error.notifyType), world);
}

/** There is time for another try until it ends. */
function fail(sa: EstablishedIkeSa, why: string, world: World): Step {
  const event: Effect = {
    kind: 'event',
    event: { kind: 'negotiationFailed', connection: sa.connection.name, detail: `rekeying the IKE SA: ${why}` },
  };
  const yielded = yieldToRival(sa, world);
  if (yielded !== null) return step(yielded.sa, event, ...yielded.effects);
  return step({ ...sa, rekeyAt: patience(10, world) }, event);
}
