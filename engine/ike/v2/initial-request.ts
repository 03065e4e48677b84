import { keyExchange, keyExchangeNumbered } from '../../crypto/key-exchange-table.ts';
import { formatAddress, parseAddress } from '../../wire/address.ts';
import { NO_SPI } from '../../wire/ike/message.ts';
import type { NotifyPayload, Payload } from '../../wire/ike/payload.ts';
import { NotifyType } from '../../wire/ike/registry.ts';
import { NS_PER_S } from '../../wire/instant.ts';
import type { ConnectionConfig } from '../config.ts';
import { acceptIke } from './accept-proposal.ts';
import { checkPayloads, requiredPayload } from './exchange-table.ts';
import type { Initiator, ReceivedMessage } from './exchange.ts';
import type { AttemptNote, InitiatingIkeSa, Path, WantedChild } from './ike-sa.ts';
import { ikeAlgorithms, initialSkeyseed } from './ike-keys.ts';
import { extensionsInUse, initiatorNotifies } from './initial-extensions.ts';
import { IKE_SA_INIT } from './initial-tables.ts';
import { withCandidate } from './initial-candidate.ts';
import { natDetectionNotifies } from './nat-detection.ts';
import { newNonce } from './nonce.ts';
import { errorOf, notifyName, notifyOf, notifyPayload } from './notify.ts';
import { ikeChoices, keyExchangesOf, offer } from './proposals.ts';
import { readPuzzle, solvePuzzle } from './puzzle.ts';
import { wayOf } from './send.ts';
import { echoesNonce, readRedirect, type Redirection, redirectedFromNotify, REDIRECTS_MAX } from './redirect.ts';
import { IKE_SESSION_RESUME, resumedSkeyseed, ticketOf } from './resume.ts';
import { type Effect, type Step, step, unchanged, type World } from './step.ts';
import type { StoredTicket } from './ticket.ts';
import { INITIAL_WINDOWS, type OutstandingRequest } from './windows.ts';

/** How often a responder may make the initiator begin again. */
const RESTARTS_MAX = 5;
/** Answers to one first request that are believed, §2.4. */
const CANDIDATES_MAX = 4;
/** How long the genuine answer is waited for after an error of somebody unproven. */
export const REFUSAL_NS = 2 * NS_PER_S;

/** An IKE SA that is about to call. Its task does the rest. */
export function createInitiating(
  connection: ConnectionConfig,
  ends: { readonly local: string; readonly remote: string },
  children: readonly WantedChild[],
  notes: readonly AttemptNote[],
  world: World,
): InitiatingIkeSa {
  const [token] = keyExchangesOf(ikeChoices(connection.proposals));
  const method = token === undefined ? null : keyExchange(token);
  if (method === null) throw new Error(`connection ${connection.name} has no key exchange`);
  const path: Path = {
    local: addressOf(ends.local),
    localPort: connection.port,
    remote: addressOf(ends.remote),
    remotePort: connection.port,
    isLocalNatted: false,
    isRemoteNatted: false,
  };
  return {
    kind: 'initiating',
    id: world.newId(),
    role: 'initiator',
    connection,
    initiatorSpi: world.newIkeSpi(),
    responderSpi: NO_SPI,
    path,
    windows: INITIAL_WINDOWS,
    tasks: [{ kind: 'initial' }],
    createdAt: world.now,
    heardAt: world.now,
    extensions: new Set(),
    sent: 0,
    received: 0,
    retransmitted: 0,
    attempt: {
      nonce: newNonce(world.random),
      method,
      keyExchange: method.begin(world.random),
      cookie: null,
      solution: null,
      restarts: 0,
      refusal: null,
      candidates: [],
      failed: [],
      children,
      notes,
    },
  };
}

export const initialExchange: Initiator<'initial'> = {
  kind: 'initial',
  table: IKE_SA_INIT,
  begin(sa) {
    if (sa.kind !== 'initiating') throw new Error(`IKE_SA_INIT of an IKE SA that is ${sa.kind}`);
    const { exchangeType } = ticketOf(sa.attempt.notes) === null ? IKE_SA_INIT : IKE_SESSION_RESUME;
    return step(sa, {
      kind: 'request',
      exchangeType,
      payloads: requestOf(sa),
      task: { kind: 'initial' },
    });
  },
  conclude(sa, request, response, world) {
    if (sa.kind !== 'initiating') return unchanged(sa);
    return takeAnswer(sa, request, response, world);
  },
};

