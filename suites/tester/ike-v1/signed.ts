import { constants, privateEncrypt, publicDecrypt } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { IsakmpCertPayload, IsakmpIdPayload, IsakmpPayload } from '../../../engine/wire/isakmp/payload.ts';
import type { ArrangedIke } from '../../../lab/subjects/arrangement.ts';
import { benchKey } from '../ike/signatures.ts';
import { judge, require } from '../judgement.ts';
import { CALL } from './call.ts';
import { answerHalves, choose, letAliceCall } from './main-mode-answer.ts';
import { type Exchanged, exchangeHalves, isMainMode, offer, proofOf, saidBy } from './main-mode.ts';
import { firstBody } from './messages.ts';
import { EXCHANGE, fqdn, payloadOf } from './payloads.ts';
import type { HeardV1, TesterV1Peer, V1Alteration } from './peer.ts';
import type { V1Plan } from './plans.ts';
import { METHOD } from './suite.ts';
import { INSIDE } from '../citations.ts';

/** Main Mode with RSA signatures, RFC 2409 §5.1, at either end. */

const CERTIFICATES = JSON.parse(readFileSync(join(import.meta.dirname, 'certificates.json'), 'utf8')) as Readonly<
  Record<string, string>
>;

/** DER; throws for one that is not in certificates.json. Keys are those of keys.json: of Alice, Bob and Mallory. */
export function certificate(name: string): Uint8Array {
  const found = CERTIFICATES[name];
  if (found === undefined) throw new Error(`the bench has no certificate ${name}`);
  return Uint8Array.from(Buffer.from(found, 'base64'));
}

export const CERT = { pgp: 2, x509: 4, kerberos: 6, crl: 7 } as const;

export const cert = (name: string, encoding: number = CERT.x509): IsakmpCertPayload => ({
  type: 'CERT',
  encoding,
  data: certificate(name),
});

type Credentials = ArrangedIke['credentials'];
type Authentication = ArrangedIke['connections'][number]['authentication'];

export interface SigningPlan {
  /** Instead of all that the Centre has certified. */
  readonly trusted?: Partial<Pick<Credentials, 'anchors' | 'peers'>>;
  /** Names of CRLs that alice has. */
  readonly crls?: readonly string[];
  readonly remote?: Partial<Authentication['remote']>;
  readonly sends?: 'always' | 'asked';
  readonly v1?: V1Plan['v1'];
}

const hex = (name: string): string => Buffer.from(certificate(name)).toString('hex');

/** Alice signs by RSA, has a certificate of the Centre's, and expects one of bob.lab. */
export function signingV1({ trusted = {}, crls = [], remote = {}, sends = 'always', v1 }: SigningPlan = {}): V1Plan {
  return {
    ...(v1 === undefined ? {} : { v1 }),
    connection: {
      authentication: {
        local: { method: 'signature', identity: 'alice.lab', key: 0, schemes: [], sends, url: null },
        remote: {
          methods: ['signature'],
          identity: CALL.identity,
          authorities: [],
          schemes: [],
          revocation: 'relaxed',
          ...remote,
        },
      },
    },
    ike: {
      secrets: [],
      credentials: {
        keys: [{ pkcs8: benchKey('alice rsa2048').pkcs8, chain: [hex('alice')] }],
        anchors: [{ name: 'centre', certificate: hex('centre') }],
        peers: [],
        rawKeys: [],
        crls: crls.map(hex),
        ...trusted,
      },
    },
  };
}

/** The certificate of Bob that he has signed himself, known to alice: nobody else is. */
export const exchangedBefore: NonNullable<SigningPlan['trusted']> = { anchors: [], peers: [hex('bob by himself')] };

/** How the peer proves itself. */
export interface SignedProof {
  readonly key: string;
  /** Names of certificates, in the order in which they are sent. */
  readonly certificates: readonly string[];
  readonly id: IsakmpIdPayload;
  /** Of HASH_I or HASH_R. */
  readonly sign: (hash: Uint8Array, key: string) => Uint8Array;
  /** In front of the certificates. */
  readonly more: readonly IsakmpPayload[];
}

export const BY_BOB: SignedProof = {
  key: 'bob rsa2048',
  certificates: ['bob'],
  id: fqdn(CALL.identity),
  sign: signBare,
  more: [],
};

/** As §5.1 has it: the hash itself in a padding of type 1, without a DigestInfo. */
export function signBare(hash: Uint8Array, key: string): Uint8Array {
  const { privateKey } = benchKey(key);
  return Uint8Array.from(privateEncrypt({ key: privateKey, padding: constants.RSA_PKCS1_PADDING }, hash));
}

/** `IDii, [CERT,] SIG_I`, or the responder's. */
export function signedPayloads(
  peer: TesterV1Peer,
  prover: 'initiator' | 'responder',
  saBody: Uint8Array,
  given: Partial<SignedProof> = {},
): IsakmpPayload[] {
  const { key, certificates, id, sign, more } = { ...BY_BOB, ...given };
  const data = sign(proofOf(peer.sa, prover, saBody, id), key);
  return [id, ...more, ...certificates.map(name => cert(name)), { type: 'SIG', data }];
}

