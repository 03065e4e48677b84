import { isakmpBodyOf } from '../../wire/isakmp/payload-body.ts';
import { IsakmpNotify } from '../../wire/isakmp/registry.ts';
import type { IsakmpSaPayload } from '../../wire/isakmp/payload.ts';
import { NS_PER_S } from '../../wire/instant.ts';
import type { ConnectionConfig } from '../config.ts';
import { connectionsFor, connectionsOf } from '../peer-authorization.ts';
import { certificateRequests, ownProof, verifyPeer } from './authenticate.ts';
import { candidateKeys } from './candidate-secrets.ts';
import { commonOf, newCommon, pathOf } from './common.ts';
import { establish } from './establish.ts';
import { checkPayloads, requiredPayload } from './exchange-table.ts';
import type { ReceivedMessage } from './exchange.ts';
import { extensionsInUse, v1Of, vendorIdsOf } from './extensions.ts';
import { bodyOf, identityIn, ownIdentity, secretForPeer } from './identities.ts';
import type { AnsweredIsakmpSa, CandidateKeys, HalfOpenIsakmpSa, PhaseOneMode } from './isakmp-sa.ts';
import { secretsOf } from './key-log.ts';
import { firstIv, groupOf, isakmpKeys, type KeySource } from './keys.ts';
import { initialContact, ownedBody, requestsIn } from './main-initiator.ts';
import { detectNats, natPayloads } from './nat-detection.ts';
import { EXCHANGED, OFFER, proven } from './phase1-tables.ts';
import { failed, type FirstAnswer, ignored, next, type PhaseOneResult, refusedFirst } from './phase1-result.ts';
import { methodNumberOf } from './phase1-proposals.ts';
import { proofHash } from './proof.ts';
import { type PhaseOneSelection, selectPhaseOne } from './select-phase1.ts';
import { methodName } from './signature-method.ts';
import type { World } from './step.ts';

/** `<-- HDR, SA, [VID]`: a stranger's offer of Main Mode that has passed the gate. */
export function answerOffer(message: ReceivedMessage, initiatorCookie: string, world: World): FirstAnswer {
  const wrong = world.steps.checked(checkPayloads(OFFER, message.payloads));
  if (wrong !== null) return refusedFirst(wrong, IsakmpNotify['PAYLOAD-MALFORMED']);
  const offered = requiredPayload(message.payloads, 'SA');
  const choice = chooseConnection(offered, message, 'main', world);
  if (choice.kind === 'none') return refusedFirst(choice.why, choice.notifyType);
  const { connection, connections, suite, answer } = choice;
  const common = newCommon(
    {
      role: 'responder',
      mode: 'main',
      connection,
      initiatorCookie,
      responderCookie: world.newCookie(),
      path: pathOf(message.from),
      extensions: extensionsInUse(connection, message.payloads),
    },
    world,
  );
  const dropAt = world.now + world.config.limits.halfOpenSeconds * NS_PER_S;
  const sa: AnsweredIsakmpSa = {
    ...common,
    kind: 'answered',
    offer: Uint8Array.from(isakmpBodyOf(offered)),
    suite,
    connections,
    dropAt,
  };
  return { kind: 'accepted', sa, payloads: [answer, ...vendorIdsOf(connection)], effects: [] };
}

type Choice =
  | (Extract<PhaseOneSelection, { kind: 'chosen' }> & {
      readonly connection: ConnectionConfig;
      readonly connections: readonly ConnectionConfig[];
    })
  | { readonly kind: 'none'; readonly why: string; readonly notifyType: number | null };

