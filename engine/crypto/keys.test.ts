import { execFileSync } from 'node:child_process';
import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { expect, test } from 'vitest';
import { fromHex, must, toHex } from '../wire/testing/must.ts';
import { generateKeyPair } from './generate-key.ts';
import { formatPem, formatPrivateKey, formatPublicKey, parsePem, parsePrivateKey, parsePublicKey } from './pem.ts';
import { type KeyKind, privateKey, publicKey } from './signature.ts';
import { algorithmIdentifier, isLegacyScheme, scheme, schemeOf, schemes, schemeToken } from './signature-scheme.ts';
import { seededRandom } from './testing/random.ts';

const KINDS: readonly (readonly [KeyKind, string, number])[] = [
  ['rsa2048', 'rsa', 2048],
  ['ecdsa256', 'ecdsa', 256],
  ['ecdsa384', 'ecdsa', 384],
  ['ecdsa521', 'ecdsa', 521],
  ['ed25519', 'ed25519', 255],
  ['ed448', 'ed448', 448],
];

test.each(KINDS)(
  '%s: the same octets give the same key, which comes back from its encodings',
  (kind, algorithm, bits) => {
    const key = generateKeyPair(kind, seededRandom(kind));
    expect(toHex(generateKeyPair(kind, seededRandom(kind)).pkcs8)).toBe(toHex(key.pkcs8));
    expect(toHex(generateKeyPair(kind, seededRandom('other')).pkcs8)).not.toBe(toHex(key.pkcs8));
    expect(key.public).toMatchObject({ algorithm, bits });
    expect(privateKey(key.pkcs8)).toEqual(key);
    expect(publicKey(key.public.spki)).toEqual(key.public);
    expect(parsePrivateKey(`a key:\n${formatPrivateKey(key)}`)).toEqual(key);
    expect(parsePublicKey(formatPublicKey(key.public))).toEqual(key.public);
  },
);

test('octets that repeat themselves make no RSA key', () => {
  const stuck = { bytes: (count: number) => new Uint8Array(count).fill(0x5a) };
  expect(() => generateKeyPair('rsa2048', stuck)).toThrow('repeat themselves');
});

const openssl = (args: readonly string[], input: string | Uint8Array) =>
  execFileSync('openssl', args, { input, stdio: ['pipe', 'pipe', 'pipe'] });
const HAS_OPENSSL = (() => {
  try {
    return openssl(['version'], '').length > 0;
  } catch {
    return false;
  }
})();

test.skipIf(!HAS_OPENSSL)('openssl finds our RSA key sound (needs openssl: apt-get install openssl)', () => {
  const key = generateKeyPair('rsa2048', seededRandom('check'));
  expect(openssl(['pkey', '-check', '-noout'], formatPrivateKey(key)).toString()).toContain('Key is valid');
});

test('keys as openssl used to write them', () => {
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
  const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
  const pkcs1 = String(rsa.export({ format: 'pem', type: 'pkcs1' }));
  expect(parsePrivateKey(pkcs1)?.public.bits).toBe(2048);
  expect(parsePrivateKey(String(ec.export({ format: 'pem', type: 'sec1' })))?.public.algorithm).toBe('ecdsa');
  const encrypted = ec.export({ format: 'pem', type: 'pkcs8', cipher: 'aes-128-cbc', passphrase: 'x' });
  expect(parsePrivateKey(String(encrypted))).toBeNull();
});

test('PEM: several blocks, and what is none', () => {
  const blocks = [
    { label: 'CERTIFICATE', der: fromHex('3000') },
    { label: 'X509 CRL', der: new Uint8Array(200).fill(7) },
  ];
  const text = `subject=…\n${blocks.map(formatPem).join('between\n')}-----BEGIN CERTIFICATE-----\nAAA`;
  expect(parsePem(text)).toEqual(blocks);
  expect(parsePem('-----BEGIN X-----\n*\n-----END X-----\n')).toEqual([]);
  expect(parsePem(formatPem({ label: 'X', der: fromHex('0102') }).replaceAll('\n', '\r\n'))).toHaveLength(1);
});

const RSA_SPKI = generateKeyPair('rsa2048', seededRandom('spki')).public.spki;
const base64url = (value: bigint) => {
  const hex = value.toString(16);
  return Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex').toString('base64url');
};
const rsaSpki = (n: bigint, e: bigint): Uint8Array => {
  const key = { kty: 'RSA', n: base64url(n), e: base64url(e) };
  return createPublicKey({ key, format: 'jwk' }).export({ format: 'der', type: 'spki' });
};
const N = (1n << 2047n) + 12_345n; // odd; nobody asks for its factors

test('an RSA key is read with an odd exponent of 3 and more, and an odd modulus of 1024 bits and more', () => {
  expect(publicKey(rsaSpki(N, 65_537n))?.bits).toBe(2048);
  expect(publicKey(rsaSpki(N, 3n))?.bits).toBe(2048);
  expect(publicKey(rsaSpki((1n << 1023n) + 1n, 3n))?.bits).toBe(1024);
});

