import { isakmpBodyOf } from '../../wire/isakmp/payload-body.ts';
import type { IsakmpNotifyPayload, IsakmpPayload } from '../../wire/isakmp/payload.ts';
import { cookieOctets } from '../../wire/isakmp/header.ts';
import { NO_COOKIE } from '../../wire/isakmp/message.ts';
import { Doi, IsakmpNotify, IsakmpProtocol } from '../../wire/isakmp/registry.ts';
import type { ConnectionConfig } from '../config.ts';
import type { WantedChild } from '../v2/ike-sa.ts';
import { certificateRequests, ownProof, verifyPeer } from './authenticate.ts';
import { commonOf, newCommon } from './common.ts';
import { establish, isAlone } from './establish.ts';
import { checkPayloads, payloadsOf, requiredPayload } from './exchange-table.ts';
import type { ReceivedMessage } from './exchange.ts';
import { extensionsInUse, v1Of, vendorIdsOf } from './extensions.ts';
import { bodyOf, identityIn, ownIdentity, secretForPeer } from './identities.ts';
import type {
  CommonIsakmpSa,
  ExchangingIsakmpSa,
  OfferedIsakmpSa,
  OwnHalf,
  Path,
  PhaseOneMode,
  ProvingIsakmpSa,
} from './isakmp-sa.ts';
import { secretsOf } from './key-log.ts';
import { firstIv, groupOf, isakmpKeys } from './keys.ts';
import { detectNats, floated, natPayloads } from './nat-detection.ts';
import { offerOf } from './phase1-proposals.ts';
import { EXCHANGED, OFFER, proven } from './phase1-tables.ts';
import { failed, ignored, next, type PhaseOneResult } from './phase1-result.ts';
import { proofHash } from './proof.ts';
import { acceptPhaseOne } from './select-phase1.ts';
import { methodName } from './signature-method.ts';
import type { World } from './step.ts';

/** What a call is for. */
export interface Call {
  readonly connection: ConnectionConfig;
  readonly path: Path;
  readonly children: readonly WantedChild[];
  readonly replaces: number | null;
}

/** A phase 1 that this end begins, and its first message, in the clear. */
export interface Begun {
  readonly sa: OfferedIsakmpSa;
  readonly payloads: readonly IsakmpPayload[];
}

/** `HDR, SA, [VID] -->`: the first message, of Main Mode. */
export function offerMain({ connection, path, children, replaces }: Call, world: World): Begun {
  const offer = offerOf(connection, 'main', world);
  const sa: OfferedIsakmpSa = {
    ...callerCommon(connection, path, 'main', world),
    kind: 'offered',
    attempt: { offer: isakmpBodyOf(offer), children, replaces, refusal: null },
    half: null,
  };
  return { sa, payloads: [offer, ...vendorIdsOf(connection)] };
}

export function callerCommon(connection: ConnectionConfig, path: Path, mode: PhaseOneMode, world: World) {
  return newCommon(
    {
      role: 'initiator',
      mode,
      connection,
      initiatorCookie: world.newCookie(),
      responderCookie: NO_COOKIE,
      path,
      extensions: new Set(),
    },
    world,
  );
}

/** `HDR, KE, Ni, [NAT-D, NAT-D], [CERT_REQ] -->`. */
export function exchangeMain(sa: OfferedIsakmpSa, message: ReceivedMessage, world: World): PhaseOneResult {
  const { payloads, from } = message;
  const wrong = world.steps.checked(checkPayloads(OFFER, payloads));
  if (wrong !== null) return ignored(wrong);
  const { connection, attempt } = sa;
  const suite = acceptPhaseOne(offerOf(connection, 'main', world), requiredPayload(payloads, 'SA'), connection, world);
  if (suite === null) return ignored('an answer that was not offered', IsakmpNotify['BAD-PROPOSAL-SYNTAX']);
  const half = ownHalf(suite.keyExchange, connection, world);
  const exchanging: ExchangingIsakmpSa = {
    ...commonOf(sa),
    kind: 'exchanging',
    responderCookie: message.responderCookie,
    extensions: extensionsInUse(connection, payloads),
    attempt: { ...attempt, refusal: null },
    suite,
    half,
    certificateRequests: requestsIn(payloads),
  };
  const said: IsakmpPayload[] = [
    { type: 'KE', data: half.keyExchange.data },
    { type: 'NONCE', data: half.nonce },
    ...natPayloads(exchanging, suite, from),
    ...certificateRequests(suite.method === 'signature' ? [connection] : [], world),
  ];
  return next(exchanging, { kind: 'phase1', payloads: said, isEncrypted: false, awaits: true });
}

export function ownHalf(group: string, connection: ConnectionConfig, { random }: World): OwnHalf {
  const keyExchange = groupOf({ keyExchange: group }).begin(random);
  return { keyExchange, nonce: random.bytes(v1Of(connection).nonceOctets) };
}

export const requestsIn = (payloads: readonly IsakmpPayload[]) =>
  payloadsOf(payloads, 'CR').map(({ encoding, data }) => ({ encoding, data: Uint8Array.from(data) }));

