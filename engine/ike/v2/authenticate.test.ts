import { createHmac, createHash, createPrivateKey, constants, sign as nodeSign } from 'node:crypto';
import { expect, test } from 'vitest';
import { prf } from '../../crypto/prf-table.ts';
import type { Random } from '../../crypto/random.ts';
import type { AuthPayload, CertPayload } from '../../wire/ike/payload.ts';
import { AuthMethod, CertEncoding } from '../../wire/ike/registry.ts';
import { emptyPathMemory } from '../../pki/memory.ts';
import { fromHex } from '../../wire/testing/must.ts';
import {
  DEFAULT_LIMITS,
  type IkeConfig,
  type LocalAuthenticationConfig,
  type RemoteAuthenticationConfig,
} from '../config.ts';
import { credentialsOf } from '../credentials.ts';
import { type Identity, parseIdentity } from '../identity.ts';
import {
  ALICE_CERTIFICATE,
  ALICE_KEY,
  BOB_CERTIFICATE,
  BOB_KEY,
  CA_CERTIFICATE,
  CAROL_CERTIFICATE,
  CAROL_KEY,
  CRL_OF_ALICE,
  CRL_OF_NOBODY,
  ED448_KEY,
  OTHER_CERTIFICATE,
  P521_KEY,
  SELF_CERTIFICATE,
  SELF_KEY,
} from '../testing/openssl-credentials.ts';
import { type AuthContext, type PeerClaim, type PeerVerdict, proveIdentity, verifyPeer } from './authenticate.ts';
import { certificateRequests, certificatesToSend } from './certificate-payloads.ts';
import { hashesOffered, readHashes, writeHashes } from './signature-auth.ts';

const OCTETS = new TextEncoder().encode('what is signed');
const SK_P = new Uint8Array(32).fill(7);
const AT = 1_800_000_000;
const RANDOM: Random = { bytes: count => new Uint8Array(count).fill(5) };
const HASHES = [2, 3, 4, 5];

function identity(text: string): Identity {
  const parsed = parseIdentity(text);
  if (parsed === null) throw new Error(text);
  return parsed;
}

function hash(token: string) {
  const found = prf(token);
  if (found === null) throw new Error(token);
  return found;
}

/** One node that has all keys and trusts all that the tests need. */
function config(change: Partial<IkeConfig> = {}, credentials: Partial<IkeConfig['credentials']> = {}): IkeConfig {
  return {
    connections: [],
    secrets: [],
    ppks: [],
    pools: [],
    limits: DEFAULT_LIMITS,
    revealsSecrets: false,
    credentials: {
      keys: [
        { pkcs8: ALICE_KEY, chain: [ALICE_CERTIFICATE] },
        { pkcs8: BOB_KEY, chain: [BOB_CERTIFICATE] },
        { pkcs8: CAROL_KEY, chain: [CAROL_CERTIFICATE] },
        { pkcs8: SELF_KEY, chain: [SELF_CERTIFICATE] },
        { pkcs8: P521_KEY, chain: [] },
        { pkcs8: ED448_KEY, chain: [] },
      ],
      anchors: [
        { name: 'lab', certificate: CA_CERTIFICATE },
        { name: 'other', certificate: OTHER_CERTIFICATE },
      ],
      peers: [],
      rawKeys: [],
      crls: [],
      ...credentials,
    },
    ...change,
  };
}

const context = (over: IkeConfig, change: Partial<AuthContext> = {}): AuthContext => ({
  credentials: credentialsOf(over),
  prf: hash('prfsha256'),
  skP: SK_P,
  octets: OCTETS,
  localIdentity: identity('alice.lab'),
  remoteIdentity: identity('bob.lab'),
  peerHashes: HASHES,
  ...change,
});

const signature = (key: number, change: Partial<Extract<LocalAuthenticationConfig, { method: 'signature' }>> = {}) =>
  ({ method: 'signature', identity: '%any', key, schemes: [], sends: 'always', url: null, ...change }) as const;

const remote = (change: Partial<RemoteAuthenticationConfig> = {}): RemoteAuthenticationConfig => ({
  methods: ['signature'],
  identity: '%any',
  authorities: [],
  schemes: [],
  revocation: 'relaxed',
  ...change,
});

