import { NotifyType } from '../../wire/ike/registry.ts';
import type { Payload } from '../../wire/ike/payload.ts';
import { connectionsFor } from '../peer-authorization.ts';
import { checkPayloads, requiredPayload } from './exchange-table.ts';
import type { ReceivedMessage } from './exchange.ts';
import { ikeAlgorithms } from './ike-keys.ts';
import { createHalfOpen, type InitialAnswer } from './initial-answer.ts';
import { responderNotifies } from './initial-extensions.ts';
import { natDetectionNotifies } from './nat-detection.ts';
import { newNonce, nonceProblem } from './nonce.ts';
import { notifyOf, notifyPayload } from './notify.ts';
import { IKE_SESSION_RESUME, resumedSkeyseed } from './resume.ts';
import type { World } from './step.ts';

/** The responder of IKE_SESSION_RESUME: an IKE SA of what the ticket brings back, RFC 5723 §4.3.2, or TICKET_NACK. */
export function answerResume(request: ReceivedMessage, world: World): InitialAnswer {
  const { payloads, from, header } = request;
  const wrong = world.steps.checked(checkPayloads(IKE_SESSION_RESUME.request, payloads));
  if (wrong !== null) return { kind: 'refused', error: wrong };
  const notify = notifyOf(payloads, NotifyType.TICKET_OPAQUE);
  const state = notify === null ? null : world.tickets().open(notify.data, world.epochSeconds);
  const connection = connectionsFor(world.config, from).find(
    one => one.name === state?.connection && one.version === 2 && one.resumption,
  );
  if (state === null || connection === undefined) {
    return { kind: 'elsewhere', payloads: [notifyPayload(NotifyType.TICKET_NACK)] };
  }
  const algorithms = ikeAlgorithms(state.suite);
  const initiatorNonce = Uint8Array.from(requiredPayload(payloads, 'NONCE').data);
  const problem = nonceProblem(initiatorNonce, algorithms.prf, world);
  if (problem !== null) return { kind: 'refused', error: problem };
  const responderNonce = newNonce(world.random);
  const skeyseed = () => resumedSkeyseed(algorithms.prf, state.skD, { initiatorNonce, responderNonce });
  const { suite, serial } = state;
  const resumed = {
    localIdentity: state.responder,
    remoteIdentity: state.initiator,
    localAuthentication: state.responderAuthentication,
    remoteAuthentication: state.initiatorAuthentication,
    serial,
  };
  const agreed = { connection, connections: [connection], suite, skeyseed, initiatorNonce, responderNonce, resumed };
  const sa = createHalfOpen(request, agreed, world);
  const { responderSpi } = sa;
  const encapsulation = connection.forceEncapsulation ? 'pretend' : 'asDetected';
  const answered: Payload[] = [
    { type: 'NONCE', data: responderNonce },
    ...natDetectionNotifies({ initiatorSpi: header.initiatorSpi, responderSpi }, from, encapsulation),
    ...responderNotifies([connection], payloads),
  ];
  return { kind: 'accepted', sa, payloads: answered };
}
