import { isakmpBodyOf } from '../../wire/isakmp/payload-body.ts';
import type { IsakmpPayload } from '../../wire/isakmp/payload.ts';
import { IsakmpNotify } from '../../wire/isakmp/registry.ts';
import { NS_PER_S } from '../../wire/instant.ts';
import { credentialsOf } from '../credentials.ts';
import { certificateRequests, ownProof, verifyPeer } from './authenticate.ts';
import { newCommon, pathOf } from './common.ts';
import { establish } from './establish.ts';
import { checkPayloads, requiredPayload } from './exchange-table.ts';
import type { ReceivedMessage } from './exchange.ts';
import { extensionsInUse, v1Of, vendorIdsOf } from './extensions.ts';
import { bodyOf, identityIn, ownIdentity, secretOf } from './identities.ts';
import type { HalfOpenIsakmpSa } from './isakmp-sa.ts';
import { secretsOf } from './key-log.ts';
import { firstIv, groupOf, isakmpKeys } from './keys.ts';
import { ownedBody, requestsIn } from './main-initiator.ts';
import { chooseConnection, meant } from './main-responder.ts';
import { detectNats, natPayloads } from './nat-detection.ts';
import { AGGRESSIVE_OFFER, aggressiveProof } from './phase1-tables.ts';
import {
  doubted,
  failed,
  type FirstAnswer,
  ignored,
  next,
  type PhaseOneResult,
  refusedFirst,
} from './phase1-result.ts';
import { proofHash } from './proof.ts';
import { methodName } from './signature-method.ts';
import type { World } from './step.ts';

/**
 * `<-- HDR, SA, KE, Nr, IDir, HASH_R | [CERT,] SIG_R, [NAT-D, NAT-D], [VID]`: a stranger's offer of Aggressive Mode, of a connection
 * that accepts it. It costs a key exchange before anybody has shown anything, which the limits bound.
 */
export function answerAggressive(message: ReceivedMessage, initiatorCookie: string, world: World): FirstAnswer {
  const { payloads, from } = message;
  const wrong = world.steps.checked(checkPayloads(AGGRESSIVE_OFFER, payloads));
  if (wrong !== null) return refusedFirst(wrong, IsakmpNotify['PAYLOAD-MALFORMED']);
  const offered = requiredPayload(payloads, 'SA');
  const choice = chooseConnection(offered, message, 'aggressive', world);
  if (choice.kind === 'none') return refusedFirst(choice.why, choice.notifyType);
  const { suite, connections } = choice;
  const remoteIdentity = ownedBody(bodyIn(payloads));
  const remote = identityIn(remoteIdentity);
  if (remote === null) return refusedFirst('an identity that cannot be read', IsakmpNotify['INVALID-ID-INFORMATION']);
  const connection = meant({ connections, suite }, remote);
  if (connection === null)
    return refusedFirst('no connection for that identity', IsakmpNotify['AUTHENTICATION-FAILED']);
  const initiatorNonce = Uint8Array.from(requiredPayload(payloads, 'NONCE').data);
  if (!world.steps.isNonceFit(initiatorNonce)) {
    return refusedFirst(`a nonce of ${initiatorNonce.length} octets`, IsakmpNotify['PAYLOAD-MALFORMED']);
  }
  const initiatorKe = Uint8Array.from(requiredPayload(payloads, 'KE').data);
  const answer = world.steps.keyExchanged(groupOf(suite).respond(initiatorKe, world.random));
  if (answer.kind === 'invalid') return refusedFirst(answer.why, IsakmpNotify['INVALID-KEY-INFORMATION']);
  const path = pathOf(from);
  const local = ownIdentity(connection, path, world);
  const secret = suite.method === 'psk' ? secretOf(credentialsOf(world.config), local, remote) : null;
  if (suite.method === 'psk' && secret === null) {
    return refusedFirst('no shared secret for that identity', IsakmpNotify['AUTHENTICATION-FAILED']);
  }
  const responderNonce = world.random.bytes(v1Of(connection).nonceOctets);
  const responderCookie = world.newCookie();
  const nonces = { initiatorNonce, responderNonce };
  const keys = isakmpKeys(suite, { shared: answer.secret, initiatorCookie, responderCookie, ...nonces, secret });
  if (keys === null) return refusedFirst('the cipher would have a weak key', null);
  const extensions = extensionsInUse(connection, payloads);
  const common = newCommon(
    { role: 'responder', mode: 'aggressive', connection, initiatorCookie, responderCookie, path, extensions },
    world,
  );
  const proof = {
    offer: Uint8Array.from(isakmpBodyOf(offered)),
    initiatorKe,
    responderKe: answer.data,
  };
  const localIdentity = bodyOf(local);
  const sa: HalfOpenIsakmpSa = {
    ...common,
    kind: 'halfOpen',
    suite,
    keys,
    iv: firstIv(suite, initiatorKe, answer.data),
    proof,
    connections: [connection],
    others: [],
    certificateRequests: requestsIn(payloads),
    shown: { localIdentity, remoteIdentity, localAuthentication: methodName(suite) },
    dropAt: world.now + world.config.limits.halfOpenSeconds * NS_PER_S,
  };
  const hash = proofHash('responder', sa, suite, keys.skeyid, proof, localIdentity);
  const said: IsakmpPayload[] = [
    choice.answer,
    { type: 'KE', data: answer.data },
    { type: 'NONCE', data: responderNonce },
    { type: 'ID', ...localIdentity },
    ...ownProof(connection, suite, hash, sa.certificateRequests, world),
    ...natPayloads(sa, suite, from),
    ...certificateRequests(suite.method === 'signature' ? [connection] : [], world),
    ...vendorIdsOf(connection),
  ];
  return { kind: 'accepted', sa, payloads: said, effects: [{ kind: 'secrets', secrets: secretsOf(sa) }] };
}

