import { constants, privateEncrypt } from 'node:crypto';
import { benchKey } from '../tester/ike/signatures.ts';
import { judge } from '../tester/judgement.ts';
import { askAggressive, takeAggressive } from '../tester/ike-v1/aggressive-mode.ts';
import {
  attributesOf,
  exchangeHalves,
  natDetections,
  offer,
  offerPayloads,
  proofOf,
  saidBy,
} from '../tester/ike-v1/main-mode.ts';
import { EXCHANGE, payloadOf } from '../tester/ike-v1/payloads.ts';
import type { TesterV1Peer } from '../tester/ike-v1/peer.ts';
import { askQuick } from '../tester/ike-v1/quick-mode.ts';
import { quickRequest } from '../tester/ike-v1/quick-mode-answer.ts';
import {
  answerSigned,
  BY_BOB,
  callSigned,
  isSigned,
  judgeGoesOn,
  judgeNotSigned,
  judgeSigned,
  judgeServesSigned,
  judgeStops,
  letAliceSign,
  signBare,
  signedPayloads,
  type SignedProof,
  signingV1,
} from '../tester/ike-v1/signed.ts';
import { METHOD } from '../tester/ike-v1/suite.ts';
import { v1Clause } from '../tester/ike-v1/v1-clause.ts';
import {
  judgeAlive,
  judgeGone,
  judgeNoQuick,
  judgeNotChosen,
  judgeQuick,
  judgeStillServes,
} from '../tester/ike-v1/verdicts.ts';
import { INSIDE } from '../tester/citations.ts';

/** RFC 2409 §5.1: phase 1 authenticated with signatures. */

v1Clause(
  'rfc2409-5.1-responder-signs',
  {
    level: 'MUST',
    text: 'SIG_R is the signature of HASH_R, a private key encryption of PKCS #1 without a DigestInfo',
    scenario: 'The peer calls, and signs; what alice’s public key makes of her signature is compared with HASH_R.',
    brokenBy: 'v1-signs-otherwise',
    plan: signingV1(),
  },
  async peer => {
    judgeSigned(peer, await callSigned(peer), 'alice does not believe a signature that is right');
    await judgeQuick(peer, await askQuick(peer), 'alice makes no SA');
  },
);

v1Clause(
  'rfc2409-5.1-initiator-signs',
  {
    level: 'MUST',
    text: 'SIG_I is the signature of HASH_I, a private key encryption of PKCS #1 without a DigestInfo',
    scenario: 'Alice calls; her message 5 is looked at, and answered as it should be.',
    brokenBy: 'v1-signs-otherwise',
    plan: signingV1(),
  },
  async peer => {
    const signed = await letAliceSign(peer);
    peer.bench.cite(signed.fifth, 'her message 5', ...INSIDE, 'Payload SA', 'Payload N');
    judge(isSigned(peer, 'initiator', signed.offer, signed.fifth), 'SIG of alice is not by her key, of HASH_I');
    await answerSigned(peer, signed);
    await quickRequest(peer);
    await judgeAlive(peer, 'the ISAKMP SA does not stand');
  },
);

v1Clause(
  'rfc2409-5.1-payloads-in-order',
  {
    level: 'MUST',
    text: 'The last messages of Main Mode are ID, certificates where there are any, and SIG, all of it encrypted',
    scenario: 'The peer calls; alice’s message 6 is looked at.',
    brokenBy: 'v1-shows-a-hash',
    plan: signingV1(),
  },
  async peer => {
    const { response } = await callSigned(peer);
    if (response !== null) peer.bench.cite(response, 'her message 6', ...INSIDE, 'Payload SA', 'Payload N');
    const types = (response?.payloads ?? []).map(({ type }) => type).filter(type => type !== 'N' && type !== 'VID');
    judge(types.join() === 'ID,CERT,SIG', `alice sends ${types.join() || saidBy(response)}`);
    judge(response?.message?.isEncrypted === true, 'alice shows her certificate to everybody');
  },
);

/** RFC 8017 §9.2: what signatures of PKCS #1 have in front of the hash. */
const SHA256 = '3031300d060960864801650304020105000420';

function encrypted(text: Uint8Array): Uint8Array {
  const { privateKey } = benchKey('bob rsa2048');
  return Uint8Array.from(privateEncrypt({ key: privateKey, padding: constants.RSA_PKCS1_PADDING }, text));
}