/** The AUTH payload of this node with that key. */
function signed(key: number, change: Partial<AuthContext> = {}, schemes: readonly string[] = []) {
  const proof = proveIdentity(signature(key, { schemes }), context(config(), change), RANDOM);
  if (proof.kind !== 'made') throw new Error(proof.why);
  return proof;
}

function verdict(auth: AuthPayload, from: string, change: Partial<PeerClaim> = {}, over = config()): PeerVerdict {
  return verifyPeer({
    ...context(over),
    remoteIdentity: identity(from),
    localIdentity: identity('judge.lab'),
    auth,
    certificates: [],
    expected: remote(),
    isPpkUsed: false,
    limits: DEFAULT_LIMITS,
    epochSeconds: AT,
    fetched: () => undefined,
    memory: emptyPathMemory(),
    ...change,
  });
}

const cert = (hexadecimal: string, encoding: number = CertEncoding.X509_SIGNATURE): CertPayload => ({
  type: 'CERT',
  encoding,
  data: fromHex(hexadecimal),
});
const certificates: Readonly<Record<string, CertPayload>> = {
  alice: cert(ALICE_CERTIFICATE),
  bob: cert(BOB_CERTIFICATE),
  carol: cert(CAROL_CERTIFICATE),
  self: cert(SELF_CERTIFICATE),
};
const certOf = (name: string): CertPayload => certificates[name] ?? cert('');
const why = (found: PeerVerdict) => (found.kind === 'refused' ? found.why : found.kind);

test('AUTH of a shared secret is prf(prf(secret, "Key Pad for IKEv2"), octets)', () => {
  const over = config({ secrets: [{ identities: [], secret: '73656372' }] });
  const proof = proveIdentity({ method: 'psk', identity: 'alice.lab' }, context(over), RANDOM);
  const inner = createHmac('sha256', 'secr').update('Key Pad for IKEv2').digest();
  const data = createHmac('sha256', inner).update(OCTETS).digest();

  expect(proof).toMatchObject({ kind: 'made', method: 'psk', auth: { method: 2 } });
  if (proof.kind !== 'made') throw new Error(proof.why);
  expect(Buffer.from(proof.auth.data)).toEqual(data);
  const expected = remote({ methods: ['psk'] });
  expect(verdict(proof.auth, 'bob.lab', { expected }, over)).toEqual({ kind: 'accepted', method: 'psk' });
  const other = config({ secrets: [{ identities: [], secret: '73656373' }] });
  expect(why(verdict(proof.auth, 'bob.lab', { expected }, other))).toMatch(/differ/);
  const short = { ...proof.auth, data: proof.auth.data.subarray(0, 31) };
  expect(why(verdict(short, 'bob.lab', { expected }, over))).toMatch(/differ/);
  const empty = { ...proof.auth, data: new Uint8Array(0) };
  expect(why(verdict(empty, 'bob.lab', { expected }, over))).toMatch(/differ/);
});

test('without a secret for the two there is nothing to prove anything with', () => {
  const over = config({ secrets: [{ identities: ['carol.lab', 'dave.lab'], secret: '00' }] });

  expect(proveIdentity({ method: 'psk', identity: 'alice.lab' }, context(over), RANDOM).kind).toBe('impossible');
});

test('NULL authentication is over SK_p, and proves nobody in particular', () => {
  const proof = proveIdentity({ method: 'null', identity: 'null:' }, context(config()), RANDOM);
  if (proof.kind !== 'made') throw new Error(proof.why);

  expect(proof.auth.method).toBe(AuthMethod.NULL_AUTHENTICATION);
  expect(verdict(proof.auth, 'null:', { expected: remote({ methods: ['null'] }) }).kind).toBe('accepted');
  const named = remote({ methods: ['null'], identity: 'bob.lab' });
  expect(why(verdict(proof.auth, 'bob.lab', { expected: named }))).toMatch(/proves no identity/);
  expect(verdict(proof.auth, 'bob.lab', { expected: named, isPpkUsed: true }).kind).toBe('accepted');
  const skP = new Uint8Array(32);
  expect(why(verdict(proof.auth, 'null:', { expected: remote({ methods: ['null'] }), skP }))).toMatch(/this exchange/);
});

