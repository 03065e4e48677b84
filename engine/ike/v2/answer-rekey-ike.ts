import type { Payload } from '../../wire/ike/payload.ts';
import { ikeSpiOctets, ikeSpiOf } from '../../wire/ike/header.ts';
import { NO_SPI } from '../../wire/ike/message.ts';
import { refuse, respondToKe, TEMPORARY_FAILURE } from './answer-create-child.ts';
import { REKEY_IKE } from './create-child-table.ts';
import type { Responder } from './exchange.ts';
import { payloadOf, requiredPayload } from './exchange-table.ts';
import { awaitFollowUp } from './follow-up.ts';
import { type EstablishedIkeSa, isAuthenticated } from './ike-sa.ts';
import { type AgreedIke, announce, ikeSuccessor, inherit, replacedBy } from './ike-successor.ts';
import { newNonce, nonceProblem } from './nonce.ts';
import { ikeChoices } from './proposals.ts';
import { answerWith, selectIke } from './select-proposal.ts';
import { type Effect, type Step, step, type World } from './step.ts';
import type { TaskKind } from './task.ts';

/** The responder of CREATE_CHILD_SA that rekeys the IKE SA; it is listed behind the one that makes Child SAs. */
export const rekeyIkeResponder: Responder = {
  table: REKEY_IKE,
  takes: payloads => payloadOf(payloads, 'TSi') === null && payloadOf(payloads, 'TSr') === null,
  accepts: sa => isAuthenticated(sa),
  respond(sa, { payloads }, world) {
    // RFC 7296 §2.25.2: one that was rekeyed, or is being closed; §2.25.1: or is busy with a child.
    if (sa.kind !== 'established' || sa.rival !== undefined || isBusyWithChildren(sa))
      return refuse(sa, TEMPORARY_FAILURE);
    return rekey(sa, payloads, world);
  },
};

function rekey(sa: EstablishedIkeSa, payloads: readonly Payload[], world: World): Step {
  const initiatorNonce = requiredPayload(payloads, 'NONCE').data;
  const problem = nonceProblem(initiatorNonce, sa.prf, world);
  if (problem !== null) return refuse(sa, problem);
  const selection = selectIke(requiredPayload(payloads, 'SA'), ikeChoices(sa.connection.proposals), 8);
  if (selection.kind === 'malformed') return refuse(sa, { kind: 'malformed', field: 'Proposal Num', offset: 0 });
  if (selection.kind === 'none') return refuse(sa, { kind: 'noProposalChosen' });
  const initiatorSpi = ikeSpiOf(selection.spi);
  if (initiatorSpi === NO_SPI) return refuse(sa, { kind: 'malformed', field: 'SPI of zero', offset: 0 });
  if (isFull(world)) return refuse(sa, TEMPORARY_FAILURE);
  const { suite, proposal } = selection;
  const exchanged = respondToKe(suite.keyExchange, payloads, world);
  if (exchanged.kind === 'refused') return refuse(sa, exchanged.error);
  const responderSpi = world.newIkeSpi();
  const responderNonce = newNonce(world.random);
  const { secrets } = exchanged;
  const agreed = {
    suite,
    role: 'responder',
    initiatorSpi,
    responderSpi,
    initiatorNonce: Uint8Array.from(initiatorNonce),
    responderNonce,
  } as const;
  const answer: Payload[] = [
    answerWith(proposal, ikeSpiOctets(responderSpi)),
    { type: 'NONCE', data: responderNonce },
    ...exchanged.payloads,
  ];
  const remaining = suite.additionalKeyExchanges;
  if (remaining.length > 0) {
    const awaiting = awaitFollowUp(sa, { origin: { kind: 'ike', agreed }, remaining, secrets }, world);
    return step(awaiting.sa, { kind: 'respond', payloads: [...answer, awaiting.notify] });
  }
  return completeRekey(sa, agreed, secrets, answer, world);
}

/** The new IKE SA of an exchange that all secrets are there of; `answer` is what the last request gets. */
export function completeRekey(
  sa: EstablishedIkeSa,
  agreed: Omit<AgreedIke, 'secrets'>,
  secrets: readonly Uint8Array[],
  answer: readonly Payload[],
  world: World,
): Step {
  const heir = ikeSuccessor(sa, { ...agreed, secrets }, world);
  const respond: Effect = { kind: 'respond', payloads: answer };
  const announced = announce(heir, sa);
  // This end's own request is under way: which of the two inherits is known when that is answered (§2.8.2).
  if (sa.isRekeying) return step({ ...sa, rival: heir.id }, respond, { kind: 'put', sa: heir }, ...announced);
  return step(replacedBy(sa, heir, world), respond, { kind: 'put', sa: inherit(sa, heir) }, ...announced);
}

/** A peer that rekeys without end finds no room. */
function isFull({ sas, config }: World): boolean {
  let count = 0;
  for (const _ of sas) count++;
  return count >= config.limits.ikeSas;
}

/** Creating, rekeying or closing a Child SA. */
export function isBusyWithChildren({ windows }: EstablishedIkeSa): boolean {
  return windows.requests.outstanding.some(({ task }) => OF_CHILDREN.has(task.kind));
}

const OF_CHILDREN: ReadonlySet<TaskKind> = new Set([
  'newChild',
  'rekeyChild',
  'followUp',
  'deleteChild',
  'refuseChild',
]);
