import { fqdn, ID } from '../tester/ike-v1/payloads.ts';
import {
  answerSigned,
  callSigned,
  CERT,
  cert,
  exchangedBefore,
  judgeGoesOn,
  judgeNotSigned,
  judgeServesSigned,
  judgeSigned,
  judgeStops,
  letAliceSign,
  type SignedProof,
  type SigningPlan,
  signingV1,
} from '../tester/ike-v1/signed.ts';
import { v1Clause } from '../tester/ike-v1/v1-clause.ts';
import { judgeGone } from '../tester/ike-v1/verdicts.ts';

/** RFC 4945: which certificates prove an identity in IKEv1. */

interface Shown {
  readonly section: string;
  /** What the profile asks. */
  readonly text: string;
  /** What the peer does. */
  readonly says: string;
  readonly proof: Partial<SignedProof>;
  readonly plan?: SigningPlan;
}

const REVOKED = 'A certificate that its authority has revoked proves nothing';
const CHAIN =
  'A certificate proves something if a path of valid certificates leads from it to an authority that is trusted';

const REFUSED: Readonly<Record<string, Shown>> = {
  'name-of-another': {
    section: '3.1',
    text: 'The identity in the ID payload is the one that the certificate names',
    says: 'shows Mallory’s certificate, signs by its key, and says to be bob.lab',
    proof: { key: 'mallory rsa2048', certificates: ['mallory'] },
  },
  'identity-of-another': {
    section: '3.1.10',
    text: 'Policy is bound to the identity: a certificate that is right, of somebody who is not expected, opens nothing',
    says: 'shows Mallory’s certificate, and says to be mallory.lab',
    proof: { key: 'mallory rsa2048', certificates: ['mallory'], id: fqdn('mallory.lab') },
  },
  'common-name-alone': {
    section: '3.1.2',
    text: 'ID_FQDN is compared with the dNSNames of subjectAltName, and not with the common name',
    says: 'shows a certificate whose common name is bob.lab, and that has no subjectAltName',
    proof: { certificates: ['bob without a name'] },
  },
  'mail-for-name': {
    section: '3.1.3',
    text: 'ID_USER_FQDN is compared with the rfc822Names of subjectAltName, and with nothing else',
    says: 'says to be bob@bob.lab by an ID of type USER_FQDN, which his certificate does not name',
    proof: { id: { ...fqdn('bob@bob.lab'), idType: ID.userFqdn } },
    plan: { remote: { identity: '%any' } },
  },
  'address-that-it-does-not-name': {
    section: '3.1.1',
    text: 'ID_IPV4_ADDR is compared with the iPAddresses of subjectAltName',
    says: 'says to be the address that its packets come from, which its certificate does not name',
    proof: { id: { ...fqdn(''), idType: ID.ipv4, data: Uint8Array.of(5, 6, 7, 8) } },
    plan: { remote: { identity: '%any' } },
  },
  'authority-of-the-same-name': {
    section: '5.1',
    text: CHAIN,
    says: 'shows a certificate of another authority, which is called Centre as well, and that authority’s own',
    proof: { certificates: ['bob by impostor', 'impostor'] },
  },
  'signed-by-itself': {
    section: '5.1',
    text: CHAIN,
    says: 'shows a certificate that he has signed himself',
    proof: { certificates: ['bob by himself'] },
  },
  'deputy-missing': {
    section: '5.1',
    text: CHAIN,
    says: 'shows a certificate of the Centre’s deputy, without the deputy’s',
    proof: { certificates: ['bob by deputy'] },
  },
  'by-one-who-is-no-authority': {
    section: '5.1.3.9',
    text: 'Who is no authority by its BasicConstraints cannot certify others',
    says: 'shows a certificate by Mallory, who has one of the Centre’s for himself',
    proof: { certificates: ['bob by mallory', 'mallory'] },
  },
  expired: {
    section: '5.1',
    text: 'A certificate is valid from notBefore to notAfter',
    says: 'shows a certificate that has ended in 2001',
    proof: { certificates: ['bob of old'] },
  },
  'not-yet-valid': {
    section: '5.1',
    text: 'A certificate is valid from notBefore to notAfter',
    says: 'shows a certificate that begins in 2098',
    proof: { certificates: ['bob to come'] },
  },
  'for-encryption-alone': {
    section: '5.1.3.2',
    text: 'Where there is a KeyUsage, it has digitalSignature or nonRepudiation',
    says: 'shows a certificate whose key may encipher keys, and no more',
    proof: { certificates: ['bob for encryption'] },
  },
  'critical-extension': {
    section: '5.1.3',
    text: 'A certificate with a critical extension that nobody knows is rejected',
    says: 'shows a certificate with such an extension',
    proof: { certificates: ['bob of an extension'] },
  },
  revoked: {
    section: '5.2',
    text: REVOKED,
    says: 'shows his certificate, which is on the CRL that alice has',
    proof: {},
    plan: { crls: ['crl of bob'] },
  },
  'revoked-as-he-says': {
    section: '3.3.3',
    text: `${REVOKED}: CRLs that come in CERT payloads count as well`,
    says: 'shows his certificate, and a CRL with it on it',
    proof: { more: [cert('crl of bob', CERT.crl)] },
  },
  'no-word-of-revocation': {
    section: '5.2',
    text: 'Where policy demands to know, a certificate of which nobody says whether it was revoked is not taken',
    says: 'shows his certificate; alice has no CRL, and her policy is strict',
    proof: {},
    plan: { remote: { revocation: 'strict' } },
  },
};

