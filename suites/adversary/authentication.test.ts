import { constants, createHash, privateEncrypt } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CertPayload, IdPayload } from '../../engine/wire/ike/payload.ts';
import { CertEncoding, ExchangeType, IdType } from '../../engine/wire/ike/registry.ts';
import { judge } from '../tester/judgement.ts';
import { ikeClause } from '../tester/ike/ike-clause.ts';
import { authPayloads, openCall } from '../tester/ike/initiate.ts';
import { payloadOf } from '../tester/ike/payloads.ts';
import type { TesterPeer } from '../tester/ike/peer.ts';
import type { IkePlan } from '../tester/ike/plans.ts';
import { judgeBelieved, judgeNotBelieved, type Proof, signedCall, signing } from '../tester/ike/signed.ts';
import { benchKey, digitalSignature, SCHEMES } from '../tester/ike/signatures.ts';
import { INSIDE } from '../tester/citations.ts';

/** Signatures, keys, certificates and identities that are not what they say. */

const rsa = benchKey('bob rsa2048').privateKey;

/** RSA of EM as it stands, with a hash and what surrounds it of the caller's choice. */
function signedRaw(octets: Uint8Array, em: (hash: Uint8Array) => Uint8Array) {
  const hash = createHash('sha256').update(octets).digest();
  const key = { key: rsa, padding: constants.RSA_NO_PADDING };
  return digitalSignature(SCHEMES['rsa-sha256'].identifier, privateEncrypt(key, em(hash)));
}

const DIGEST_INFO = '3031300d060960864801650304020105000420';

/** 00 01 FF… 00 and this, in 256 octets; `behind`: octets that stand after it. */
function padded(info: string, hash: Uint8Array, behind = 0): Uint8Array {
  const inner = Buffer.concat([Buffer.from(info, 'hex'), hash]);
  const ff = Buffer.alloc(256 - 3 - inner.length - behind, 0xff);
  return Buffer.concat([Uint8Array.of(0, 1), ff, Uint8Array.of(0), inner, Buffer.alloc(behind, 0xa5)]);
}

interface Forged {
  readonly number: number;
  readonly says: string;
  readonly source: string;
  readonly em: (hash: Uint8Array) => Uint8Array;
}

const FORGED: Readonly<Record<string, Forged>> = {
  'short-hash': {
    number: 17,
    says: 'of half of the hash',
    source: 'CVE-2026-50721',
    em: hash => padded('3021300d060960864801650304020105000410', hash.subarray(0, 16)),
  },
  'long-hash': {
    number: 17,
    says: 'of the hash and 16 octets more',
    source: 'CVE-2026-50722',
    em: hash => padded('3041300d060960864801650304020105000430', Buffer.concat([hash, hash.subarray(0, 16)])),
  },
  'bare-hash': {
    number: 17,
    says: 'of the hash without DigestInfo',
    source: 'RFC 8017 §9.2',
    em: hash => padded('', hash),
  },
  'octets-behind': {
    number: 18,
    says: 'with less padding, and octets behind the hash',
    source: 'CVE-2018-16152',
    em: hash => padded(DIGEST_INFO, hash, 100),
  },
  'parameters-not-empty': {
    number: 18,
    says: 'whose hash has parameters',
    source: 'CVE-2018-16151',
    em: hash => padded('3035301106096086480165030402010404deadbeef0420', hash),
  },
  'short-padding': {
    number: 18,
    says: 'whose padding ends early',
    source: 'RFC 8017 §9.2',
    em: hash => padded(DIGEST_INFO, hash).fill(0, 12, 60),
  },
  'block-type-2': {
    number: 18,
    says: 'of block type 2',
    source: 'RFC 8017 §9.2',
    em: hash => padded(DIGEST_INFO, hash).fill(2, 1, 2),
  },
};