/** `[N(COOKIE),] SAi1, KEi, Ni, N(NAT_DETECTION_SOURCE_IP), N(NAT_DETECTION_DESTINATION_IP), [N...]`. */
function requestOf({ attempt, connection, initiatorSpi, responderSpi, path }: InitiatingIkeSa): Payload[] {
  const { cookie, solution, method, keyExchange: half, nonce } = attempt;
  const encapsulation = connection.forceEncapsulation ? 'pretend' : 'asDetected';
  const ticket = ticketOf(attempt.notes);
  const ke: Payload = { type: 'KE', group: method.ianaId, data: half.data };
  return [
    ...(cookie === null ? [] : [notifyPayload(NotifyType.COOKIE, cookie)]),
    ...(solution === null ? [] : [solution]),
    ...(ticket === null ? [offerOf(connection), ke] : []),
    { type: 'NONCE', data: nonce },
    ...(ticket === null ? [] : [notifyPayload(NotifyType.TICKET_OPAQUE, ticket.ticket)]),
    ...natDetectionNotifies({ initiatorSpi, responderSpi }, wayOf(path), encapsulation),
    ...initiatorNotifies(connection),
    ...redirectedFrom(attempt.notes).slice(-1).map(redirectedFromNotify),
  ];
}

const offerOf = ({ proposals }: ConnectionConfig) => offer(ikeChoices(proposals), new Uint8Array(0));

/** Nothing of an answer in the clear can be trusted: it may move this attempt on, and never ends it at once. */
function takeAnswer(sa: InitiatingIkeSa, request: OutstandingRequest, response: ReceivedMessage, world: World): Step {
  const { payloads, header } = response;
  const redirection = readRedirect(payloads);
  if (redirection !== null) return redirected(sa, redirection, world);
  const cookie = notifyOf(payloads, NotifyType.COOKIE);
  const puzzle = notifyOf(payloads, NotifyType.PUZZLE);
  if (cookie !== null) return withCookie(sa, cookie.data, puzzle);
  // RFC 8019 §7.1.2: without a cookie there is nothing to solve it for.
  if (puzzle !== null) return unchanged(sa);
  const ticket = ticketOf(sa.attempt.notes);
  if (ticket !== null) return resumedFrom(sa, ticket, request, response, world);
  const otherGroup = notifyOf(payloads, NotifyType.INVALID_KE_PAYLOAD);
  if (otherGroup !== null) return withGroup(sa, otherGroup.data, world);
  const error = errorOf(payloads);
  if (error !== null) return refusedBy(sa, notifyName(error.notifyType), world);
  if (header.responderSpi === NO_SPI) return unchanged(sa);
  if (world.steps.checked(checkPayloads(IKE_SA_INIT.response, payloads)) !== null) return unchanged(sa);
  if (sa.attempt.candidates.length + sa.attempt.failed.length >= CANDIDATES_MAX) return unchanged(sa);
  if (sa.attempt.failed.includes(header.responderSpi)) return unchanged(sa);
  return candidateFrom(sa, request, response, world);
}

/** §2.6: the same again, with the cookie first, and the solution of the puzzle that came with it (RFC 8019 §7.1.2). */
function withCookie(sa: InitiatingIkeSa, cookie: Uint8Array, notify: NotifyPayload | null): Step {
  if (cookie.length < 1 || cookie.length > 64 || isAnswered(sa)) return unchanged(sa);
  const puzzle = notify === null ? null : readPuzzle(notify);
  const work = puzzle === null ? null : solvePuzzle(puzzle, cookie, PUZZLE_TRIES_MAX);
  const solution = work?.kind === 'solved' ? work.solution : null;
  return begunAgain(sa, { ...sa.attempt, cookie: Uint8Array.from(cookie), solution });
}

/** A second of work, or three: more is not worth an IKE SA, and could be somebody's joke. */
const PUZZLE_TRIES_MAX = 2 ** 20;

/** §1.3: with a key exchange of the group that the responder wants, if it is one that was offered. */
function withGroup(sa: InitiatingIkeSa, data: Uint8Array, world: World): Step {
  const [high, low] = data;
  if (data.length !== 2 || high === undefined || low === undefined || isAnswered(sa)) return unchanged(sa);
  const method = keyExchangeNumbered((high << 8) | low);
  const isOffered = method !== null && keyExchangesOf(ikeChoices(sa.connection.proposals)).includes(method.token);
  if (!isOffered || method.ianaId === sa.attempt.method.ianaId) return refusedBy(sa, 'INVALID_KE_PAYLOAD', world);
  return begunAgain(sa, { ...sa.attempt, method, keyExchange: method.begin(world.random) });
}

/** RFC 5685 §3: the same again to another gateway, which has to be whom the connection expects all the same. */
function redirected(sa: InitiatingIkeSa, redirection: Redirection, world: World): Step {
  const { connection, attempt, path } = sa;
  if (!connection.followsRedirects || !echoesNonce(redirection, attempt.nonce) || isAnswered(sa)) return unchanged(sa);
  const local = world.sourceFor(redirection.to);
  if (local === null) return refusedBy(sa, `redirected to ${redirection.to}, to where there is no way`, world);
  if (redirectedFrom(attempt.notes).length >= REDIRECTS_MAX) return refusedBy(sa, 'redirected too often', world);
  const notes = [...attempt.notes, { kind: 'redirectedFrom' as const, address: path.remote }];
  const moved = { ...sa, path: { ...path, local: addressOf(local), remote: addressOf(redirection.to) } };
  const again = begunAgain(moved, { ...attempt, notes, cookie: null, solution: null });
  const detail = `${formatAddress(path.remote)} sends us to ${redirection.to}`;
  const event: Effect = { kind: 'event', event: { kind: 'redirected', connection: connection.name, detail } };
  return { ...again, effects: [event, ...again.effects] };
}