for (const [slug, { section, text, says, proof, plan = {} }] of Object.entries(REFUSED)) {
  // What is known to be revoked stays so.
  const isAboutRevocation = text.startsWith(REVOKED) || plan.remote?.revocation === 'strict';
  v1Clause(
    `rfc4945-${section}-${slug}`,
    {
      level: 'MUST',
      text,
      scenario: `The peer calls, and ${says}${isAboutRevocation ? '' : '; then it shows what is right'}.`,
      brokenBy: 'v1-believes-proofs',
      plan: signingV1(plan),
    },
    async peer => {
      judgeNotSigned(peer, await callSigned(peer, proof), 'alice takes it for a proof');
      await judgeGone(peer, 'alice has an ISAKMP SA with somebody who has proven nothing');
      if (!isAboutRevocation) await judgeServesSigned(peer);
    },
  );
}

for (const slug of ['name-of-another', 'authority-of-the-same-name', 'expired', 'revoked'] as const) {
  const { section, text, says, proof, plan = {} } = REFUSED[slug] ?? absent(slug);
  v1Clause(
    `rfc4945-${section}-${slug}[answered]`,
    {
      level: 'MUST',
      text,
      scenario: `Alice calls; the peer answers, and ${says}.`,
      brokenBy: 'v1-believes-proofs',
      plan: signingV1(plan),
    },
    async peer => {
      await answerSigned(peer, await letAliceSign(peer), proof);
      await judgeStops(peer, 'alice takes it for a proof');
    },
  );
}

function absent(slug: string): never {
  throw new Error(`there is no certificate for ${slug}`);
}

const garbage = { type: 'CERT', encoding: CERT.x509, data: Uint8Array.of(0x30, 0x82, 0xff, 0xff, 1, 2, 3) } as const;
const pgp = { type: 'CERT', encoding: CERT.pgp, data: Uint8Array.of(1, 2, 3) } as const;
const private_ = { type: 'CERT', encoding: 200, data: Uint8Array.of(1, 2, 3) } as const;