for (const [slug, { number, says, source, em }] of Object.entries(FORGED)) {
  ikeClause(
    `adversary-${number}-rsa-signature[${slug}]`,
    {
      level: 'MUST',
      text: `A signature of PKCS#1 is what RFC 8017 makes of the hash, octet by octet (${source})`,
      scenario: `The peer signs with RSA ${says}.`,
      brokenBy: 'ike-believes-all',
      plan: signing({ bob: 'rsa2048' }),
    },
    async peer => {
      const { answer } = await signedCall(peer, { auth: octets => signedRaw(octets, em) });
      judgeNotBelieved(peer, answer, `alice believes a signature ${says}`);
    },
  );
}

ikeClause(
  'adversary-18-rsa-signature-of-ours-is-right',
  {
    level: 'MUST',
    text: 'What is refused is refused for what is wrong with it: the same, all right, is believed',
    scenario: 'The peer signs with RSA as it should, made in the same way as the forged ones.',
    brokenBy: 'ike-no-signatures',
    plan: signing({ bob: 'rsa2048' }),
  },
  async peer => {
    const { answer } = await signedCall(peer, { auth: octets => signedRaw(octets, hash => padded(DIGEST_INFO, hash)) });
    judgeBelieved(peer, answer, 'alice does not believe a signature that is right');
  },
);

const PSS = constants.RSA_PKCS1_PSS_PADDING;

ikeClause(
  'adversary-19-huge-salt',
  {
    level: 'MUST',
    text: 'A signature of PSS has a salt as long as its parameters say (CVE-2021-41990)',
    scenario:
      'The peer signs with PSS and the longest salt that fits; once the parameters say so, with a length of 2^31.',
    brokenBy: 'ike-believes-all',
    plan: signing({ bob: 'rsa2048' }),
  },
  async peer => {
    const { sign } = await import('node:crypto');
    const longest = { key: rsa, padding: PSS, saltLength: constants.RSA_PSS_SALTLEN_MAX_SIGN };
    const of = '300d06096086480165030402010500';
    const huge = `304406092a864886f70d01010a3037a00f${of}a11c301a06092a864886f70d010108${of}a206020480000000`;
    for (const identifier of [SCHEMES['rsa-pss-sha256'].identifier, huge]) {
      peer.nextRequest = 0;
      peer.keys = null;
      peer.responderSpi = '0000000000000000';
      peer.initiatorSpi = peer.newSpi();
      const auth = (octets: Uint8Array) => digitalSignature(identifier, sign('sha256', octets, longest));
      const { answer } = await signedCall(peer, { auth });
      judgeNotBelieved(peer, answer, 'alice believes a signature with another salt');
    }
  },
);

const cert = (encoding: number, data: Uint8Array): CertPayload => ({ type: 'CERT', encoding, data });

const OTHERS: Readonly<Record<string, Proof>> = {
  'same-kind': { key: 'mallory ecdsa256' },
  'brought-along': {
    key: 'mallory ecdsa256',
    certificates: [cert(CertEncoding.RAW_PUBLIC_KEY, Buffer.from(benchKey('mallory ecdsa256').spki, 'hex'))],
  },
  'right-one-brought-along': {
    key: 'mallory ecdsa256',
    certificates: [cert(CertEncoding.RAW_PUBLIC_KEY, Buffer.from(benchKey('bob ecdsa256').spki, 'hex'))],
  },
};

for (const [slug, proof] of Object.entries(OTHERS)) {
  ikeClause(
    `adversary-20-wrong-key[${slug}]`,
    {
      level: 'MUST',
      text: 'It is the key that is compared, and nothing else of it (CVE-2020-16088)',
      scenario: `Somebody says to be the peer and signs with a key of his own: ${slug.replaceAll('-', ' ')}.`,
      brokenBy: 'ike-believes-all',
      plan: signing({}),
    },
    async peer => {
      const { answer } = await signedCall(peer, proof);
      judgeNotBelieved(peer, answer, 'alice believes another key');
    },
  );
}

const NAMES: Readonly<Record<string, readonly number[]>> = {
  empty: [],
  'one-octet': [0x30],
  'beyond-its-end': [0x30, 0x82, 0xff, 0xff, 0x31],
  'a-part-of-the-name': [
    0x30, 0x0e, 0x31, 0x0c, 0x30, 0x0a, 0x06, 0x03, 0x55, 0x04, 0x0a, 0x0c, 0x03, 0x4c, 0x61, 0x62,
  ],
  'indefinite-length': [0x30, 0x80, 0x31, 0x80],
};

