import type { Payload } from '../../wire/ike/payload.ts';
import { createChildResponder } from './answer-create-child.ts';
import { mobikeResponder } from './answer-mobike.ts';
import { rekeyIkeResponder } from './answer-rekey-ike.ts';
import { authAnswer } from './auth-answer.ts';
import { authenticate } from './auth-request.ts';
import { newChild, rekeyChild } from './create-child.ts';
import { deleteChild, deleteChildResponder, refuseChild } from './delete-child.ts';
import type { Initiator, Responder } from './exchange.ts';
import { followUpInitiator, followUpResponder } from './follow-up-exchange.ts';
import type { KeyedIkeSa } from './ike-sa.ts';
import { deleteIke, inform, informational, liveness } from './informational.ts';
import { initialExchange } from './initial-request.ts';
import { intermediateInitiator, intermediateResponder } from './intermediate-exchange.ts';
import { checkReturn, tellAddresses, updateAddresses } from './mobike.ts';
import { rekeyIke } from './rekey-ike.ts';
import type { TaskKind, TaskOf } from './task.ts';

/**
 * All exchanges under SK that this engine answers; of those with the same exchange type the first that takes a request has it.
 * IKE_SA_INIT stands apart: there is no IKE SA yet that it would be a step of.
 */
const RESPONDERS: readonly Responder[] = [
  intermediateResponder,
  authAnswer,
  createChildResponder,
  rekeyIkeResponder,
  followUpResponder,
  deleteChildResponder,
  mobikeResponder,
  informational,
];

/** One for each kind of task. */
const INITIATORS: { readonly [K in TaskKind]: Initiator<K> } = {
  initial: initialExchange,
  intermediate: intermediateInitiator,
  authenticate,
  newChild,
  rekeyChild,
  rekeyIke,
  followUp: followUpInitiator,
  deleteChild,
  refuseChild,
  deleteIke,
  updateAddresses,
  tellAddresses,
  checkReturn,
  inform,
  liveness,
};

/** Who answers such a request in this state; null: nobody. */
export function responderOf(exchangeType: number, payloads: readonly Payload[], sa: KeyedIkeSa): Responder | null {
  return (
    RESPONDERS.find(one => one.table.exchangeType === exchangeType && one.accepts(sa) && one.takes(payloads)) ?? null
  );
}

/** Who carries out a task. */
export function initiatorOf<K extends TaskKind>(task: TaskOf<K>): Initiator<K>;
export function initiatorOf(task: { readonly kind: TaskKind }): unknown {
  return INITIATORS[task.kind];
}