/** The first connection that has a proposal in common with the initiator: which is meant comes with its identity. */
export function chooseConnection(
  offered: IsakmpSaPayload,
  { from }: ReceivedMessage,
  mode: PhaseOneMode,
  world: World,
): Choice {
  const there = connectionsFor(world.config, from).filter(({ version }) => version === 1);
  const connections = there.filter(one => world.steps.acceptsMode(mode, v1Of(one).accepts.includes(mode)));
  // Who may not even ask is told nothing.
  if (there.length === 0) return { kind: 'none', why: 'no connection for that address', notifyType: null };
  if (connections.length === 0) {
    const why = mode === 'aggressive' ? 'Aggressive Mode is not allowed' : 'Main Mode is not allowed';
    return { kind: 'none', why, notifyType: IsakmpNotify['NO-PROPOSAL-CHOSEN'] };
  }
  const problem = unreadable(offered);
  if (problem !== null) return { kind: 'none', ...problem };
  let why = 'no proposal in common';
  for (const connection of connections) {
    const selection = world.steps.selected(selectPhaseOne(offered, connection, world));
    if (selection.kind === 'chosen') {
      const { methodNumber } = selection.suite;
      const others = connections.filter(one => methodNumberOf(one, false, world) === methodNumber);
      return { ...selection, connection, connections: others };
    }
    ({ why } = selection);
  }
  return { kind: 'none', why, notifyType: IsakmpNotify['NO-PROPOSAL-CHOSEN'] };
}

/** RFC 2408 §5.4: a domain of interpretation, or a situation, that nobody here knows. */
function unreadable({ situation }: IsakmpSaPayload): { readonly why: string; readonly notifyType: number } | null {
  if (situation === null) return { why: 'another DOI', notifyType: IsakmpNotify['DOI-NOT-SUPPORTED'] };
  if (situation === 1) return null;
  return { why: `situation ${situation}`, notifyType: IsakmpNotify['SITUATION-NOT-SUPPORTED'] };
}

/** `<-- HDR, KE, Nr, [NAT-D, NAT-D], [CERT_REQ]`. */
export function answerExchange(sa: AnsweredIsakmpSa, message: ReceivedMessage, world: World): PhaseOneResult {
  const { payloads, from } = message;
  const wrong = world.steps.checked(checkPayloads(EXCHANGED, payloads));
  if (wrong !== null) return ignored(wrong, IsakmpNotify['PAYLOAD-MALFORMED']);
  const nonce = Uint8Array.from(requiredPayload(payloads, 'NONCE').data);
  if (!world.steps.isNonceFit(nonce)) {
    return ignored(`a nonce of ${nonce.length} octets`, IsakmpNotify['PAYLOAD-MALFORMED']);
  }
  const { connection, suite, offer } = sa;
  const initiatorKe = Uint8Array.from(requiredPayload(payloads, 'KE').data);
  const answer = world.steps.keyExchanged(groupOf(suite).respond(initiatorKe, world.random));
  if (answer.kind === 'invalid') return ignored(answer.why, IsakmpNotify['INVALID-KEY-INFORMATION']);
  const responderNonce = world.random.bytes(v1Of(connection).nonceOctets);
  const nats = world.steps.natsDetected(detectNats(payloads, sa, suite, from));
  const path = { ...sa.path, ...nats };
  const { initiatorCookie, responderCookie } = sa;
  const source = {
    shared: answer.secret,
    initiatorCookie,
    responderCookie,
    initiatorNonce: nonce,
    responderNonce,
  };
  const found = keysFor(sa, path, source, world);
  if (typeof found === 'string') return ignored(found);
  const [meant, ...others] = found;
  const halfOpen: HalfOpenIsakmpSa = {
    ...commonOf({ ...sa, path }),
    kind: 'halfOpen',
    suite,
    ...meant,
    others,
    iv: firstIv(suite, initiatorKe, answer.data),
    proof: { offer, initiatorKe, responderKe: answer.data },
    certificateRequests: requestsIn(payloads),
    shown: null,
    dropAt: sa.dropAt,
  };
  const said = [
    { type: 'KE', data: answer.data },
    { type: 'NONCE', data: responderNonce },
    ...natPayloads(sa, suite, from),
    ...certificateRequests(suite.method === 'signature' ? sa.connections : [], world),
  ] as const;
  return next(
    halfOpen,
    { kind: 'phase1', payloads: said, isEncrypted: false, awaits: false },
    // Which of several they are message 5 will tell.
    ...(others.length === 0 ? [{ kind: 'secrets', secrets: secretsOf(halfOpen) } as const] : []),
  );
}