test.each([
  [0, 'alice', 'ecdsa-sha256', AuthMethod.ECDSA_SHA_256_P256],
  [1, 'bob', 'rsa-pss-sha256', AuthMethod.RSA_DIGITAL_SIGNATURE],
  [2, 'carol', 'ed25519', null],
])('key %i signs as %s, with RFC 7427 and without', (key, name, method, legacy) => {
  const claim = { certificates: [certOf(name)] };
  const proof = signed(key);

  expect(proof.auth.method).toBe(AuthMethod.DIGITAL_SIGNATURE);
  expect(verdict(proof.auth, `${name}.lab`, claim)).toEqual({ kind: 'accepted', method });
  expect(why(verdict(proof.auth, `${name}.lab`, { ...claim, peerHashes: null }))).toMatch(/not negotiated/);
  if (legacy === null) return;
  const old = signed(key, { peerHashes: null });
  expect(old.auth.method).toBe(legacy);
  expect(verdict(old.auth, `${name}.lab`, { ...claim, peerHashes: null }).kind).toBe('accepted');
  const flipped = { ...old.auth, data: old.auth.data.map((octet, i) => (i === 9 ? octet ^ 1 : octet)) };
  expect(verdict(flipped, `${name}.lab`, { ...claim, peerHashes: null }).kind).toBe('refused');
  const longer = { ...old.auth, data: Buffer.concat([old.auth.data, Uint8Array.of(0)]) };
  expect(verdict(longer, `${name}.lab`, { ...claim, peerHashes: null }).kind).toBe('refused');
});

test('an Ed25519 key needs RFC 7427', () => {
  expect(proveIdentity(signature(2), context(config(), { peerHashes: null }), RANDOM).kind).toBe('impossible');
  expect(proveIdentity(signature(2), context(config(), { peerHashes: [2, 3, 4] }), RANDOM).kind).toBe('impossible');
});

test('what this node signs is what node:crypto signs', () => {
  const key = createPrivateKey({ key: Buffer.from(BOB_KEY, 'hex'), format: 'der', type: 'pkcs8' });
  const value = nodeSign('sha384', OCTETS, key);
  const identifier = fromHex('300d06092a864886f70d01010c0500');
  const data = Buffer.concat([Uint8Array.of(15), identifier, value]);

  expect(Buffer.from(signed(1, {}, ['rsa-sha384']).auth.data)).toEqual(data);
  const pss = nodeSign('sha256', OCTETS, { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 100 });
  const auth = { ...signed(1).auth, data: Buffer.concat([signed(1).auth.data.subarray(0, -256), pss]) };
  expect(why(verdict(auth, 'bob.lab', { certificates: [certOf('bob')] }))).toMatch(/not of that key/);
});

test('SHA-1 is for those who ask for it by name', () => {
  const { auth } = signed(1, { peerHashes: null }, ['rsa-sha1']);
  const claim = { certificates: [certOf('bob')], peerHashes: null };

  expect(why(verdict(auth, 'bob.lab', claim))).toMatch(/not of that key|not allowed/);
  const expected = remote({ schemes: ['rsa-sha1'] });
  expect(verdict(auth, 'bob.lab', { ...claim, expected })).toEqual({ kind: 'accepted', method: 'rsa-sha1' });
  const negotiated = signed(1, { peerHashes: [1, 2] }, ['rsa-sha1']).auth;
  expect(why(verdict(negotiated, 'bob.lab', { certificates: [certOf('bob')] }))).toMatch(/not allowed/);
  expect(proveIdentity(signature(1), context(config(), { peerHashes: [1] }), RANDOM).kind).toBe('impossible');
});

test('a scheme that the connection does not name is refused', () => {
  const expected = remote({ schemes: ['ecdsa-sha384'] });
  const { auth } = signed(0);

  expect(why(verdict(auth, 'alice.lab', { certificates: [certOf('alice')], expected }))).toMatch(/not allowed/);
});

