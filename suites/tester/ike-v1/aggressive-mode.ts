import type { IsakmpIdPayload, IsakmpPayload } from '../../../engine/wire/isakmp/payload.ts';
import { Inconclusive, require } from '../judgement.ts';
import { CALL, type CallTraits } from './call.ts';
import {
  attributesOf,
  choosing,
  isProof,
  natDetections,
  offerPayloads,
  type Phase1,
  proofOf,
  saidBy,
  secretOf,
} from './main-mode.ts';
import { firstBody } from './messages.ts';
import { EXCHANGE, fqdn, payloadOf, VENDOR, vendor } from './payloads.ts';
import type { HeardV1, TesterV1Peer, V1Alteration } from './peer.ts';

/** Aggressive Mode with a shared key, RFC 2409 §5.4, as either end. */

/** Message 1, and what came of it. */
export interface AggressiveAsked {
  /** SAi_b. */
  readonly offer: Uint8Array;
  readonly octets: Uint8Array;
  readonly secret: Uint8Array;
  readonly nonceI: Uint8Array;
  readonly response: HeardV1 | null;
}

/** `HDR, SA, KE, Ni, IDii, V`. */
export async function askAggressive(
  peer: TesterV1Peer,
  alteration: V1Alteration = {},
  identity: string = CALL.identity,
): Promise<AggressiveAsked> {
  const [secret, nonceI] = [peer.draw(64), peer.draw(32)];
  const [sa, ...vendors] = offerPayloads(peer);
  const payloads: IsakmpPayload[] = [
    ...(sa === undefined ? [] : [sa]),
    { type: 'KE', data: peer.sa.suite.exchange.begin(secret).data },
    { type: 'NONCE', data: nonceI },
    fqdn(identity),
    ...vendors,
  ];
  const octets = peer.encode({ exchange: EXCHANGE.aggressive, payloads }, alteration);
  const response = await peer.askAgain(octets, isAggressive);
  return { offer: firstBody(octets), octets, secret, nonceI, response };
}

export const isAggressive = ({ message }: HeardV1): boolean => message?.exchangeType === EXCHANGE.aggressive;

/** The peer has the keys of message 2; Inconclusive where alice has refused. */
export function takeAggressive(peer: TesterV1Peer, asked: AggressiveAsked, psk: string = CALL.psk): HeardV1 {
  const heard = require(asked.response, 'alice did not answer Aggressive Mode');
  const [ke, nonce] = [payloadOf(heard.payloads, 'KE'), payloadOf(heard.payloads, 'NONCE')];
  if (ke === null || nonce === null || heard.message === null) {
    throw new Inconclusive(`alice refused Aggressive Mode: ${saidBy(heard)}`);
  }
  peer.sa.cookieR = heard.message.responderCookie;
  const half = peer.sa.suite.exchange.begin(asked.secret);
  peer.sa.derive({
    nonceI: asked.nonceI,
    nonceR: nonce.data,
    shared: half.finish(ke.data),
    publicI: half.data,
    publicR: ke.data,
    psk: secretOf(peer, psk),
  });
  return heard;
}

/** `HDR, HASH_I`, and NAT-D: encrypted or not, as §5 leaves to the initiator. */
export function concludeAggressive(
  peer: TesterV1Peer,
  asked: Pick<AggressiveAsked, 'offer'>,
  isSealed: boolean,
  alteration: V1Alteration = {},
  identity: string = CALL.identity,
): Promise<Uint8Array> {
  const data = proofOf(peer.sa, 'initiator', asked.offer, fqdn(identity));
  const payloads: IsakmpPayload[] = [{ type: 'HASH', data }, ...natDetections(peer)];
  return peer.send({ exchange: EXCHANGE.aggressive, payloads, isSealed }, alteration);
}

/** All three messages; Inconclusive unless alice goes along with it, and proves who she is. */
export async function callAggressive(peer: TesterV1Peer, isSealed = true): Promise<Phase1> {
  const asked = await askAggressive(peer);
  const proof = takeAggressive(peer, asked);
  const identity = require(payloadOf(proof.payloads, 'ID'), 'alice does not say who she is');
  if (!isProof(peer, 'responder', asked.offer, proof)) throw new Inconclusive('HASH of alice is wrong');
  await concludeAggressive(peer, asked, isSealed);
  return { sa: peer.sa, offer: asked.offer, identity, proof };
}

/** Message 2 to alice's first, and her message 3; the peer has the keys after it. */
export async function answerAggressive(
  peer: TesterV1Peer,
  first: HeardV1,
  alteration: V1Alteration = {},
  traits: Partial<CallTraits> = {},
): Promise<HeardV1 | null> {
  const { identity, psk } = { ...CALL, ...traits };
  const offered = require(payloadOf(first.payloads, 'SA'), 'alice sent no SA');
  const chosen = require(choosing(offered, attributesOf(peer)), `alice does not offer ${peer.sa.suite.name}`);
  const ke = require(payloadOf(first.payloads, 'KE'), 'alice sent no KE');
  const nonce = require(payloadOf(first.payloads, 'NONCE'), 'alice sent no nonce');
  const [{ data, shared }, nonceR] = [peer.sa.suite.exchange.respond(ke.data, peer.draw(64)), peer.draw(32)];
  const sources = { nonceI: nonce.data, nonceR, shared, publicI: ke.data, publicR: data };
  peer.sa.derive({ ...sources, psk: secretOf(peer, psk) });
  const id: IsakmpIdPayload = fqdn(identity);
  const payloads: IsakmpPayload[] = [
    chosen,
    { type: 'KE', data },
    { type: 'NONCE', data: nonceR },
    id,
    { type: 'HASH', data: proofOf(peer.sa, 'responder', firstBody(first.octets), id) },
    vendor(VENDOR.natTraversal),
    vendor(VENDOR.deadPeers),
    ...natDetections(peer),
  ];
  const octets = peer.encode({ exchange: EXCHANGE.aggressive, payloads }, alteration);
  return peer.askAgain(octets, isAggressive);
}

/** Whether alice's message 3 proves that she knows the shared key; her identity was in message 1. */
export function isThirdProof(peer: TesterV1Peer, first: HeardV1, third: HeardV1): boolean {
  const [id, hash] = [payloadOf(first.payloads, 'ID'), payloadOf(third.payloads, 'HASH')];
  if (id === null || hash === null) return false;
  return Buffer.from(hash.data).equals(proofOf(peer.sa, 'initiator', firstBody(first.octets), id));
}
