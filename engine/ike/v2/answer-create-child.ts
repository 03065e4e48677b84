import type { NotifyPayload, Payload } from '../../wire/ike/payload.ts';
import { NotifyType, ProtocolId } from '../../wire/ike/registry.ts';
import { answerChild, type ChildAnswer } from './child-answer.ts';
import { beginSending } from './child-closing.ts';
import { childEvent, createChildSa, installCommand } from './child-install.ts';
import { isMakingChildren } from './closed-early.ts';
import { childKeys, weakness } from './child-keys.ts';
import { childPlace } from './child-place.ts';
import type { ChildSa } from './child-sa.ts';
import { childById, childByPeerSpi, withChild } from './child-table.ts';
import { carriesTraffic, isRedundantTwin, originOf, twinOf } from './child-twin.ts';
import { CREATE_CHILD } from './create-child-table.ts';
import type { ReceivedMessage, Responder } from './exchange.ts';
import { awaitFollowUp, type FollowedUp } from './follow-up.ts';
import { payloadOf, payloadsOf, requiredPayload } from './exchange-table.ts';
import { type EstablishedIkeSa, isAuthenticated, type KeyedIkeSa } from './ike-sa.ts';
import { lowerNonce, newNonce, nonceProblem } from './nonce.ts';
import { notifyFor, notifyPayload } from './notify.ts';
import type { ProtocolError } from '../protocol-error.ts';
import { type Effect, type Step, step, type World } from './step.ts';
import { agreedMethod } from './transforms.ts';

/** The responder of CREATE_CHILD_SA where a Child SA is made: a new one, or one that takes another's place. */
export const createChildResponder: Responder = {
  table: CREATE_CHILD,
  takes: payloads =>
    payloadOf(payloads, 'TSi') !== null || payloadOf(payloads, 'TSr') !== null || rekeyNotifies(payloads).length > 0,
  accepts: sa => isAuthenticated(sa),
  respond: respondToCreateChild,
};

function respondToCreateChild(sa: KeyedIkeSa, { payloads }: ReceivedMessage, world: World): Step {
  const [rekey, ...more] = rekeyNotifies(payloads);
  if (more.length > 0) return refuse(sa, { kind: 'malformed', field: 'REKEY_SA twice', offset: 0 });
  // RFC 7296 §2.25.2: what is about to be replaced, or closed, makes nothing new.
  if (sa.kind !== 'established' || sa.isRekeying || awaitsChildren(sa, world)) {
    return refuse(sa, TEMPORARY_FAILURE);
  }
  if (rekey === undefined) return create(sa, payloads, null, world);
  const { protocolId, spi } = rekey;
  const isNamed = (protocolId === ProtocolId.ESP || protocolId === ProtocolId.AH) && spi.length === 4;
  // What cannot be an SPI of a Child SA is one that is not there, §2.25.
  const old = isNamed ? childByPeerSpi(sa, protocolId, Buffer.from(spi).readUInt32BE()) : null;
  // Perhaps what this end is just making: the peer has it, and its answer is on the way.
  if (old === null && isNamed && isMakingChildren(sa)) return refuse(sa, TEMPORARY_FAILURE);
  if (old === null) return refuse(sa, { ...CHILD_SA_NOT_FOUND, protocolId, spi });
  // §2.25.1: on its way out; one that this end is rekeying as well is rekeyed as usual (§2.8.1).
  if (old.state === 'deleting' || old.state === 'rekeyed') return refuse(sa, TEMPORARY_FAILURE);
  return create(sa, payloads, old, world);
}

/** Makes the Child SA; `old` is the one that it takes the place of. */
function create(sa: EstablishedIkeSa, payloads: readonly Payload[], old: ChildSa | null, world: World): Step {
  const { connection } = sa;
  const nonceI = requiredPayload(payloads, 'NONCE').data;
  const problem = nonceProblem(nonceI, sa.prf, world);
  if (problem !== null) return refuse(sa, problem);
  const limit = world.config.limits.childSasPerIkeSa;
  // For a moment there are two of each that is rekeyed.
  if (sa.children.length >= (old === null ? limit : 2 * limit)) {
    return refuse(sa, { kind: 'refused', notifyType: NotifyType.NO_ADDITIONAL_SAS, data: NOTHING });
  }
  const place = childPlace(sa, sa.virtualAddresses);
  const candidates = old === null ? connection.children : [old.config];
  const answer = answerChild(payloads, candidates, 'with', place, () => world.newChildSpi(), old);
  if (answer.kind === 'refused') return refuse(sa, answer.error);
  const exchanged = exchangeKeys(answer, payloads, world);
  if (exchanged.kind === 'refused') return refuse(sa, exchanged.error);
  const nonceR = newNonce(world.random);
  const response: Payload[] = [
    ...answer.notifies,
    answer.sa,
    { type: 'NONCE', data: nonceR },
    ...exchanged.payloads,
    ...answer.selectors,
  ];
  const origin = {
    kind: 'child',
    agreed: answer.child,
    nonceI: Uint8Array.from(nonceI),
    nonceR,
    replaces: old?.id ?? null,
  } as const;
  const { secrets } = exchanged;
  const remaining = answer.child.suite.additionalKeyExchanges;
  if (remaining.length > 0) {
    const awaiting = awaitFollowUp(sa, { origin, remaining, secrets }, world);
    return step(awaiting.sa, { kind: 'respond', payloads: [...response, awaiting.notify] });
  }
  const done = completeChild(sa, origin, secrets, world);
  if (done === null) return refuse(sa, TEMPORARY_FAILURE); // the next keys will not be weak
  return step(done.sa, ...done.effects, { kind: 'respond', payloads: response });
}