/** `HDR*, IDii, HASH_I | [CERT,] SIG_I, [N(INITIAL-CONTACT)] -->`. */
export function proveMain(sa: ExchangingIsakmpSa, message: ReceivedMessage, world: World): PhaseOneResult {
  const { payloads, from } = message;
  const wrong = world.steps.checked(checkPayloads(EXCHANGED, payloads));
  if (wrong !== null) return ignored(wrong);
  const responderNonce = Uint8Array.from(requiredPayload(payloads, 'NONCE').data);
  if (!world.steps.isNonceFit(responderNonce)) return ignored(`a nonce of ${responderNonce.length} octets`);
  const { connection, suite, half, attempt, initiatorCookie, responderCookie } = sa;
  const responderKe = Uint8Array.from(requiredPayload(payloads, 'KE').data);
  const shared = world.steps.keyExchanged(half.keyExchange.finish(responderKe));
  if (shared.kind === 'invalid') return ignored(shared.why);
  const nats = world.steps.natsDetected(detectNats(payloads, sa, suite, from));
  const path = floated(sa, { ...sa.path, ...nats });
  const secret = suite.method === 'psk' ? secretForPeer(connection, path, world) : null;
  if (suite.method === 'psk' && secret === null) {
    return failed('no shared secret for that peer', IsakmpNotify['AUTHENTICATION-FAILED']);
  }
  const initiatorKe = half.keyExchange.data;
  const nonces = { initiatorNonce: half.nonce, responderNonce };
  const keys = isakmpKeys(suite, { shared: shared.secret, initiatorCookie, responderCookie, ...nonces, secret });
  if (keys === null) return failed('the cipher would have a weak key', IsakmpNotify['INVALID-KEY-INFORMATION']);
  const proof = { offer: attempt.offer, initiatorKe, responderKe };
  const localIdentity = bodyOf(ownIdentity(connection, path, world));
  const proving: ProvingIsakmpSa = {
    ...commonOf({ ...sa, path }),
    kind: 'proving',
    attempt: { ...attempt, refusal: null },
    suite,
    keys,
    iv: firstIv(suite, initiatorKe, responderKe),
    proof,
    localIdentity,
    localAuthentication: methodName(suite),
  };
  const hash = proofHash('initiator', sa, suite, keys.skeyid, proof, localIdentity);
  const requests = [...sa.certificateRequests, ...requestsIn(payloads)];
  const said: IsakmpPayload[] = [
    { type: 'ID', ...localIdentity },
    ...ownProof(connection, suite, hash, requests, world),
    ...initialContact(sa, world),
  ];
  return next(
    proving,
    { kind: 'secrets', secrets: secretsOf(proving) },
    { kind: 'phase1', payloads: said, isEncrypted: true, awaits: true },
  );
}

/** RFC 2407 §4.6.3.3: this end has no other ISAKMP SA with that peer. */
export function initialContact(sa: CommonIsakmpSa, world: World): IsakmpNotifyPayload[] {
  if (!isAlone(sa, world)) return [];
  const spi = Buffer.concat([cookieOctets(sa.initiatorCookie), cookieOctets(sa.responderCookie)]);
  return [
    {
      type: 'N',
      doi: Doi.IPSEC,
      protocolId: IsakmpProtocol.ISAKMP,
      spi,
      notifyType: IsakmpNotify['INITIAL-CONTACT'],
      data: new Uint8Array(0),
    },
  ];
}

/** Message 6: the peer has shown who it is. */
export function concludeMain(sa: ProvingIsakmpSa, message: ReceivedMessage, world: World): PhaseOneResult {
  const { connection, suite, keys, proof, localIdentity, localAuthentication } = sa;
  const { payloads } = message;
  const wrong = world.steps.checked(checkPayloads(proven(suite.method), payloads));
  if (wrong !== null) return ignored(wrong);
  const { type: _, ...remoteIdentity } = requiredPayload(payloads, 'ID');
  const remote = identityIn(remoteIdentity);
  if (remote === null) return failed('an identity that cannot be read', IsakmpNotify['INVALID-ID-INFORMATION']);
  const claim = {
    connection,
    suite,
    hash: proofHash('responder', sa, suite, keys.skeyid, proof, remoteIdentity),
    localIdentity: ownIdentity(connection, sa.path, world),
    remoteIdentity: remote,
    secret: suite.method === 'psk' ? secretForPeer(connection, sa.path, world) : null,
    payloads,
  };
  const verdict = world.steps.peerJudged(verifyPeer(claim, world));
  if (verdict.kind === 'waits') return verdict;
  if (verdict.kind === 'refused') return failed(verdict.why, verdict.notifyType);
  const ends = {
    localIdentity,
    remoteIdentity: ownedBody(remoteIdentity),
    localAuthentication,
    remoteAuthentication: verdict.method,
    remarks: verdict.remarks,
  };
  const established = establish(sa, { ...ends, replaces: sa.attempt.replaces }, payloads, world);
  if (established.kind === 'keptOut') return failed(established.why, IsakmpNotify['AUTHENTICATION-FAILED']);
  return next(established.sa, ...established.effects);
}

/** A message's octets are not kept with what is made of it. */
export const ownedBody = <T extends { readonly data: Uint8Array }>(body: T): T => ({
  ...body,
  data: Uint8Array.from(body.data),
});
