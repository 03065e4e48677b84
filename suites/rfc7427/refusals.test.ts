import { constants, sign } from 'node:crypto';
import { ExchangeType } from '../../engine/wire/ike/registry.ts';
import { judge } from '../tester/judgement.ts';
import { ikeClause } from '../tester/ike/ike-clause.ts';
import type { TesterPeer } from '../tester/ike/peer.ts';
import { answerInit, authAnswer, authRequest, letAliceCall } from '../tester/ike/respond.ts';
import {
  adding,
  ALL_HASHES,
  hashNotify,
  judgeNotBelieved,
  type Proof,
  signedAnswer,
  signedCall,
  signing,
  type SigningPlan,
} from '../tester/ike/signed.ts';
import { benchKey, digitalSignature, SCHEMES } from '../tester/ike/signatures.ts';
import { INSIDE } from '../tester/citations.ts';

/** RFC 7427 §3 and §6: signatures that are none, of either end. */

interface Refused {
  readonly says: string;
  readonly plan?: SigningPlan;
  readonly proof: Proof;
}

const right = benchKey('bob ecdsa256').privateKey;
const rsa = benchKey('bob rsa2048').privateKey;
const ECDSA = SCHEMES['ecdsa-sha256'];
const PSS = SCHEMES['rsa-pss-sha256'];
const RSA: SigningPlan = { bob: 'rsa2048' };

const REFUSED: Readonly<Record<string, Refused>> = {
  'other-key': { says: 'by another key', proof: { key: 'mallory ecdsa256' } },
  'other-rsa-key': {
    says: 'by another RSA key',
    plan: RSA,
    proof: { key: 'mallory rsa2048', scheme: 'rsa-sha256' },
  },
  'other-octets': {
    says: 'over other octets',
    proof: { auth: octets => digitalSignature(ECDSA.identifier, ECDSA.sign(right, octets.subarray(1))) },
  },
  'other-hash-than-named': {
    says: 'made with SHA-384 and named SHA-256',
    proof: { auth: octets => digitalSignature(ECDSA.identifier, sign('sha384', octets, right)) },
  },
  'other-kind-than-key': {
    says: 'named RSA, by a key for ECDSA',
    proof: { auth: octets => digitalSignature(SCHEMES['rsa-sha256'].identifier, ECDSA.sign(right, octets)) },
  },
  'pkcs1-named-pss': {
    says: 'of PKCS#1 and named PSS',
    plan: RSA,
    proof: { auth: octets => digitalSignature(PSS.identifier, SCHEMES['rsa-sha256'].sign(rsa, octets)) },
  },
  'pss-named-pkcs1': {
    says: 'of PSS and named PKCS#1',
    plan: RSA,
    proof: { auth: octets => digitalSignature(SCHEMES['rsa-sha256'].identifier, PSS.sign(rsa, octets)) },
  },
  'pss-long-salt': {
    says: 'of PSS with another salt than its parameters say',
    plan: RSA,
    proof: {
      auth: octets => {
        const key = { key: rsa, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 48 };
        return digitalSignature(PSS.identifier, sign('sha256', octets, key));
      },
    },
  },
  'sha1-rsa': { says: 'with SHA-1', plan: RSA, proof: { key: 'bob rsa2048', scheme: 'rsa-sha1' } },
  'sha1-ecdsa': { says: 'with SHA-1', proof: { scheme: 'ecdsa-sha1' } },
  'scheme-that-is-not-allowed': {
    says: 'with SHA-512 where SHA-256 alone is allowed',
    plan: { bob: 'ecdsa256', allowed: ['ecdsa-sha256'] },
    proof: { scheme: 'ecdsa-sha512' },
  },
  'unknown-algorithm': {
    says: 'named an algorithm that nobody knows',
    proof: { auth: octets => digitalSignature('300a06082b0601040181f700', ECDSA.sign(right, octets)) },
  },
  'empty-identifier': {
    says: 'without an AlgorithmIdentifier',
    proof: { auth: octets => digitalSignature('', ECDSA.sign(right, octets)) },
  },
  'identifier-beyond-the-end': {
    says: 'whose AlgorithmIdentifier is longer than AUTH',
    proof: {
      auth: octets => {
        const auth = digitalSignature(ECDSA.identifier, ECDSA.sign(right, octets));
        return { ...auth, data: auth.data.with(0, 255) };
      },
    },
  },
  'octets-behind-the-identifier': {
    says: 'whose AlgorithmIdentifier has an octet behind it',
    proof: { auth: octets => digitalSignature(`${ECDSA.identifier}00`, ECDSA.sign(right, octets)) },
  },
  'no-signature': {
    says: 'that is empty',
    proof: { auth: () => digitalSignature(ECDSA.identifier, new Uint8Array(0)) },
  },
  'zero-signature': {
    says: 'whose r and s are zero',
    proof: { auth: () => digitalSignature(ECDSA.identifier, Uint8Array.of(0x30, 6, 2, 1, 0, 2, 1, 0)) },
  },
  'raw-ecdsa': {
    says: 'as RFC 4754 has it, not as ECDSA-Sig-Value',
    proof: {
      auth: octets => {
        const raw = sign('sha256', octets, { key: right, dsaEncoding: 'ieee-p1363' });
        return digitalSignature(ECDSA.identifier, raw);
      },
    },
  },
  'octets-behind-the-signature': {
    says: 'with an octet behind it',
    proof: {
      auth: octets => digitalSignature(ECDSA.identifier, Uint8Array.of(...ECDSA.sign(right, octets), 0)),
    },
  },
};

for (const [slug, { says, plan = {}, proof }] of Object.entries(REFUSED)) {
  ikeClause(
    `rfc7427-3-signature-of-initiator-is-refused[${slug}]`,
    {
      level: 'MUST',
      text: 'A signature that is not of the peer’s key, with what AUTH names, over what is to be signed, proves nothing',
      scenario: `The peer calls with a signature ${says}.`,
      brokenBy: 'ike-believes-all',
      plan: signing(plan),
    },
    async peer => {
      const { answer } = await signedCall(peer, proof);
      judgeNotBelieved(peer, answer, `alice believes a signature ${says}`);
    },
  );
  ikeClause(
    `rfc7427-3-signature-of-responder-is-refused[${slug}]`,
    {
      level: 'MUST',
      text: 'A signature that is not of the peer’s key, with what AUTH names, over what is to be signed, proves nothing',
      scenario: `Alice calls, and is answered with a signature ${says}.`,
      brokenBy: 'ike-believes-all',
      plan: signing(plan),
    },
    async peer => {
      const state = await answerInit(peer, await letAliceCall(peer), adding(hashNotify(ALL_HASHES)));
      const request = await authRequest(peer);
      const auth = signedAnswer(peer, state, proof);
      await peer.answer(
        request,
        authAnswer(peer, state, request).map(it => (it.type === 'AUTH' ? auth : it)),
      );
      await judgeLeaves(peer, `alice believes a signature ${says}`);
    },
  );
}

/** Fails unless alice has left the IKE SA: nothing is answered in it, or not as if it stood. */
async function judgeLeaves(peer: TesterPeer, why: string): Promise<void> {
  peer.nextRequest = 0;
  const answer = await peer.ask({ exchange: ExchangeType.INFORMATIONAL, payloads: [] });
  if (answer !== null) peer.bench.cite(answer, 'her answer in that IKE SA', ...INSIDE);
  judge(answer?.opened.kind !== 'opened', why);
}