test.each([
  ['no octet', ''],
  ['a length and nothing', '0c'],
  ['a length beyond the end', 'ff300a06082a8648ce3d040302'],
  ['no signature behind it', '0c300a06082a8648ce3d040302'],
  ['an algorithm that nobody knows', '0430020500aabb'],
  ['octets behind the object identifier', '0e300c06082a8648ce3d0403020500aabb'],
])('a digital signature with %s cannot be read', (_, data) => {
  const auth: AuthPayload = { type: 'AUTH', method: AuthMethod.DIGITAL_SIGNATURE, data: fromHex(data) };

  expect(why(verdict(auth, 'alice.lab', { certificates: [certOf('alice')] }))).toMatch(/cannot be read/);
});

test('a signature by another scheme of the same key is not what its identifier says', () => {
  const { auth } = signed(1, {}, ['rsa-sha256']);
  const identifier = fromHex('300d06092a864886f70d01010d0500');
  const lying = { ...auth, data: Buffer.concat([Uint8Array.of(15), identifier, auth.data.subarray(16)]) };

  expect(verdict(lying, 'bob.lab', { certificates: [certOf('bob')] }).kind).toBe('refused');
});

test('methods that are not allowed, and those that nobody knows, are refused before anything is computed', () => {
  const auth: AuthPayload = { type: 'AUTH', method: AuthMethod.SHARED_KEY_MESSAGE_INTEGRITY_CODE, data: OCTETS };

  expect(why(verdict(auth, 'alice.lab'))).toBe('psk authentication is not allowed');
  expect(why(verdict({ ...auth, method: 3 }, 'alice.lab'))).toBe('AUTH method 3');
  expect(why(verdict({ ...auth, method: 201 }, 'alice.lab'))).toBe('AUTH method 201');
});

test.each([
  ['alice.lab', 'accepted'],
  ['ALICE.lab', 'accepted'],
  ['alice@lab.example', 'accepted'],
  ['192.0.2.1', 'accepted'],
  ['C=DE, O=Lab, CN=alice', 'accepted'],
  ['alice.la', 'the certificate is of another identity'],
  ['fqdn:alice.lab.evil', 'the certificate is of another identity'],
  ['fqdn:*.lab', 'the certificate is of another identity'],
  ['192.0.2.2', 'the certificate is of another identity'],
  ['C=DE, O=Lab', 'the certificate is of another identity'],
  ['fqdn:alice', 'the certificate is of another identity'],
  ['keyid:00', 'the certificate is of another identity'],
])('with the certificate of alice somebody may say to be %s: %s', (claimed, result) => {
  const { auth } = signed(0);

  expect(why(verdict(auth, claimed, { certificates: [certOf('alice')] }))).toBe(result);
});

test('whom the connection expects is somebody else', () => {
  const expected = remote({ identity: 'bob.lab' });

  expect(why(verdict(signed(0).auth, 'alice.lab', { certificates: [certOf('alice')], expected }))).toMatch(/another/);
});

test('a signature by the key of another certificate is refused, wherever that stands', () => {
  const { auth } = signed(2);
  const both = [certOf('alice'), certOf('carol')];

  expect(why(verdict(auth, 'alice.lab', { certificates: both }))).toMatch(/not of that key/);
  expect(verdict(auth, 'carol.lab', { certificates: [...both].reverse() }).kind).toBe('accepted');
});

const claim = (authorities: readonly string[]) => ({
  certificates: [certOf('alice')],
  expected: remote({ authorities }),
});

test('an authority that the connection does not name is none', () => {
  expect(verdict(signed(0).auth, 'alice.lab', claim(['lab'])).kind).toBe('accepted');
  expect(why(verdict(signed(0).auth, 'alice.lab', claim(['other'])))).toMatch(/nothing trusted has issued/);
  expect(why(verdict(signed(0).auth, 'alice.lab', { ...claim(['lab']), epochSeconds: AT * 4 }))).toMatch(/expired/);
});