/** 00 01 FF… 00 and the hash, with as many octets behind it. */
function raw(hash: Uint8Array, behind: number): Uint8Array {
  const { privateKey } = benchKey('bob rsa2048');
  const ff = Buffer.alloc(256 - 3 - hash.length - behind, 0xff);
  const text = Buffer.concat([Uint8Array.of(0, 1), ff, Uint8Array.of(0), hash, Buffer.alloc(behind, 0xa5)]);
  return Uint8Array.from(privateEncrypt({ key: privateKey, padding: constants.RSA_NO_PADDING }, text));
}

const WRONG: Readonly<Record<string, Partial<SignedProof>>> = {
  'of-another-key': { key: 'mallory rsa2048' },
  'of-another-hash': { sign: (hash, key) => signBare(hash.with(0, (hash[0] ?? 0) ^ 1), key) },
  'with-a-digest-info': { sign: hash => encrypted(Buffer.concat([Buffer.from(SHA256, 'hex'), hash])) },
  'of-half-of-the-hash': { sign: hash => encrypted(hash.subarray(0, 16)) },
  'with-octets-behind': { sign: hash => raw(hash, 100) },
  'of-one-octet-less': { sign: (hash, key) => signBare(hash, key).subarray(1) },
  empty: { sign: () => new Uint8Array(0) },
};

for (const [slug, proof] of Object.entries(WRONG)) {
  v1Clause(
    `rfc2409-5.1-signature-is-checked[${slug}]`,
    {
      level: 'MUST',
      text: 'Who signs anything but HASH_I, in another form, or by another key than that of its certificate is not believed',
      scenario: `The peer calls; its signature: ${slug.replaceAll('-', ' ')}.`,
      brokenBy: 'v1-believes-proofs',
      plan: signingV1(),
    },
    async peer => {
      judgeNotSigned(peer, await callSigned(peer, proof), 'alice believes a signature that is wrong');
      await judgeGone(peer, 'alice has an ISAKMP SA with somebody who has proven nothing');
      await judgeServesSigned(peer);
    },
  );
}

for (const slug of ['of-another-key', 'of-another-hash', 'with-octets-behind'] as const) {
  v1Clause(
    `rfc2409-5.1-signature-is-checked[${slug}-answered]`,
    {
      level: 'MUST',
      text: 'Who signs anything but HASH_R, in another form, or by another key than that of its certificate is not believed',
      scenario: `Alice calls; the signature of message 6: ${slug.replaceAll('-', ' ')}.`,
      brokenBy: 'v1-believes-proofs',
      plan: signingV1(),
    },
    async peer => {
      await answerSigned(peer, await letAliceSign(peer), WRONG[slug]);
      await judgeStops(peer, 'alice believes a signature that is wrong');
    },
  );
}

v1Clause(
  'rfc2409-5.1-own-signature-does-not-come-back',
  {
    level: 'MUST',
    text: 'HASH_I is not HASH_R: the signature of one end is none of the other',
    scenario: 'Alice calls; the peer answers with her certificate, her ID and her signature.',
    brokenBy: 'v1-believes-proofs',
    plan: signingV1({ remote: { identity: '%any' } }),
  },
  async peer => {
    const signed = await letAliceSign(peer);
    const payloads = signed.fifth.payloads.filter(({ type }) => type === 'ID' || type === 'CERT' || type === 'SIG');
    await peer.send({ exchange: EXCHANGE.main, payloads, isSealed: true });
    await judgeStops(peer, 'alice takes herself for the peer');
  },
);

v1Clause(
  'rfc2409-5.1-a-hash-is-no-signature',
  {
    level: 'MUST',
    text: 'Where signatures were negotiated, nothing else is a proof: everybody can compute HASH_I',
    scenario: 'The peer calls, and shows HASH_I in the place of a signature, with and without Bob’s certificate.',
    brokenBy: 'v1-any-proof',
    plan: signingV1(),
  },
  async peer => {
    for (const certificates of [['bob'], []]) {
      peer.begin();
      const response = await showHash(peer, certificates);
      if (response !== null) peer.bench.cite(response, 'her answer', ...INSIDE, 'Payload SA', 'Payload N');
      judge(payloadOf(response?.payloads ?? [], 'SIG') === null, 'alice takes a hash for a proof');
      await judgeGone(peer, 'alice has an ISAKMP SA with somebody who has signed nothing');
    }
    await judgeServesSigned(peer);
  },
);