for (const [slug, octets] of Object.entries(NAMES)) {
  ikeClause(
    `adversary-23-distinguished-name[${slug}]`,
    {
      level: 'MUST',
      text: 'A name that is shorter than the one that is expected is another name, and is not read beyond its end (CVE-2013-6075)',
      scenario: `Alice expects CN=bob, O=Lab; the peer’s IDi is a distinguished name: ${slug.replaceAll('-', ' ')}.`,
      brokenBy: 'ike-dies-of-short-names',
      plan: {
        connection: {
          authentication: {
            local: { method: 'psk', identity: 'alice.lab' },
            remote: {
              methods: ['psk'],
              identity: 'CN=bob, O=Lab',
              authorities: [],
              schemes: [],
              revocation: 'relaxed',
            },
          },
        },
      },
    },
    async peer => {
      const opening = await openCall(peer);
      const id: IdPayload = { type: 'IDi', idType: IdType.ID_DER_ASN1_DN, data: Uint8Array.from(octets) };
      const payloads = authPayloads(peer, opening).map(it => (it.type === 'IDi' ? id : it));
      const answer = await peer.ask({ exchange: ExchangeType.IKE_AUTH, payloads });
      if (answer !== null) peer.bench.cite(answer, 'her answer', ...INSIDE);
      judge(payloadOf(answer?.payloads ?? [], 'AUTH') === null, 'alice takes it for the name that she expects');
      await judgeListens(peer);
    },
  );
}

/** A new IKE_SA_INIT is answered. */
async function judgeListens(peer: TesterPeer): Promise<void> {
  peer.nextRequest = 0;
  peer.keys = null;
  peer.responderSpi = '0000000000000000';
  peer.initiatorSpi = peer.newSpi();
  await openCall(peer).catch(() => judge(false, 'alice does not listen any more'));
}

const CERTIFICATES = JSON.parse(
  readFileSync(join(import.meta.dirname, '../tester/ike/certificates.json'), 'utf8'),
) as Readonly<Record<string, string>>;

function der(name: string): Buffer {
  return Buffer.from(CERTIFICATES[name] ?? '', 'base64');
}

/** Alice knows Charles; the peer is to show a certificate that leads to him. */
const certified: IkePlan = {
  ...signing({}),
  ike: {
    credentials: {
      keys: [{ pkcs8: benchKey('alice ecdsa256').pkcs8, chain: [] }],
      anchors: [{ name: 'charles', certificate: der('charles').toString('hex') }],
      peers: [],
      rawKeys: [],
      crls: [],
    },
  },
};

const chain = (...names: readonly string[]): Proof => ({
  certificates: names.map(name => cert(CertEncoding.X509_SIGNATURE, Uint8Array.from(der(name)))),
});

ikeClause(
  'adversary-24-certificates-of-strangers-are-not-kept',
  {
    level: 'MUST',
    text: 'Certificates that differ outside of what is signed fill nothing: the next peer is served (CVE-2021-41991)',
    scenario:
      'Eight times the peer shows its chain with another octet in the signature of the leaf; then the right one.',
    brokenBy: 'ike-dies-of-certificates',
    plan: certified,
  },
  async peer => {
    for (let i = 0; i <= 8; i++) {
      peer.nextRequest = 0;
      peer.keys = null;
      peer.responderSpi = '0000000000000000';
      peer.initiatorSpi = peer.newSpi();
      const leaf = Uint8Array.from(der('bob'));
      if (i < 8) leaf[leaf.length - 1] = (leaf[leaf.length - 1] ?? 0) ^ (i + 1);
      const proof = chain('bob', 'deputy');
      const [, ...others] = proof.certificates ?? [];
      const certificates = [cert(CertEncoding.X509_SIGNATURE, leaf), ...others];
      const { answer } = await signedCall(peer, { certificates }).catch(() => ({ answer: null }));
      if (i < 8) judgeNotBelieved(peer, answer, 'alice believes a certificate that was changed');
      else judgeBelieved(peer, answer, 'alice does not believe the right chain after all the others');
    }
  },
);