const redirectedFrom = (notes: readonly AttemptNote[]) =>
  notes.flatMap(note => (note.kind === 'redirectedFrom' ? [note.address] : []));

const isAnswered = ({ attempt }: InitiatingIkeSa): boolean =>
  attempt.restarts >= RESTARTS_MAX || attempt.candidates.length > 0;

function begunAgain(sa: InitiatingIkeSa, attempt: InitiatingIkeSa['attempt']): Step {
  const next: InitiatingIkeSa = {
    ...sa,
    windows: INITIAL_WINDOWS, // Message ID 0 again, §2.2
    attempt: { ...attempt, restarts: attempt.restarts + 1, refusal: null },
  };
  return step(next, { kind: 'task', task: { kind: 'initial' } });
}

/** §2.21.1: it may be forged; the genuine answer gets some time. */
function refusedBy(sa: InitiatingIkeSa, why: string, world: World): Step {
  if (sa.attempt.refusal !== null || sa.attempt.candidates.length > 0) return unchanged(sa);
  return step({ ...sa, attempt: { ...sa.attempt, refusal: { why, until: world.now + REFUSAL_NS } } });
}

/** An IKE SA of its own for each answer: the first that proves who it is stays, §2.4. */
function candidateFrom(
  sa: InitiatingIkeSa,
  request: OutstandingRequest,
  response: ReceivedMessage,
  world: World,
): Step {
  const { connection, attempt } = sa;
  const { payloads } = response;
  const accepted = acceptIke(offerOf(connection), requiredPayload(payloads, 'SA'), 0);
  const ke = requiredPayload(payloads, 'KE');
  const nonce = Uint8Array.from(requiredPayload(payloads, 'NONCE').data);
  if (accepted.kind === 'refused' || ke.group !== attempt.method.ianaId) return unchanged(sa);
  const { suite } = accepted;
  if (suite.keyExchange !== attempt.method.token) return unchanged(sa);
  const algorithms = ikeAlgorithms(suite);
  const shared = world.steps.keyExchanged(attempt.keyExchange.finish(ke.data));
  if (shared.kind === 'invalid' || !world.steps.isNonceFit(nonce, algorithms.prf)) return unchanged(sa);
  // RFC 9370 §2.2.1: additional key exchanges need a place to be done in.
  const hasPlace = extensionsInUse([connection], payloads).has('intermediate');
  if (suite.additionalKeyExchanges.length > 0 && !hasPlace) return unchanged(sa);
  const nonces = { initiatorNonce: attempt.nonce, responderNonce: nonce };
  const skeyseed = initialSkeyseed(algorithms.prf, nonces, shared.secret);
  return withCandidate(sa, request, response, { suite, skeyseed, nonce }, world);
}

/** RFC 5723 §4.3.2: of what the ticket brings back. */
function resumedFrom(
  sa: InitiatingIkeSa,
  ticket: StoredTicket,
  request: OutstandingRequest,
  response: ReceivedMessage,
  world: World,
): Step {
  const { attempt } = sa;
  const { payloads, header } = response;
  if (notifyOf(payloads, NotifyType.TICKET_NACK) !== null && !isAnswered(sa)) {
    return begunAgain(sa, { ...attempt, notes: attempt.notes.filter(({ kind }) => kind !== 'ticket') });
  }
  const error = errorOf(payloads);
  if (error !== null) return refusedBy(sa, notifyName(error.notifyType), world);
  const isWrong = checkPayloads(IKE_SESSION_RESUME.response, payloads) !== null || header.responderSpi === NO_SPI;
  if (isWrong || attempt.candidates.length >= CANDIDATES_MAX) return unchanged(sa);
  if (attempt.failed.includes(header.responderSpi)) return unchanged(sa);
  const nonce = Uint8Array.from(requiredPayload(payloads, 'NONCE').data);
  const { suite, skD } = ticket;
  const { prf } = ikeAlgorithms(suite);
  if (!world.steps.isNonceFit(nonce, prf)) return unchanged(sa);
  const skeyseed = resumedSkeyseed(prf, skD, { initiatorNonce: attempt.nonce, responderNonce: nonce });
  return withCandidate(sa, request, response, { suite, skeyseed, nonce, resumed: ticket }, world);
}

function addressOf(text: string) {
  const address = parseAddress(text);
  if (address === null) throw new Error(`${text} is no address`);
  return address;
}
