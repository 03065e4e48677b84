import type { IkeMessage } from '../../../engine/wire/ike/message.ts';
import type { AuthPayload, CertPayload, NotifyPayload, Payload } from '../../../engine/wire/ike/payload.ts';
import { ExchangeType, NotifyType } from '../../../engine/wire/ike/registry.ts';
import { u16At } from '../../../engine/wire/octets.ts';
import { judge } from '../judgement.ts';
import { fqdn, idBody } from './identity.ts';
import { authPayloads, CALL, type Opening, openCall } from './initiate.ts';
import { signedOctets } from './key-schedule.ts';
import { errorsIn, notifies, notify, payloadOf } from './payloads.ts';
import type { Alteration, Heard, TesterPeer } from './peer.ts';
import { ALICE_IDENTITY, type IkePlan } from './plans.ts';
import type { Answering } from './respond.ts';
import {
  benchKey,
  digitalSignature,
  HASH,
  type Hash,
  readDigitalSignature,
  schemeIdentified,
  SCHEMES,
  type SchemeToken,
} from './signatures.ts';
import { INSIDE } from '../citations.ts';

/** IKE_AUTH with signatures, RFC 7427, whose keys were exchanged before. */

/** Which of the bench's keys both have, and what alice may sign with and take. */
export interface SigningPlan {
  readonly alice?: string;
  readonly bob?: string;
  /** Of alice's own, in her order. */
  readonly schemes?: readonly string[];
  /** That bob may use. */
  readonly allowed?: readonly string[];
}

export function signing({ alice = 'ecdsa256', bob = 'ecdsa256', schemes = [], allowed = [] }: SigningPlan): IkePlan {
  const [own, peer] = [benchKey(`alice ${alice}`), benchKey(`bob ${bob}`)];
  return {
    connection: {
      authentication: {
        local: { method: 'signature', identity: ALICE_IDENTITY, key: 0, schemes, sends: 'never', url: null },
        remote: {
          methods: ['signature'],
          identity: CALL.identity,
          authorities: [],
          schemes: allowed,
          revocation: 'relaxed',
        },
      },
    },
    ike: {
      credentials: {
        keys: [{ pkcs8: own.pkcs8, chain: [] }],
        anchors: [],
        peers: [],
        rawKeys: [{ identity: CALL.identity, spki: peer.spki }],
        crls: [],
      },
    },
  };
}

export const ALL_HASHES: readonly Hash[] = ['sha256', 'sha384', 'sha512', 'identity'];

/** SIGNATURE_HASH_ALGORITHMS, RFC 7427 §4. */
export function hashNotify(hashes: readonly Hash[]): NotifyPayload {
  const data = Uint8Array.from(hashes.flatMap(hash => [0, HASH[hash]]));
  return notify(NotifyType.SIGNATURE_HASH_ALGORITHMS, data);
}

/** With these behind all else. */
export const adding = (...payloads: readonly Payload[]): Alteration => ({
  message: (message: IkeMessage) => ({ ...message, payloads: [...message.payloads, ...payloads] }),
});

/** The hash algorithms that a message names; null: it names none. */
export function hashesIn(heard: Heard): readonly number[] | null {
  const [found] = notifies(heard.payloads, NotifyType.SIGNATURE_HASH_ALGORITHMS);
  if (found === undefined) return null;
  return Array.from({ length: found.data.length >> 1 }, (_, i) => u16At(found.data, i * 2));
}

/** How the peer proves itself. */
export interface Proof {
  readonly key?: string;
  readonly scheme?: SchemeToken;
  /** That it can verify; null: it does not say, and RFC 7427 is not in use. */
  readonly hashes?: readonly Hash[] | null;
  /** In the place of what is right; `octets`: what is to be signed. */
  readonly auth?: (octets: Uint8Array) => AuthPayload;
  readonly certificates?: readonly CertPayload[];
  readonly identity?: string;
}

export interface SignedCall {
  readonly opening: Opening;
  readonly answer: Heard | null;
}

