import type { IsakmpIdPayload, IsakmpPayload, IsakmpSaPayload } from '../../../engine/wire/isakmp/payload.ts';
import { Inconclusive, require } from '../judgement.ts';
import { CALL, type CallTraits } from './call.ts';
import type { IsakmpState } from './isakmp-state.ts';
import { phase1Hash } from './key-schedule.ts';
import { bodyOf, firstBody } from './messages.ts';
import {
  errorsIn,
  EXCHANGE,
  fqdn,
  natDetection,
  payloadOf,
  phase1Proposal,
  securityAssociation,
  VENDOR,
  vendor,
} from './payloads.ts';
import type { HeardV1, TesterV1Peer, V1Alteration } from './peer.ts';
import { type Attribute, METHOD, OAKLEY } from './suite.ts';

/** Main Mode with a shared key as its initiator, RFC 2409 §5.4, a step at a time. */

/** What each message is to be altered by, for who does not want to take the steps one by one. */
export interface MainAlterations {
  readonly offer?: V1Alteration;
  readonly halves?: V1Alteration;
  readonly proof?: V1Alteration;
}

/** Messages 1 and 2. */
export interface Offered {
  /** SAi_b, as it was sent. */
  readonly offer: Uint8Array;
  readonly response: HeardV1 | null;
}

/** Messages 3 and 4, and all that follows from them. */
export interface Exchanged extends Offered {
  readonly nonceI: Uint8Array;
  readonly nonceR: Uint8Array;
  readonly second: HeardV1;
}

/** An ISAKMP SA that stands. */
export interface Phase1 {
  readonly sa: IsakmpState;
  /** SAi_b. */
  readonly offer: Uint8Array;
  /** Alice's. */
  readonly identity: IsakmpIdPayload;
  /** Her last message of phase 1, or her first of it that proves who she is. */
  readonly proof: HeardV1;
}

/** Of the suite that the peer has, with its method. */
export function attributesOf(peer: TesterV1Peer, method: number = peer.method): readonly Attribute[] {
  const [encryption, hash, group, ...keyLength] = peer.sa.suite.attributes;
  return [encryption, hash, [OAKLEY.method, method] as const, group, ...keyLength].filter(it => it !== undefined);
}

/** What goes into SKEYID; null: both sign. */
export function secretOf({ method }: Pick<TesterV1Peer, 'method'>, psk: string): Uint8Array | null {
  return method === METHOD.rsa || method === METHOD.xauthRsa ? null : Buffer.from(psk, 'latin1');
}

/** `HDR, SA, V, V`. */
export function offerPayloads(peer: TesterV1Peer, ...transforms: readonly (readonly Attribute[])[]): IsakmpPayload[] {
  const all = transforms.length === 0 ? [attributesOf(peer)] : transforms;
  return [securityAssociation(phase1Proposal(...all)), vendor(VENDOR.natTraversal), vendor(VENDOR.deadPeers)];
}

/** Message 1. */
export async function offer(
  peer: TesterV1Peer,
  alteration: V1Alteration = {},
  payloads: readonly IsakmpPayload[] = offerPayloads(peer),
): Promise<Offered> {
  const octets = peer.encode({ exchange: EXCHANGE.main, payloads }, alteration);
  const response = await peer.askAgain(octets, isMainMode);
  if (isChosen(response)) peer.sa.cookieR = response.message?.responderCookie ?? peer.sa.cookieR;
  return { offer: firstBody(octets), response };
}

export const isMainMode = ({ message }: HeardV1): boolean => message?.exchangeType === EXCHANGE.main;

/** Whether alice goes on with it. */
export function isChosen(response: HeardV1 | null): response is HeardV1 {
  return response !== null && payloadOf(response.payloads, 'SA') !== null;
}

/** KE, Ni, and NAT-D of both ends. */
export function halfPayloads(peer: TesterV1Peer, secret: Uint8Array, nonce: Uint8Array): IsakmpPayload[] {
  const { suite } = peer.sa;
  return [
    { type: 'KE', data: suite.exchange.begin(secret).data },
    { type: 'NONCE', data: nonce },
    ...natDetections(peer),
  ];
}

/** The other end first, RFC 3947 §3.2. */
export function natDetections(peer: TesterV1Peer): IsakmpPayload[] {
  const { sa, port, aliceAddress, traits } = peer;
  return [natDetection(sa.suite.hash, sa, aliceAddress, port), natDetection(sa.suite.hash, sa, traits.address, port)];
}

export interface HalvesAsked {
  readonly secret: Uint8Array;
  readonly nonceI: Uint8Array;
  readonly response: HeardV1 | null;
}

/** Message 3, whatever comes of it. */
export async function askHalves(peer: TesterV1Peer, alteration: V1Alteration = {}): Promise<HalvesAsked> {
  const [secret, nonce] = [peer.draw(64), peer.draw(32)];
  const order = { exchange: EXCHANGE.main, payloads: halfPayloads(peer, secret, nonce) };
  const sent: { nonce: Uint8Array } = { nonce };
  const response = await peer.ask(order, {
    ...alteration,
    message: message => {
      const altered = alteration.message?.(message) ?? message;
      sent.nonce = payloadOf(altered.payloads, 'NONCE')?.data ?? nonce;
      return altered;
    },
  });
  return { secret, nonceI: sent.nonce, response };
}