/** The Child SA of an exchange that all secrets are there of; null: its keys must not be used. */
export function completeChild(
  sa: EstablishedIkeSa,
  { agreed, nonceI, nonceR, replaces }: Extract<FollowedUp, { kind: 'child' }>,
  secrets: readonly Uint8Array[],
  world: World,
): { readonly sa: EstablishedIkeSa; readonly effects: readonly Effect[] } | null {
  const keys = childKeys({ prf: sa.prf, skD: sa.keys.skD, nonceI, nonceR, secrets }, agreed.suite);
  if (weakness(agreed.suite, keys) !== null) return null;
  const origin = originOf(sa, 'peer', replaces, lowerNonce(nonceI, nonceR));
  const child = createChildSa(agreed, keys, origin, childPlace(sa, sa.virtualAddresses), sa.connection, world);
  return install(sa, child, replaces === null ? null : childById(sa, replaces));
}

/**
 * What the peer may send is understood before it is told that it may. Nothing leaves by an SA that replaces another until the
 * peer deletes that one, RFC 7296 §2.8.
 */
function install(
  sa: EstablishedIkeSa,
  child: ChildSa,
  old: ChildSa | null,
): { sa: EstablishedIkeSa; effects: Effect[] } {
  const { connection } = sa;
  const inbound: Effect = { kind: 'command', command: installCommand(child, 'inbound') };
  const kind = old === null ? 'childEstablished' : 'childRekeyed';
  const event: Effect = { kind: 'event', event: childEvent(kind, connection, child) };
  const withNew = withChild(sa, child);
  if (old === null) {
    // The same traffic has an SA already: it goes on by that until the peer has certainly heard of this one.
    const isSecond = sa.children.some(other => carriesTraffic(other, child));
    const twin = twinOf(sa, child, 'us');
    const isOver = twin !== null && isRedundantTwin(twin, child);
    const end: Effect[] = !isOver ? [] : [{ kind: 'task', task: { kind: 'deleteChild', childId: twin.id } }];
    if (isSecond) return { sa: withNew, effects: [inbound, event, ...end] };
    const sending = beginSending(withNew, child);
    return { sa: sending.sa, effects: [inbound, ...sending.effects, event] };
  }
  const replaced = old.state === 'rekeying' ? old : { ...old, state: 'rekeyed' as const };
  return { sa: withChild(withNew, replaced), effects: [inbound, event] };
}

type KeyExchangeOutcome =
  | { readonly kind: 'done'; readonly secrets: readonly Uint8Array[]; readonly payloads: readonly Payload[] }
  | { readonly kind: 'refused'; readonly error: ProtocolError };

/** KEi against the group that was chosen, RFC 7296 §1.3. One that came along for nothing is not looked at. */
function exchangeKeys(
  { child }: Extract<ChildAnswer, { kind: 'agreed' }>,
  payloads: readonly Payload[],
  world: World,
): KeyExchangeOutcome {
  const token = child.suite.keyExchange;
  if (token === null) return { kind: 'done', secrets: [], payloads: [] };
  return respondToKe(token, payloads, world);
}

/** Of a suite's own key exchange, in either form of CREATE_CHILD_SA. */
export function respondToKe(token: string, payloads: readonly Payload[], world: World): KeyExchangeOutcome {
  const method = agreedMethod(token);
  const ke = payloadOf(payloads, 'KE');
  if (ke === null || ke.group !== method.ianaId) {
    return { kind: 'refused', error: { kind: 'invalidKe', group: method.ianaId } };
  }
  const answer = world.steps.keyExchanged(method.respond(ke.data, world.random));
  if (answer.kind === 'invalid') {
    return { kind: 'refused', error: { kind: 'malformed', field: `KE: ${answer.why}`, offset: 0 } };
  }
  const payload: Payload = { type: 'KE', group: method.ianaId, data: answer.data };
  return { kind: 'done', secrets: [answer.secret], payloads: [payload] };
}

/** An answer that is an error, and nothing else. */
export function refuse(sa: KeyedIkeSa, error: ProtocolError): Step {
  const notify = notifyFor(error, { isResponse: false, isProtected: true });
  const detail = error.kind === 'malformed' ? `CREATE_CHILD_SA: ${error.field}` : `CREATE_CHILD_SA: ${error.kind}`;
  return step(
    sa,
    { kind: 'event', event: { kind: 'negotiationFailed', connection: sa.connection.name, detail } },
    { kind: 'respond', payloads: notify === 'drop' ? [notifyPayload(NotifyType.INVALID_SYNTAX)] : [notify] },
  );
}

export const TEMPORARY_FAILURE: ProtocolError = {
  kind: 'refused',
  notifyType: NotifyType.TEMPORARY_FAILURE,
  data: new Uint8Array(0),
};

const NOTHING = new Uint8Array(0);
const CHILD_SA_NOT_FOUND = { kind: 'refused', notifyType: NotifyType.CHILD_SA_NOT_FOUND, data: NOTHING } as const;

/** Its Child SAs are still with one of which both ends have begun to make a successor, §2.8.2. */
function awaitsChildren({ id }: EstablishedIkeSa, world: World): boolean {
  for (const other of world.sas) if (other.kind === 'established' && other.rival === id) return true;
  return false;
}

function rekeyNotifies(payloads: readonly Payload[]): NotifyPayload[] {
  return payloadsOf(payloads, 'N').filter(({ notifyType }) => notifyType === NotifyType.REKEY_SA);
}