/** What the keys may be; a string: why there are none. */
function keysFor(
  { connection, connections, suite }: AnsweredIsakmpSa,
  path: AnsweredIsakmpSa['path'],
  source: Omit<KeySource, 'secret'>,
  world: World,
): readonly [CandidateKeys, ...CandidateKeys[]] | string {
  const weak = 'the cipher would have a weak key';
  if (suite.method !== 'psk') {
    const keys = isakmpKeys(suite, { ...source, secret: null });
    return keys === null ? weak : [{ keys, connection, connections }];
  }
  const preferred = [connection, ...connections.filter(other => other !== connection)];
  const { hasSecret, candidates } = candidateKeys(preferred, path, suite, source, world);
  const [first, ...others] = candidates;
  if (first === undefined) return hasSecret ? weak : 'no shared secret for that peer';
  return [first, ...others];
}

/** `<-- HDR*, IDir, HASH_R | [CERT,] SIG_R, [N(INITIAL-CONTACT)]`. */
export function answerProof(sa: HalfOpenIsakmpSa, message: ReceivedMessage, world: World): PhaseOneResult {
  const { suite, keys, proof } = sa;
  const { payloads } = message;
  const wrong = world.steps.checked(checkPayloads(proven(suite.method), payloads));
  if (wrong !== null) return ignored(wrong, IsakmpNotify['PAYLOAD-MALFORMED']);
  const { type: _, ...remoteBody } = requiredPayload(payloads, 'ID');
  const remote = identityIn(remoteBody);
  if (remote === null) return failed('an identity that cannot be read', IsakmpNotify['INVALID-ID-INFORMATION']);
  const connection = meant(sa, remote) ?? sa.connection;
  const local = ownIdentity(connection, sa.path, world);
  const claim = {
    connection,
    suite,
    hash: proofHash('initiator', sa, suite, keys.skeyid, proof, remoteBody),
    localIdentity: local,
    remoteIdentity: remote,
    secret: suite.method === 'psk' ? secretForPeer(sa.connection, sa.path, world) : null,
    payloads,
  };
  const verdict = world.steps.peerJudged(verifyPeer(claim, world));
  if (verdict.kind === 'waits') return verdict;
  if (verdict.kind === 'refused') return failed(verdict.why, verdict.notifyType);
  const localBody = bodyOf(local);
  const ownHash = proofHash('responder', sa, suite, keys.skeyid, proof, localBody);
  const said = [
    { type: 'ID', ...localBody } as const,
    ...ownProof(connection, suite, ownHash, sa.certificateRequests, world),
    ...initialContact({ ...sa, connection }, world),
  ];
  const established = establish(
    { ...sa, connection },
    {
      localIdentity: localBody,
      remoteIdentity: ownedBody(remoteBody),
      localAuthentication: methodName(suite),
      remoteAuthentication: verdict.method,
      remarks: verdict.remarks,
      replaces: null,
    },
    payloads,
    world,
  );
  if (established.kind === 'keptOut') return failed(established.why, IsakmpNotify['AUTHENTICATION-FAILED']);
  return next(
    established.sa,
    { kind: 'phase1', payloads: said, isEncrypted: true, awaits: false },
    ...established.effects,
  );
}

/** Of the connections that had been possible so far, the one that is for this identity; null: none is. */
export function meant(
  { connections, suite }: Pick<HalfOpenIsakmpSa, 'connections' | 'suite'>,
  remote: Parameters<typeof connectionsOf>[1]['remote'],
): ConnectionConfig | null {
  const [first] = connectionsOf(connections, { remote, local: null, method: suite.method });
  return first ?? null;
}
