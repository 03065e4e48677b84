import { isakmpBodyOf } from '../../wire/isakmp/payload-body.ts';
import type { IsakmpPayload } from '../../wire/isakmp/payload.ts';
import { IsakmpNotify } from '../../wire/isakmp/registry.ts';
import { credentialsOf } from '../credentials.ts';
import { certificateRequests, ownProof, verifyPeer } from './authenticate.ts';
import { commonOf } from './common.ts';
import { establish } from './establish.ts';
import { checkPayloads, requiredPayload } from './exchange-table.ts';
import type { ReceivedMessage } from './exchange.ts';
import { extensionsInUse, vendorIdsOf } from './extensions.ts';
import { bodyOf, identityIn, ownIdentity, secretOf } from './identities.ts';
import type { OfferedIsakmpSa, ProvingIsakmpSa } from './isakmp-sa.ts';
import { secretsOf } from './key-log.ts';
import { firstIv, isakmpKeys } from './keys.ts';
import {
  type Begun,
  type Call,
  callerCommon,
  initialContact,
  ownedBody,
  ownHalf,
  requestsIn,
} from './main-initiator.ts';
import { detectNats, floated, natPayloads } from './nat-detection.ts';
import { choicesOf, offerOf } from './phase1-proposals.ts';
import { AGGRESSIVE_OFFER, aggressiveAnswer } from './phase1-tables.ts';
import { doubted, failed, ignored, next, type PhaseOneResult } from './phase1-result.ts';
import { proofHash } from './proof.ts';
import { acceptPhaseOne } from './select-phase1.ts';
import { methodName } from './signature-method.ts';
import type { World } from './step.ts';

/** `HDR, SA, KE, Ni, IDii, [VID], [CERT_REQ] -->`: the first message, of Aggressive Mode. */
export function offerAggressive({ connection, path, children, replaces }: Call, world: World): Begun {
  const offer = offerOf(connection, 'aggressive', world);
  const [choice] = choicesOf(connection, true, world);
  if (choice === undefined) throw new Error(`connection ${connection.name} has no proposal of phase 1`);
  const half = ownHalf(choice.keyExchange, connection, world);
  const sa: OfferedIsakmpSa = {
    ...callerCommon(connection, path, 'aggressive', world),
    kind: 'offered',
    attempt: { offer: isakmpBodyOf(offer), children, replaces, refusal: null },
    half: { ...half, group: choice.keyExchange },
  };
  const payloads: IsakmpPayload[] = [
    offer,
    { type: 'KE', data: half.keyExchange.data },
    { type: 'NONCE', data: half.nonce },
    { type: 'ID', ...bodyOf(ownIdentity(connection, path, world)) },
    ...certificateRequests([connection], world),
    ...vendorIdsOf(connection),
  ];
  const wrong = checkPayloads(AGGRESSIVE_OFFER, payloads);
  if (wrong !== null) throw new Error(`an offer of Aggressive Mode with ${wrong}`);
  return { sa, payloads };
}

/** `HDR*, HASH_I | [CERT,] SIG_I, [NAT-D, NAT-D], [N] -->`: the peer has shown who it is, and this end does, under the keys. */
export function proceedAggressive(sa: OfferedIsakmpSa, message: ReceivedMessage, world: World): PhaseOneResult {
  const { connection, attempt, half, initiatorCookie } = sa;
  const { payloads, responderCookie } = message;
  if (half === null) throw new Error('Aggressive Mode without a key exchange');
  const suite = acceptedSuite(sa, payloads, world);
  if (suite === null) return ignored('an answer that was not offered');
  const wrong = world.steps.checked(checkPayloads(aggressiveAnswer(suite.method), payloads));
  if (wrong !== null) return ignored(wrong);
  const { type: _, ...remoteIdentity } = requiredPayload(payloads, 'ID');
  const remote = identityIn(remoteIdentity);
  const responderNonce = Uint8Array.from(requiredPayload(payloads, 'NONCE').data);
  if (remote === null || !world.steps.isNonceFit(responderNonce))
    return ignored('an identity or a nonce that cannot be');
  const responderKe = Uint8Array.from(requiredPayload(payloads, 'KE').data);
  const shared = world.steps.keyExchanged(half.keyExchange.finish(responderKe));
  if (shared.kind === 'invalid') return ignored(shared.why);
  const local = ownIdentity(connection, sa.path, world);
  const secret = suite.method === 'psk' ? secretOf(credentialsOf(world.config), local, remote) : null;
  if (suite.method === 'psk' && secret === null) return ignored('no shared secret for that identity');
  const initiatorKe = half.keyExchange.data;
  const nonces = { initiatorNonce: half.nonce, responderNonce };
  const keys = isakmpKeys(suite, { shared: shared.secret, initiatorCookie, responderCookie, ...nonces, secret });
  if (keys === null) return ignored('the cipher would have a weak key');
  const named = { ...sa, responderCookie, extensions: extensionsInUse(connection, payloads) };
  const proof = { offer: attempt.offer, initiatorKe, responderKe };
  const hash = proofHash('responder', named, suite, keys.skeyid, proof, remoteIdentity);
  const claim = { connection, suite, hash, localIdentity: local, remoteIdentity: remote, secret, payloads };
  const verdict = world.steps.peerJudged(verifyPeer(claim, world));
  if (verdict.kind === 'waits') return verdict;
  // In the clear, so that anybody may have sent it: the genuine answer may be on its way.
  if (verdict.kind === 'refused') return doubted(verdict.why, verdict.notifyType);
  const nats = world.steps.natsDetected(detectNats(payloads, named, suite, message.from));
  const path = floated(sa, { ...sa.path, ...nats });
  const localIdentity = bodyOf(local);
  const proving: ProvingIsakmpSa = {
    ...commonOf({ ...named, path }),
    kind: 'proving',
    attempt,
    suite,
    keys,
    iv: firstIv(suite, initiatorKe, responderKe),
    proof,
    localIdentity,
    localAuthentication: methodName(suite),
  };
  const ends = {
    localIdentity,
    remoteIdentity: ownedBody(remoteIdentity),
    localAuthentication: methodName(suite),
    remoteAuthentication: verdict.method,
    remarks: verdict.remarks,
    replaces: attempt.replaces,
  };
  const established = establish(proving, ends, [], world);
  if (established.kind === 'keptOut') return failed(established.why, IsakmpNotify['AUTHENTICATION-FAILED']);
  const ownHash = proofHash('initiator', named, suite, keys.skeyid, proof, localIdentity);
  const said: IsakmpPayload[] = [
    ...ownProof(connection, suite, ownHash, requestsIn(payloads), world),
    ...natPayloads(named, suite, path),
    ...initialContact(proving, world),
  ];
  return next(
    established.sa,
    { kind: 'secrets', secrets: secretsOf(proving) },
    { kind: 'phase1', payloads: said, isEncrypted: true, awaits: false },
    ...established.effects,
  );
}

function acceptedSuite(
  { connection, half }: OfferedIsakmpSa,
  payloads: readonly IsakmpPayload[],
  world: Pick<World, 'config'>,
) {
  const [answer] = payloads;
  if (answer?.type !== 'SA') return null;
  const suite = acceptPhaseOne(offerOf(connection, 'aggressive', world), answer, connection, world);
  return suite?.keyExchange === half?.group ? suite : null;
}