/** Message 3: the peer has shown who it is. */
export function concludeAggressive(sa: HalfOpenIsakmpSa, message: ReceivedMessage, world: World): PhaseOneResult {
  const { connection, suite, keys, proof, shown } = sa;
  const { payloads, from } = message;
  if (shown === null) throw new Error('Aggressive Mode without identities');
  const wrong = world.steps.checked(checkPayloads(aggressiveProof(suite.method), payloads));
  if (wrong !== null) return ignored(wrong, IsakmpNotify['PAYLOAD-MALFORMED']);
  const remote = identityIn(shown.remoteIdentity);
  if (remote === null) throw new Error('an identity that was read cannot be read');
  const local = ownIdentity(connection, sa.path, world);
  const secret = suite.method === 'psk' ? secretOf(credentialsOf(world.config), local, remote) : null;
  const hash = proofHash('initiator', sa, suite, keys.skeyid, proof, shown.remoteIdentity);
  const claim = { connection, suite, hash, localIdentity: local, remoteIdentity: remote, secret, payloads };
  const verdict = world.steps.peerJudged(verifyPeer(claim, world));
  if (verdict.kind === 'waits') return verdict;
  if (verdict.kind === 'refused') {
    // In the clear, anybody may have sent it.
    return (message.isEncrypted ? failed : doubted)(verdict.why, verdict.notifyType);
  }
  const nats = world.steps.natsDetected(detectNats(payloads, sa, suite, from));
  const ends = {
    ...shown,
    remoteAuthentication: verdict.method,
    remarks: verdict.remarks,
    replaces: null,
  };
  const established = establish({ ...sa, path: { ...sa.path, ...nats } }, ends, payloads, world);
  if (established.kind === 'keptOut') return failed(established.why, IsakmpNotify['AUTHENTICATION-FAILED']);
  return next(established.sa, ...established.effects);
}

function bodyIn(payloads: readonly IsakmpPayload[]) {
  const { type: _, ...body } = requiredPayload(payloads, 'ID');
  return body;
}