/** Messages 3 and 4; the peer has the keys after them. Inconclusive where alice does not go on. */
export async function exchangeHalves(
  peer: TesterV1Peer,
  offered: Offered,
  alteration: V1Alteration = {},
  psk: string = CALL.psk,
): Promise<Exchanged> {
  if (!isChosen(offered.response)) throw new Inconclusive(`alice refused the offer: ${saidBy(offered.response)}`);
  const { secret, nonceI, response } = await askHalves(peer, alteration);
  const second = require(response, 'alice did not answer KE and nonce');
  const [ke, nonce] = [payloadOf(second.payloads, 'KE'), payloadOf(second.payloads, 'NONCE')];
  if (ke === null || nonce === null) throw new Inconclusive(`alice refused KE and nonce: ${saidBy(second)}`);
  const half = peer.sa.suite.exchange.begin(secret);
  peer.sa.derive({
    nonceI,
    nonceR: nonce.data,
    shared: half.finish(ke.data),
    publicI: half.data,
    publicR: ke.data,
    psk: secretOf(peer, psk),
  });
  return { ...offered, nonceI, nonceR: nonce.data, second };
}

/** IDii, HASH_I. */
export function proofPayloads(peer: TesterV1Peer, saBody: Uint8Array, id: IsakmpIdPayload): IsakmpPayload[] {
  return [id, { type: 'HASH', data: proofOf(peer.sa, 'initiator', saBody, id) }];
}

/** HASH_I or HASH_R. */
export function proofOf(
  sa: IsakmpState,
  prover: 'initiator' | 'responder',
  saBody: Uint8Array,
  id: IsakmpIdPayload,
): Uint8Array {
  const { keys, sources, suite } = sa;
  if (keys === null || sources === null) throw new Error('a proof before there are keys');
  return phase1Hash(suite.hash, keys, sources, prover, saBody, bodyOf(id));
}

/** Message 5, and what alice says to it. */
export function askProof(
  peer: TesterV1Peer,
  exchanged: Pick<Exchanged, 'offer'>,
  alteration: V1Alteration = {},
  id: IsakmpIdPayload = fqdn(CALL.identity),
): Promise<HeardV1 | null> {
  const payloads = proofPayloads(peer, exchanged.offer, id);
  return peer.ask({ exchange: EXCHANGE.main, payloads, isSealed: true }, alteration);
}

/** Whether that message proves that alice knows the shared key: message 6, or in Aggressive Mode message 2. */
export function isProof(
  peer: TesterV1Peer,
  prover: 'initiator' | 'responder',
  saBody: Uint8Array,
  heard: HeardV1,
): boolean {
  const [id, hash] = [payloadOf(heard.payloads, 'ID'), payloadOf(heard.payloads, 'HASH')];
  return id !== null && hash !== null && Buffer.from(hash.data).equals(proofOf(peer.sa, prover, saBody, id));
}

/** All of Main Mode; Inconclusive unless alice goes along with it, and proves who she is. */
export async function callMain(
  peer: TesterV1Peer,
  alterations: MainAlterations = {},
  traits: Partial<CallTraits> = {},
): Promise<Phase1> {
  const { identity, psk } = { ...CALL, ...traits };
  const exchanged = await exchangeHalves(peer, await offer(peer, alterations.offer), alterations.halves, psk);
  const response = await askProof(peer, exchanged, alterations.proof, fqdn(identity));
  return proven(peer, exchanged.offer, response);
}

export function proven(peer: TesterV1Peer, saBody: Uint8Array, response: HeardV1 | null): Phase1 {
  const proof = require(response, 'alice did not answer ID and HASH');
  const id = payloadOf(proof.payloads, 'ID');
  if (id === null) throw new Inconclusive(`alice does not say who she is: ${saidBy(proof)}`);
  if (!isProof(peer, 'responder', saBody, proof)) throw new Inconclusive('HASH of alice is wrong');
  return { sa: peer.sa, offer: saBody, identity: id, proof };
}

/** In few words, for what went wrong. */
export function saidBy(heard: HeardV1 | null): string {
  if (heard === null) return 'nothing';
  const errors = errorsIn(heard.payloads).map(({ notifyType }) => `notify ${notifyType}`);
  return errors.join() || heard.payloads.map(({ type }) => type).join() || heard.opened.kind;
}

/** The SA payload that answers this one by its first transform that has these attributes among its own. */
export function choosing(offered: IsakmpSaPayload, wanted: readonly Attribute[]): IsakmpSaPayload | null {
  for (const proposal of offered.proposals) {
    const found = proposal.transforms.find(({ attributes }) =>
      wanted.every(([type, value]) => attributes.some(it => it.type === type && it.value === value)),
    );
    if (found !== undefined) return { ...offered, proposals: [{ ...proposal, transforms: [found] }] };
  }
  return null;
}