const TAKEN: Readonly<Record<string, Shown>> = {
  'through-a-deputy': {
    section: '5.1',
    text: CHAIN,
    says: 'shows a certificate of the Centre’s deputy, and the deputy’s',
    proof: { certificates: ['bob by deputy', 'deputy'] },
  },
  'in-any-order': {
    section: '3.3.10.3',
    text: 'Certificates are in no order that one might count on',
    says: 'shows the deputy’s certificate first, and then his own by the deputy',
    proof: { certificates: ['deputy', 'bob by deputy'] },
  },
  'more-than-once': {
    section: '3.3.10.4',
    text: 'A certificate that comes several times is one',
    says: 'shows each certificate three times',
    proof: { certificates: ['bob by deputy', 'deputy', 'deputy', 'bob by deputy', 'deputy', 'bob by deputy'] },
  },
  'besides-others': {
    section: '3.3.10.5',
    text: 'Certificates and CRLs that lead nowhere do no harm',
    says: 'shows Mallory’s certificate, the impostor’s, and a CRL of that one, besides his own',
    proof: { certificates: ['mallory', 'impostor', 'bob'], more: [cert('crl of bob by impostor', CERT.crl)] },
  },
  'besides-other-types': {
    section: '3.3.10.1',
    text: 'CERT payloads of types that are not known, or not supported, are passed over',
    says: 'shows CERT payloads of PGP and of type 200 in front of his certificate',
    proof: { more: [pgp, private_] },
  },
  'besides-what-cannot-be-read': {
    section: '3.3.10.2',
    text: 'CERT payloads that cannot be decoded are passed over',
    says: 'shows octets that are no certificate in front of his own',
    proof: { more: [garbage] },
  },
  'authority-brought-along': {
    section: '3.3.11.2',
    text: 'Who brings the authority’s own certificate along does no harm by it',
    says: 'shows his certificate, and the Centre’s',
    proof: { certificates: ['bob', 'centre'] },
  },
  'exchanged-before': {
    section: '3.3.8',
    text: 'A certificate that was exchanged before is trusted as it is, and need not come again',
    says: 'shows nothing; alice has his certificate, which he has signed himself',
    proof: { certificates: [] },
    plan: { trusted: exchangedBefore },
  },
  'not-on-the-list': {
    section: '5.2',
    text: 'Who is not on the CRL is not revoked, however strict policy is',
    says: 'shows his certificate; alice has a CRL without it, and her policy is strict',
    proof: {},
    plan: { crls: ['crl of nobody'], remote: { revocation: 'strict' } },
  },
  'list-of-an-impostor': {
    section: '5.2',
    text: 'A CRL that the authority has not signed revokes nothing',
    says: 'shows his certificate; alice has a CRL with it on it, which an authority of the same name has signed',
    proof: {},
    plan: { crls: ['crl of bob by impostor'] },
  },
  'revocation-not-looked-at': {
    section: '7.3',
    text: 'Checks may be turned off by those who ask for it, one by one',
    says: 'shows his certificate, which is on the CRL; alice was told to ignore CRLs',
    proof: {},
    plan: { crls: ['crl of bob'], v1: { ignoresRevocation: true } },
  },
};

for (const [slug, { section, text, says, proof, plan = {} }] of Object.entries(TAKEN)) {
  v1Clause(
    `rfc4945-${section}-${slug}`,
    {
      level: 'MUST',
      text,
      scenario: `The peer calls, and ${says}.`,
      brokenBy: 'v1-believes-nobody',
      plan: signingV1(plan),
    },
    async peer => void judgeSigned(peer, await callSigned(peer, proof), 'alice does not take it'),
  );
}

for (const slug of ['through-a-deputy', 'in-any-order', 'besides-what-cannot-be-read'] as const) {
  const { section, text, says, proof } = TAKEN[slug] ?? absent(slug);
  v1Clause(
    `rfc4945-${section}-${slug}[answered]`,
    {
      level: 'MUST',
      text,
      scenario: `Alice calls; the peer answers, and ${says}.`,
      brokenBy: 'v1-believes-nobody',
      plan: signingV1(),
    },
    async peer => {
      await answerSigned(peer, await letAliceSign(peer), proof);
      await judgeGoesOn(peer, 'alice does not take it');
    },
  );
}