ikeClause(
  'adversary-25-nothing-is-fetched-for-strangers',
  {
    level: 'MUST',
    text: 'A certificate by hash and URL makes nobody fetch who has not offered to (CVE-2022-40617, RFC 8019 §4.7)',
    scenario: 'The peer shows no certificate but a URL at an address of the attacker; what alice sends is looked at.',
    brokenBy: 'ike-fetches-for-all',
    plan: certified,
  },
  async peer => {
    const url = Buffer.concat([Buffer.alloc(20, 7), Buffer.from('http://5.6.7.66/bob.der', 'latin1')]);
    const { answer } = await signedCall(peer, {
      certificates: [cert(CertEncoding.HASH_AND_URL_X509, Uint8Array.from(url))],
    });
    await peer.bench.lab.sleep(1_000);
    const fetches = peer.bench.outside().filter(({ header }) => header.destination === '5.6.7.66');
    for (const seen of fetches.slice(0, 2)) peer.bench.cite(seen, 'to the attacker', 'Destination Address');
    judge(fetches.length === 0, 'alice fetches what a stranger tells her to');
    judgeNotBelieved(peer, answer, 'alice believes a certificate that she has not seen');
  },
);

ikeClause(
  'adversary-26-excluded-names',
  {
    level: 'MUST',
    text: 'A certificate whose name is excluded by one above it is refused (CVE-2026-35331, RFC 5280 §4.2.1.10)',
    scenario: 'Charles’s deputy may certify all but bob.lab; the peer shows its certificate of him.',
    brokenBy: 'ike-believes-all',
    plan: certified,
  },
  async peer => {
    const { answer } = await signedCall(peer, chain('bob', 'deputy without bob.lab'));
    judgeNotBelieved(peer, answer, 'alice believes a certificate whose name is excluded');
  },
);

ikeClause(
  'adversary-26-names-that-are-not-excluded',
  {
    level: 'MUST',
    text: 'The same chain without the constraint is believed',
    scenario: 'Charles’s deputy may certify all; the peer shows its certificate of him.',
    brokenBy: 'ike-no-signatures',
    plan: certified,
  },
  async peer => {
    const { answer } = await signedCall(peer, chain('bob', 'deputy'));
    judgeBelieved(peer, answer, 'alice does not believe a chain that is right');
  },
);

for (const [scheme, bob] of [
  ['rsa-sha1', 'rsa2048'],
  ['ecdsa-sha1', 'ecdsa256'],
] as const) {
  ikeClause(
    `adversary-35-weak-hash[${scheme}]`,
    {
      level: 'MUST',
      text: 'A signature over a hash whose collisions are found is refused (SLOTH, CVE-2015-7575)',
      scenario: `The peer signs with ${scheme}.`,
      brokenBy: 'ike-believes-all',
      plan: signing({ bob }),
    },
    async peer => {
      const { answer } = await signedCall(peer, { key: `bob ${bob}`, scheme, hashes: ['sha1', 'sha256'] });
      judgeNotBelieved(peer, answer, 'alice believes a signature over a weak hash');
    },
  );
}

ikeClause(
  'adversary-19-tiny-modulus',
  {
    level: 'MUST',
    text: 'A signature by an RSA key that anybody can factor proves nothing (CVE-2018-17540)',
    scenario: 'The certificate of the peer, which leads to Charles, is of a key of 512 bits; the peer signs with it.',
    brokenBy: 'ike-believes-all',
    plan: certified,
  },
  async peer => {
    const { answer } = await signedCall(peer, {
      key: 'mallory rsa512',
      scheme: 'rsa-sha256',
      ...chain('bob with 512 bits', 'deputy'),
    });
    judgeNotBelieved(peer, answer, 'alice believes an RSA key of 512 bits');
  },
);
