import type { IsakmpIdPayload, IsakmpPayload } from '../../../engine/wire/isakmp/payload.ts';
import { Inconclusive, require } from '../judgement.ts';
import { CALL, type CallTraits } from './call.ts';
import {
  attributesOf,
  choosing,
  isMainMode,
  isProof,
  natDetections,
  type Phase1,
  proofOf,
  saidBy,
  secretOf,
} from './main-mode.ts';
import { firstBody } from './messages.ts';
import { EXCHANGE, fqdn, payloadOf, VENDOR, vendor } from './payloads.ts';
import type { HeardV1, TesterV1Peer, V1Alteration } from './peer.ts';

/** Main Mode with a shared key as its responder, a step at a time. */

/** Alice calls: a packet from the host behind her asks for the SA. Gives her first message; the ISAKMP SA is hers from then on. */
export async function letAliceCall(peer: TesterV1Peer): Promise<HeardV1> {
  const after = peer.heard().length;
  await peer.bench.wake();
  const heard = await peer.expect('message 1 of phase 1', isFirst, after);
  return called(peer, heard);
}

/** The peer takes this message for the first of an ISAKMP SA. */
export function called(peer: TesterV1Peer, heard: HeardV1): HeardV1 {
  const { sa } = peer;
  sa.isInitiator = false;
  sa.cookieI = require(heard.message, 'no message').initiatorCookie;
  sa.cookieR = peer.newCookie();
  return heard;
}

export const isFirst = ({ message }: HeardV1): boolean =>
  (message?.exchangeType === EXCHANGE.main || message?.exchangeType === EXCHANGE.aggressive) &&
  message.responderCookie === NO_COOKIE;

const NO_COOKIE = '0000000000000000';

/** Message 2 that chooses the peer's suite, and alice's message 3; Inconclusive where she does not offer it. */
export async function choose(
  peer: TesterV1Peer,
  first: HeardV1,
  alteration: V1Alteration = {},
): Promise<HeardV1 | null> {
  const offered = require(payloadOf(first.payloads, 'SA'), 'alice sent no SA');
  const chosen = require(choosing(offered, attributesOf(peer)), `alice does not offer ${peer.sa.suite.name}`);
  const payloads: IsakmpPayload[] = [chosen, vendor(VENDOR.natTraversal), vendor(VENDOR.deadPeers)];
  return answered(peer, { exchange: EXCHANGE.main, payloads }, alteration);
}

/** Message 4, and alice's message 5; the peer has the keys after it. */
export async function answerHalves(
  peer: TesterV1Peer,
  third: HeardV1,
  alteration: V1Alteration = {},
  psk: string = CALL.psk,
): Promise<HeardV1 | null> {
  const ke = require(payloadOf(third.payloads, 'KE'), `alice sent no KE: ${saidBy(third)}`);
  const nonce = require(payloadOf(third.payloads, 'NONCE'), 'alice sent no nonce');
  const { suite } = peer.sa;
  const [{ data, shared }, nonceR] = [suite.exchange.respond(ke.data, peer.draw(64)), peer.draw(32)];
  const payloads: IsakmpPayload[] = [{ type: 'KE', data }, { type: 'NONCE', data: nonceR }, ...natDetections(peer)];
  const octets = peer.encode({ exchange: EXCHANGE.main, payloads }, alteration);
  const sources = { nonceI: nonce.data, nonceR, shared, publicI: ke.data, publicR: data };
  peer.sa.derive({ ...sources, psk: secretOf(peer, psk) });
  return peer.askAgain(octets, isMainMode);
}

/** Message 6. */
export function answerProof(
  peer: TesterV1Peer,
  saBody: Uint8Array,
  alteration: V1Alteration = {},
  id: IsakmpIdPayload = fqdn(CALL.identity),
): Promise<Uint8Array> {
  const payloads: IsakmpPayload[] = [id, { type: 'HASH', data: proofOf(peer.sa, 'responder', saBody, id) }];
  return peer.send({ exchange: EXCHANGE.main, payloads, isSealed: true }, alteration);
}

/** What alice says next in Main Mode, now or when she gets to it. */
async function answered(
  peer: TesterV1Peer,
  order: Parameters<TesterV1Peer['encode']>[0],
  alteration: V1Alteration,
): Promise<HeardV1 | null> {
  return peer.askAgain(peer.encode(order, alteration), isMainMode);
}

/** All of Main Mode, which alice begins; Inconclusive unless she goes along with it, and proves who she is. */
export async function answerMain(peer: TesterV1Peer, traits: Partial<CallTraits> = {}): Promise<Phase1> {
  return answerMainFrom(peer, await letAliceCall(peer), traits);
}

/** The same when her first message has come. */
export async function answerMainFrom(
  peer: TesterV1Peer,
  first: HeardV1,
  traits: Partial<CallTraits> = {},
): Promise<Phase1> {
  const { identity, psk } = { ...CALL, ...traits };
  const third = require(await choose(peer, first), 'alice did not go on when she was answered');
  const fifth = require(await answerHalves(peer, third, {}, psk), 'alice did not say who she is');
  const offer = firstBody(first.octets);
  const id = payloadOf(fifth.payloads, 'ID');
  if (id === null) throw new Inconclusive(`alice does not say who she is: ${saidBy(fifth)}`);
  if (!isProof(peer, 'initiator', offer, fifth)) throw new Inconclusive('HASH of alice is wrong');
  await answerProof(peer, offer, {}, fqdn(identity));
  return { sa: peer.sa, offer, identity: id, proof: fifth };
}