async function showHash(peer: TesterV1Peer, certificates: readonly string[]) {
  peer.method = METHOD.rsa;
  const exchanged = await exchangeHalves(peer, await offer(peer));
  const signed = signedPayloads(peer, 'initiator', exchanged.offer, { certificates });
  const data = proofOf(peer.sa, 'initiator', exchanged.offer, BY_BOB.id);
  const payloads = [...signed.filter(({ type }) => type !== 'SIG'), { type: 'HASH', data } as const];
  return peer.ask({ exchange: EXCHANGE.main, payloads, isSealed: true });
}

v1Clause(
  'rfc2409-5.1-the-method-is-the-one-of-policy',
  {
    level: 'MUST',
    text: 'The method is negotiated: one that policy does not name is not chosen',
    scenario: 'Alice wants a shared key; the peer offers signatures alone, and then a shared key.',
    brokenBy: 'v1-takes-any-offer',
  },
  async peer => {
    const { response } = await offer(peer, {}, offerPayloads(peer, attributesOf(peer, METHOD.rsa)));
    judgeNotChosen(peer, response, 'alice takes signatures for a shared key');
    await judgeStillServes(peer, 'alice does not serve the peer afterwards');
  },
);

v1Clause(
  'rfc2409-5.1-signed-by-who-calls',
  {
    level: 'MUST',
    text: 'What is signed has both cookies, both public values, the offer and the ID: it is good for one exchange',
    scenario: 'The peer calls, and sends the signature that it made in the exchange before.',
    brokenBy: 'v1-believes-proofs',
    plan: signingV1(),
  },
  async peer => {
    const before: { signature: Uint8Array | null } = { signature: null };
    const sign = (hash: Uint8Array, key: string) => (before.signature ??= signBare(hash, key));
    judgeSigned(peer, await callSigned(peer, { sign }), 'alice does not believe a signature that is right');
    peer.begin();
    judgeNotSigned(peer, await callSigned(peer, { sign }), 'alice believes a signature of before');
    await judgeGone(peer, 'alice has an ISAKMP SA by a signature of before');
  },
);

v1Clause(
  'rfc2409-5.1-message-6-is-believed',
  {
    level: 'MUST',
    text: 'The initiator goes on with a responder whose signature is right',
    scenario: 'Alice calls; the peer answers with its certificate and SIG_R.',
    brokenBy: 'v1-believes-nobody',
    plan: signingV1(),
  },
  async peer => {
    await answerSigned(peer, await letAliceSign(peer), BY_BOB);
    await judgeGoesOn(peer, 'alice does not believe a signature that is right');
  },
);

const AGGRESSIVELY = signingV1({ v1: { mode: 'aggressive', accepts: ['main', 'aggressive'] } });

/** Message 3 of Aggressive Mode behind alice's message 2: certificate and SIG_I; the ID was in message 1. */
async function callAggressively(peer: TesterV1Peer, proof: Partial<SignedProof> = {}): Promise<void> {
  peer.method = METHOD.rsa;
  const asked = await askAggressive(peer);
  const second = takeAggressive(peer, asked);
  peer.bench.cite(second, 'her message 2', 'Payload SIG');
  judge(isSigned(peer, 'responder', asked.offer, second), 'SIG of alice is not by her key, of HASH_R');
  const payloads = signedPayloads(peer, 'initiator', asked.offer, proof).filter(({ type }) => type !== 'ID');
  await peer.send({ exchange: EXCHANGE.aggressive, payloads: [...payloads, ...natDetections(peer)], isSealed: true });
}

v1Clause(
  'rfc2409-5.1-aggressive-mode',
  {
    level: 'MUST',
    text: 'Aggressive Mode with signatures: SIG_R is in message 2, and SIG_I in message 3',
    scenario: 'The peer calls in Aggressive Mode, which alice is told to take, and signs; it asks for an SA.',
    brokenBy: 'v1-signs-otherwise',
    plan: AGGRESSIVELY,
  },
  async peer => {
    await callAggressively(peer);
    await judgeQuick(peer, await askQuick(peer), 'alice makes no SA');
  },
);

v1Clause(
  'rfc2409-5.1-aggressive-signature-is-checked',
  {
    level: 'MUST',
    text: 'Who signs by another key than that of its certificate is not believed, in Aggressive Mode as in Main Mode',
    scenario: 'The peer calls in Aggressive Mode, which alice is told to take, and signs by Mallory’s key.',
    brokenBy: 'v1-believes-proofs',
    plan: AGGRESSIVELY,
  },
  async peer => {
    await callAggressively(peer, { key: 'mallory rsa2048' });
    judgeNoQuick(peer, await askQuick(peer), 'alice makes an SA for somebody who has proven nothing');
    await judgeGone(peer, 'alice has an ISAKMP SA with somebody who has proven nothing');
  },
);