test('who is revoked is refused, wherever the CRL came from; without one that is up to the connection', () => {
  const { auth } = signed(0);
  const strict = { certificates: [certOf('alice')], expected: remote({ revocation: 'strict' }) };
  const crl = (hexadecimal: string) => ({
    ...strict,
    certificates: [certOf('alice'), cert(hexadecimal, CertEncoding.CRL)],
  });

  expect(why(verdict(auth, 'alice.lab', strict))).toMatch(/nobody says whether/);
  expect(verdict(auth, 'alice.lab', crl(CRL_OF_NOBODY)).kind).toBe('accepted');
  expect(why(verdict(auth, 'alice.lab', crl(CRL_OF_ALICE)))).toMatch(/was revoked/);
  expect(verdict(auth, 'alice.lab', strict, config({}, { crls: [CRL_OF_NOBODY] })).kind).toBe('accepted');
  expect(why(verdict(auth, 'alice.lab', {}, config({}, { crls: [CRL_OF_ALICE] })))).toBe('no key of that identity');
  const relaxed = { certificates: [certOf('alice')] };
  expect(why(verdict(auth, 'alice.lab', relaxed, config({}, { crls: [CRL_OF_ALICE] })))).toMatch(/was revoked/);
});

test('who signed its own certificate is believed when that was exchanged, and no other', () => {
  const { auth } = signed(3);
  const known = config({}, { peers: [SELF_CERTIFICATE] });
  const claim = { certificates: [certOf('self')] };

  expect(verdict(auth, 'self.lab', claim, known)).toEqual({ kind: 'accepted', method: 'ecdsa-sha384' });
  expect(verdict(auth, 'self.lab', {}, known).kind).toBe('accepted');
  expect(verdict(auth, 'self.lab', claim).kind).toBe('refused');
  expect(why(verdict(auth, 'self.lab', {}))).toBe('no key of that identity');
  expect(why(verdict(auth, 'alice.lab', {}, known))).toBe('no key of that identity');
  const authority = { ...claim, expected: remote({ authorities: ['lab'] }) };
  expect(verdict(auth, 'self.lab', authority, known).kind).toBe('refused');
});

test('a raw key is believed for the identity that it was exchanged for', () => {
  const [spki = ''] = credentialsOf(config())
    .keys.slice(4)
    .map(({ key }) => Buffer.from(key.public.spki).toString('hex'));
  const known = config({}, { rawKeys: [{ identity: 'keyid:0102', spki }] });
  const { auth } = signed(4);
  const raw = { certificates: [cert(spki, CertEncoding.RAW_PUBLIC_KEY)] };

  expect(verdict(auth, 'keyid:0102', raw, known)).toEqual({ kind: 'accepted', method: 'ecdsa-sha512' });
  expect(verdict(auth, 'keyid:0102', {}, known).kind).toBe('accepted');
  expect(why(verdict(auth, 'keyid:0103', raw, known))).toBe('no key of that identity');
  expect(why(verdict(auth, 'keyid:0102', raw))).toBe('no key of that identity');
  const own = certificatesToSend(signature(4, { sends: 'raw' }), credentialsOf(known), [], false);
  expect(own).toEqual(raw.certificates);
});

test('more certificates, or larger ones, than this node takes are refused', () => {
  const { auth } = signed(0);
  const many = Array.from({ length: DEFAULT_LIMITS.certificates + 1 }, () => certOf('alice'));
  const large = { ...certOf('alice'), data: new Uint8Array(DEFAULT_LIMITS.certificateOctets + 1) };

  expect(why(verdict(auth, 'alice.lab', { certificates: many }))).toBe('11 CERT payloads');
  expect(why(verdict(auth, 'alice.lab', { certificates: [large] }))).toMatch(/too large/);
  expect(why(verdict(auth, 'alice.lab', { certificates: [cert('3000')] }))).toMatch(/cannot be read/);
});