/** The peer calls, and signs; `unknownHashes` are octets in front of those that it knows. */
export async function signedCall(
  peer: TesterPeer,
  proof: Proof = {},
  unknownHashes: readonly number[] = [],
): Promise<SignedCall> {
  const { hashes = ALL_HASHES, certificates = [], identity = CALL.identity } = proof;
  const known = hashNotify(hashes ?? []);
  const named = { ...known, data: Uint8Array.of(...unknownHashes, ...known.data) };
  const opening = await openCall(peer, hashes === null ? {} : adding(named));
  const id = fqdn('IDi', identity);
  const octets = signedOctets(peer.suite.prf, {
    message: opening.octets,
    nonce: opening.nonceR,
    skP: keysOf(peer).pi,
    idBody: idBody(id),
  });
  const auth = authBy(proof, octets);
  const payloads = authPayloads(peer, opening).map(it => (it.type === 'AUTH' ? auth : it.type === 'IDi' ? id : it));
  const [first, ...others] = payloads;
  const answer = await peer.ask({
    exchange: ExchangeType.IKE_AUTH,
    payloads: first === undefined ? [] : [first, ...certificates, ...others],
  });
  return { opening, answer };
}

/** AUTH of the peer as the responder. */
export function signedAnswer(peer: TesterPeer, state: Answering, proof: Proof): AuthPayload {
  const id = fqdn('IDr', proof.identity ?? CALL.identity);
  const parts = { message: state.octets, nonce: state.nonceI, skP: keysOf(peer).pr, idBody: idBody(id) };
  return authBy(proof, signedOctets(peer.suite.prf, parts));
}

function authBy({ key = 'bob ecdsa256', scheme = 'ecdsa-sha256', auth }: Proof, octets: Uint8Array): AuthPayload {
  if (auth !== undefined) return auth(octets);
  const how = SCHEMES[scheme];
  return digitalSignature(how.identifier, how.sign(benchKey(key).privateKey, octets));
}

/** What alice has signed as the responder, and as the initiator. */
export function signedByResponder(peer: TesterPeer, { opening, answer }: SignedCall): Uint8Array {
  const id = payloadOf(answer?.payloads ?? [], 'IDr');
  const body = id === null ? new Uint8Array(0) : idBody(id);
  const parts = { message: opening.response.octets, nonce: opening.nonceI, skP: keysOf(peer).pr, idBody: body };
  return signedOctets(peer.suite.prf, parts);
}

export function signedByInitiator(peer: TesterPeer, state: Answering, request: Heard): Uint8Array {
  const id = payloadOf(request.payloads, 'IDi');
  const body = id === null ? new Uint8Array(0) : idBody(id);
  const parts = { message: state.request.octets, nonce: state.nonceR, skP: keysOf(peer).pi, idBody: body };
  return signedOctets(peer.suite.prf, parts);
}

/** Fails unless a message has a signature of alice's by that key over these octets, and names how it is made. */
export function judgeSignature(peer: TesterPeer, heard: Heard, key: string, octets: Uint8Array): Hash {
  const auth = payloadOf(heard.payloads, 'AUTH');
  peer.bench.cite(heard, `AUTH of method ${auth?.method}`, ...INSIDE);
  judge(auth !== null, 'alice sends no AUTH');
  judge(auth.method === 14, `alice sends AUTH of method ${auth.method}`);
  const read = readDigitalSignature(auth);
  judge(read !== null, 'the length of the AlgorithmIdentifier cannot be');
  const scheme = schemeIdentified(read.identifier);
  judge(scheme !== null, `alice names the algorithm ${read.identifier}`);
  const isRight = scheme.verify(benchKey(key).publicKey, octets, read.signature);
  judge(isRight, 'the signature is not by her key, with what she names, over what it has to be');
  return scheme.hash;
}

export function judgeBelieved(peer: TesterPeer, answer: Heard | null, why: string): asserts answer is Heard {
  if (answer !== null) peer.bench.cite(answer, 'her answer', ...INSIDE);
  judge(answer !== null && payloadOf(answer.payloads, 'AUTH') !== null, why);
}

/** Fails unless alice says AUTHENTICATION_FAILED, and nothing that would help: neither AUTH nor a child. */
export function judgeNotBelieved(peer: TesterPeer, answer: Heard | null, why: string): void {
  if (answer !== null) peer.bench.cite(answer, 'her answer', ...INSIDE);
  judge(answer === null || payloadOf(answer.payloads, 'AUTH') === null, why);
  judge(answer !== null, 'alice says nothing instead of AUTHENTICATION_FAILED');
  const said = errorsIn(answer.payloads).map(({ notifyType }) => notifyType);
  judge(said.includes(NotifyType.AUTHENTICATION_FAILED), `alice says ${said.join() || 'nothing'}`);
}

function keysOf({ keys }: TesterPeer) {
  if (keys === null) throw new Error('AUTH before there are keys');
  return keys;
}