test.each([
  ['an even modulus', N + 1n, 65_537n],
  ['an even exponent', N, 65_536n],
  ['e = 1', N, 1n],
  ['e = 0', N, 0n],
  ['an endless exponent', N, (1n << 64n) + 1n],
  ['a tiny modulus', (1n << 511n) + 1n, 65_537n],
  ['a modulus of 1', 1n, 65_537n],
  ['a modulus of 1023 bits', (1n << 1022n) + 1n, 65_537n],
  ['a huge modulus', (1n << 16_400n) + 1n, 65_537n],
])('no RSA key: %s', (_, n, e) => {
  let spki: Uint8Array;
  try {
    spki = rsaSpki(n, e);
  } catch {
    return; // not even OpenSSL writes it
  }
  expect(publicKey(spki)).toBeNull();
});

test.each([
  ['nothing', new Uint8Array()],
  ['an octet behind it', Buffer.concat([RSA_SPKI, Uint8Array.of(0)])],
  ['cut', RSA_SPKI.subarray(0, -1)],
  [
    'no NULL in its algorithm',
    fromHex(toHex(RSA_SPKI).replace('300d06092a864886f70d0101010500', '300b06092a864886f70d010101')),
  ],
  ['X25519', fromHex(`302a300506032b656e032100${'09'.padEnd(64, '0')}`)],
  [
    'a point that is not on the curve',
    fromHex(`3059301306072a8648ce3d020106082a8648ce3d03010703420004${'01'.repeat(64)}`),
  ],
  [
    'a curve that we do not have',
    generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).publicKey.export({ format: 'der', type: 'spki' }),
  ],
  ['Ed25519: the neutral element', fromHex(`302a300506032b6570032100${'01'.padEnd(64, '0')}`)],
  ['Ed25519: a point of order 2', fromHex(`302a300506032b6570032100ec${'ff'.repeat(30)}7f`)],
  ['Ed25519: a point of order 4', fromHex(`302a300506032b6570032100${'00'.repeat(32)}`)],
  ['Ed25519: a coordinate that is not below p', fromHex(`302a300506032b6570032100ee${'ff'.repeat(30)}7f`)],
  ['Ed448: the neutral element', fromHex(`3043300506032b6571033a0001${'00'.repeat(56)}`)],
])('no public key: %s', (_, spki) => {
  expect(publicKey(spki)).toBeNull();
});

test('no private key', () => {
  const { pkcs8 } = generateKeyPair('ed25519', seededRandom(1));
  expect(privateKey(pkcs8.subarray(1))).toBeNull();
  expect(privateKey(new Uint8Array())).toBeNull();
  expect(parsePrivateKey('')).toBeNull();
  expect(parsePublicKey(formatPem({ label: 'PUBLIC KEY', der: pkcs8 }))).toBeNull();
});

test('schemes have their tokens and identifiers, RFC 7427 appendix A, RFC 8420', () => {
  const identifiers = {
    'rsa-sha1': '300d06092a864886f70d0101050500',
    'rsa-sha256': '300d06092a864886f70d01010b0500',
    'rsa-sha384': '300d06092a864886f70d01010c0500',
    'rsa-sha512': '300d06092a864886f70d01010d0500',
    'ecdsa-sha1': '300906072a8648ce3d0401',
    'ecdsa-sha256': '300a06082a8648ce3d040302',
    'ecdsa-sha384': '300a06082a8648ce3d040303',
    'ecdsa-sha512': '300a06082a8648ce3d040304',
    ed25519: '300506032b6570',
    ed448: '300506032b6571',
  };
  for (const [token, hex] of Object.entries(identifiers)) {
    expect(toHex(algorithmIdentifier(must(scheme(token))))).toBe(hex);
    expect(schemeOf(fromHex(hex))).toBe(scheme(token));
  }
  for (const one of schemes()) {
    expect(scheme(schemeToken(one))).toBe(one);
    expect(schemeOf(algorithmIdentifier(one))).toBe(one);
    expect(isLegacyScheme(one)).toBe(schemeToken(one).endsWith('sha1'));
  }
  expect(scheme('rsa-md5')).toBeNull();
});

test.each([
  ['§A.4.1', 'rsa-pss-sha1', '300d06092a864886f70d01010a3000'],
  [
    '§A.4.2',
    'rsa-pss-sha1',
    '303e06092a864886f70d01010a3031a00b300906052b0e03021a0500a118301606092a864886f70d010108300906052b0e03021a0500a203020114a303020101',
  ],
  [
    '§A.4.3',
    'rsa-pss-sha256',
    '304606092a864886f70d01010a3039a00f300d06096086480165030402010500' +
      'a11c301a06092a864886f70d010108300d06096086480165030402010500a203020120a303020101',
  ],
])('RFC 7427 %s is %s', (_, token, hex) => {
  expect(schemeToken(must(schemeOf(fromHex(hex))))).toBe(token);
});

test.each([
  ['a salt that is too long', 'a203020120', 'a203020140'],
  ['a trailer of another value', 'a303020101', 'a303020102'],
  ['another hash in the mask', '0108300d06096086480165030402010500', '0108300d06096086480165030402030500'],
])('RSASSA-PSS with %s is unknown', (_, honest, changed) => {
  const hex =
    '304606092a864886f70d01010a3039a00f300d06096086480165030402010500' +
    'a11c301a06092a864886f70d010108300d06096086480165030402010500a203020120a303020101';
  expect(hex).toContain(honest);
  expect(schemeOf(fromHex(hex.replace(honest, changed)))).toBeNull();
});

test('an identifier with an octet behind it is unknown', () => {
  expect(schemeOf(fromHex('300506032b657000'))).toBeNull();
  expect(schemeOf(new Uint8Array())).toBeNull();
});