test('a certificate by URL is fetched when that was offered, and compared with its hash', () => {
  const url = 'http://192.0.2.9/alice.der';
  const der = fromHex(ALICE_CERTIFICATE);
  const [sent] = certificatesToSend(signature(0, { sends: 'url', url }), credentialsOf(config()), [], true);
  if (sent === undefined) throw new Error('nothing to send');
  const { auth } = signed(0);
  const claim = { certificates: [sent], expected: remote({ fetchesCertificates: true }) };

  expect(sent).toMatchObject({ encoding: CertEncoding.HASH_AND_URL_X509 });
  expect(Buffer.from(sent.data)).toEqual(Buffer.concat([createHash('sha1').update(der).digest(), Buffer.from(url)]));
  expect(why(verdict(auth, 'alice.lab', { certificates: [sent] }))).toMatch(/not offered/);
  expect(verdict(auth, 'alice.lab', claim)).toMatchObject({ kind: 'needsFetches', fetches: [{ url, body: null }] });
  expect(verdict(auth, 'alice.lab', { ...claim, fetched: () => der }).kind).toBe('accepted');
  expect(why(verdict(auth, 'alice.lab', { ...claim, fetched: () => fromHex(BOB_CERTIFICATE) }))).toMatch(/its hash/);
  expect(why(verdict(auth, 'alice.lab', { ...claim, fetched: () => null }))).toMatch(/could not be fetched/);
  const file = { ...sent, data: Buffer.concat([sent.data.subarray(0, 20), Buffer.from('file:///etc/passwd')]) };
  expect(why(verdict(auth, 'alice.lab', { ...claim, certificates: [file] }))).toMatch(/not fetched/);
});

const element = (tag: number, content: Uint8Array) =>
  Buffer.concat([Uint8Array.of(tag, 0x82, content.length >> 8, content.length & 255), content]);

test('a bundle by URL holds certificates and CRLs', () => {
  const der = fromHex(ALICE_CERTIFICATE);
  const bundle = element(0x30, Buffer.concat([element(0xa0, der), element(0xa0, fromHex(CA_CERTIFICATE))]));
  const data = Buffer.concat([createHash('sha1').update(bundle).digest(), Buffer.from('http://192.0.2.9/b')]);
  const certificates = [{ type: 'CERT' as const, encoding: CertEncoding.HASH_AND_URL_BUNDLE, data }];
  const claim = { certificates, expected: remote({ fetchesCertificates: true }) };

  expect(verdict(signed(0).auth, 'alice.lab', { ...claim, fetched: () => bundle }).kind).toBe('accepted');
  const cut = { ...claim, fetched: () => bundle.subarray(0, -1) };
  expect(verdict(signed(0).auth, 'alice.lab', cut).kind).toBe('refused');
});

test('authorities are asked for by the SHA-1 of their keys', () => {
  const credentials = credentialsOf(config());
  const hashOf = (at: number) =>
    createHash('sha1')
      .update(credentials.anchors[at]?.certificate.spki ?? '')
      .digest();

  expect(certificateRequests([remote()], credentials)).toEqual([
    { type: 'CERTREQ', encoding: 4, data: Buffer.concat([hashOf(0), hashOf(1)]) },
  ]);
  expect(certificateRequests([remote({ authorities: ['other'] })], credentials)).toEqual([
    { type: 'CERTREQ', encoding: 4, data: hashOf(1) },
  ]);
  expect(certificateRequests([remote({ methods: ['psk'] })], credentials)).toEqual([]);
});

test('certificates are sent when they are asked for, if that is what the configuration says', () => {
  const credentials = credentialsOf(config());
  const requests = certificateRequests([remote()], credentials);

  expect(certificatesToSend(signature(0, { sends: 'asked' }), credentials, [], false)).toEqual([]);
  expect(certificatesToSend(signature(0, { sends: 'asked' }), credentials, requests, false)).toEqual([certOf('alice')]);
  expect(certificatesToSend(signature(0, { sends: 'never' }), credentials, requests, false)).toEqual([]);
  expect(certificatesToSend({ method: 'psk', identity: 'a' }, credentials, requests, false)).toEqual([]);
});

test('hash algorithms are offered as the schemes that are allowed need them', () => {
  expect(hashesOffered([])).toEqual([2, 3, 4, 5]);
  expect(hashesOffered(['rsa-sha1', 'ecdsa-sha384'])).toEqual([1, 3]);
  expect(hashesOffered(['ed25519'])).toEqual([5]);
  expect(readHashes(writeHashes([2, 5]))).toEqual([2, 5]);
  expect(readHashes(fromHex('000200'))).toEqual([2]);
});

test('Ed448 and P-521 sign and are told apart', () => {
  expect(signed(5).method).toBe('ed448');
  expect(signed(4, { peerHashes: null }).auth).toMatchObject({ method: 11 });
  expect(signed(4, { peerHashes: null }).auth.data).toHaveLength(132);
});