/** What the peer calls with, and what alice has said to its last message. */
export interface SignedCall {
  readonly exchanged: Exchanged;
  readonly response: HeardV1 | null;
}

/** The peer calls; `halves` alters its message 3. */
export async function callSigned(
  peer: TesterV1Peer,
  proof: Partial<SignedProof> = {},
  halves: V1Alteration = {},
): Promise<SignedCall> {
  peer.method = METHOD.rsa;
  const exchanged = await exchangeHalves(peer, await offer(peer), halves);
  const payloads = signedPayloads(peer, 'initiator', exchanged.offer, proof);
  const octets = peer.encode({ exchange: EXCHANGE.main, payloads, isSealed: true });
  return { exchanged, response: await peer.askAgain(octets, isMainMode) };
}

/** Alice's message 5, and the body of her offer, which both sign. */
export interface SignedProofOfAlice {
  readonly offer: Uint8Array;
  readonly fifth: HeardV1;
}

/** Alice calls; `fourth` alters the peer's message 4. */
export async function letAliceSign(peer: TesterV1Peer, fourth: V1Alteration = {}): Promise<SignedProofOfAlice> {
  peer.method = METHOD.rsa;
  const first = await letAliceCall(peer);
  const third = require(await choose(peer, first), 'alice did not go on when she was answered');
  const fifth = require(await answerHalves(peer, third, fourth), 'alice did not say who she is');
  return { offer: firstBody(first.octets), fifth };
}

/** The peer's message 6. */
export async function answerSigned(
  peer: TesterV1Peer,
  { offer: saBody }: SignedProofOfAlice,
  proof: Partial<SignedProof> = {},
): Promise<void> {
  const payloads = signedPayloads(peer, 'responder', saBody, proof);
  await peer.send({ exchange: EXCHANGE.main, payloads, isSealed: true });
}

/** Whether a message has alice's signature, by the key of her certificate, of what it has to be. */
export function isSigned(
  peer: TesterV1Peer,
  prover: 'initiator' | 'responder',
  saBody: Uint8Array,
  { payloads }: HeardV1,
): boolean {
  const [id, signature] = [payloadOf(payloads, 'ID'), payloadOf(payloads, 'SIG')];
  if (id === null || signature === null) return false;
  const opened = opening(signature.data);
  return opened !== null && opened.equals(proofOf(peer.sa, prover, saBody, id));
}

/** What alice's key makes of it; null: no padding of type 1. */
function opening(signature: Uint8Array): Buffer | null {
  const key = { key: benchKey('alice rsa2048').publicKey, padding: constants.RSA_PKCS1_PADDING };
  try {
    return publicDecrypt(key, signature);
  } catch {
    return null;
  }
}

/** Fails unless alice goes on: message 6 with her signature. */
export function judgeSigned(peer: TesterV1Peer, { exchanged, response }: SignedCall, why: string): HeardV1 {
  if (response !== null) peer.bench.cite(response, 'her answer', ...INSIDE, 'Payload SIG', 'Payload HASH');
  judge(response !== null && payloadOf(response.payloads, 'SIG') !== null, `${why}: ${saidBy(response)}`);
  judge(isSigned(peer, 'responder', exchanged.offer, response), 'SIG of alice is not by her key, of HASH_R');
  return response;
}

/** Fails when alice goes on. */
export function judgeNotSigned(peer: TesterV1Peer, { response }: SignedCall, why: string): void {
  if (response !== null) peer.bench.cite(response, 'her answer', ...INSIDE, 'Payload SIG', 'Payload HASH');
  judge(response?.message?.exchangeType !== EXCHANGE.main, why);
}

/** Fails unless another call that is right is taken: whatever was before has left no trace. */
export async function judgeServesSigned(peer: TesterV1Peer): Promise<void> {
  peer.begin();
  judgeSigned(peer, await callSigned(peer), 'alice does not serve the peer afterwards');
}

/** Fails unless alice, who has called, goes on with Quick Mode behind message 6: she had a reason to call. */
export async function judgeGoesOn(peer: TesterV1Peer, why: string): Promise<void> {
  const request = await goesOn(peer);
  if (request !== null) peer.bench.cite(request, 'she goes on', ...INSIDE, 'Payload SIG', 'Payload HASH');
  judge(request !== null, why);
}

/** Fails when she does. */
export async function judgeStops(peer: TesterV1Peer, why: string): Promise<void> {
  const request = await goesOn(peer);
  if (request !== null) peer.bench.cite(request, 'she goes on', ...INSIDE, 'Payload SIG', 'Payload HASH');
  judge(request === null, why);
}

async function goesOn(peer: TesterV1Peer): Promise<HeardV1 | null> {
  for (let waitedMs = 0; waitedMs < 2_000; waitedMs += 250) {
    const [request] = peer.said(EXCHANGE.quick);
    if (request !== undefined) return request;
    await peer.bench.lab.sleep(250);
  }
  return null;
}
