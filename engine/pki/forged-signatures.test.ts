import { constants, createHash, createPrivateKey, privateEncrypt } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { parsePem, parsePrivateKey } from '../crypto/pem.ts';
import { scheme } from '../crypto/signature-scheme.ts';
import type { PrivateKey } from '../crypto/signature.ts';
import { type Certificate, decodeCertificate } from './certificate.ts';
import { der } from '../wire/der-writer.ts';
import { encodeCertificate } from './encode-certificate.ts';
import { plannedCertificate, usualScheme } from './issue.ts';
import { findPath } from './path.ts';
import { below, CA, dn, END, type Holder, NOW, order, root, seeded, YEAR } from './testing/authority.ts';
import { hasOpenssl, opensslFiles } from './testing/openssl.ts';
import type { VerifiedSignatures } from './verified-signatures.ts';
import { resigned } from './testing/resign.ts';

const rsaCa = root('CN=RSA CA,O=Lab', {}, 'rsa2048');
const rsaLeaf = below(rsaCa, 'CN=alice,O=Lab').certificate;

/** An RSA signature of whatever stands between the padding and the end: as long as the modulus. */
function rawRsa(key: PrivateKey, block: Uint8Array): Uint8Array {
  const node = createPrivateKey({ key: Buffer.from(key.pkcs8), format: 'der', type: 'pkcs8' });
  return privateEncrypt({ key: node, padding: constants.RSA_NO_PADDING }, block);
}

const sha256 = (data: Uint8Array) => createHash('sha256').update(data).digest();
const hex = (text: string) => Buffer.from(text, 'hex');

/** EMSA-PKCS1-v1_5 with whatever is said to be the DigestInfo. */
function padded(digestInfo: Uint8Array, octets = 256): Uint8Array {
  const ff = Buffer.alloc(octets - 3 - digestInfo.length, 0xff);
  return Buffer.concat([hex('0001'), ff, hex('00'), digestInfo]);
}

function judged(leaf: Certificate, anchor: Certificate, verified?: VerifiedSignatures): string {
  const found = findPath({
    leaf,
    intermediates: [],
    anchors: [anchor],
    at: NOW,
    ...(verified === undefined ? {} : { verified }),
  });
  return found.kind === 'valid' ? 'valid' : found.problem.kind;
}

describe('17: a hash that is short or long', () => {
  const SHA256_INFO = '3031300d060960864801650304020105000420';
  const cases: readonly (readonly [string, (tbs: Uint8Array) => Uint8Array, string])[] = [
    ['as it should be', tbs => Buffer.concat([hex(SHA256_INFO), sha256(tbs)]), 'valid'],
    [
      'one octet short',
      tbs => Buffer.concat([hex('3030300d06096086480165030402010500041f'), sha256(tbs).subarray(0, 31)]),
      'badSignature',
    ],
    ['none at all', () => hex('3011300d060960864801650304020105000400'), 'badSignature'],
    [
      'one octet long',
      tbs => Buffer.concat([hex('3032300d060960864801650304020105000421'), sha256(tbs), hex('00')]),
      'badSignature',
    ],
    [
      'of SHA-1',
      tbs => Buffer.concat([hex('3021300906052b0e03021a05000414'), createHash('sha1').update(tbs).digest()]),
      'badSignature',
    ],
    ['without what it is of', tbs => sha256(tbs), 'badSignature'],
  ];
  test.each(cases)('%s', (_what, digestInfo, verdict) => {
    const leaf = resigned(rsaLeaf, tbs => rawRsa(rsaCa.key, padded(digestInfo(tbs))));
    expect(judged(leaf, rsaCa.certificate)).toBe(verdict);
  });
});

const info = (parameters: string, tbs: Uint8Array, behind = '') => {
  const algorithm = der(0x30, hex('0609608648016503040201'), hex(parameters));
  return Buffer.concat([der(0x30, algorithm, der(0x04, sha256(tbs))), hex(behind)]);
};

describe('18: what stands in a PKCS #1 signature besides', () => {
  test.each([
    ['parameters that are not NULL', (tbs: Uint8Array) => padded(info('0401aa', tbs))],
    ['much in the parameters', (tbs: Uint8Array) => padded(info(`0440${'ff'.repeat(64)}`, tbs))],
    ['something behind the hash', (tbs: Uint8Array) => padded(info('0500', tbs, '00'))],
    [
      'padding that ends early',
      (tbs: Uint8Array) =>
        Buffer.concat([hex('0001ffffffffffffffff00'), info('0500', tbs), Buffer.alloc(256 - 11 - 51)]),
    ],
    [
      'zeros for padding',
      (tbs: Uint8Array) => Buffer.concat([hex('0001'), Buffer.alloc(256 - 3 - 51), hex('00'), info('0500', tbs)]),
    ],
    [
      'another block type',
      (tbs: Uint8Array) => Buffer.concat([hex('0002'), Buffer.alloc(256 - 3 - 51, 0xff), hex('00'), info('0500', tbs)]),
    ],
  ])('%s is refused', (_what, block) => {
    expect(
      judged(
        resigned(rsaLeaf, tbs => rawRsa(rsaCa.key, block(tbs))),
        rsaCa.certificate,
      ),
    ).toBe('badSignature');
  });

  test.skipIf(!hasOpenssl)('a cube root forges nothing with e = 3 (needs openssl: apt-get install openssl)', () => {
    const three = opensslKey(['genrsa', '-3', '-out', 'k', '2048']);
    const ca = rootWith(three, 'CN=Three,O=Lab');
    const leaf = below(ca, 'CN=alice,O=Lab').certificate;
    expect(judged(leaf, ca.certificate)).toBe('valid');
    const forged = resigned(leaf, tbs => {
      const wanted = Buffer.concat([
        hex('0001ffffffffffffffff00'),
        info('0500', tbs),
        Buffer.alloc(256 - 11 - 51, 0xff),
      ]);
      return Buffer.from(
        cubeRoot(BigInt(`0x${wanted.toString('hex')}`))
          .toString(16)
          .padStart(512, '0'),
        'hex',
      );
    });
    expect(judged(forged, ca.certificate)).toBe('badSignature');
  });
});

describe('19: RSA at its edges', () => {
  test.skipIf(!hasOpenssl).each([
    [512, 'unknownKey'],
    [1024, 'weakKey'],
  ])('a modulus of %i bits is refused: %s (needs openssl: apt-get install openssl)', (bits, kind) => {
    const [text] = opensslFiles(['c'], {}, [
      'req',
      '-x509',
      '-newkey',
      `rsa:${bits}`,
      '-nodes',
      '-keyout',
      'k',
      '-out',
      'c',
      '-subj',
      '/CN=tiny',
    ]);
    const tiny = decodeCertificate(parsePem(String(text))[0]?.der ?? hex(''));
    const issued = findPath({ leaf: tiny, intermediates: [], anchors: [tiny], at: tiny.notBefore });
    expect(issued).toMatchObject({ kind: 'invalid', problem: { kind } });
    const trusted = findPath({ leaf: tiny, intermediates: [], anchors: [], trusted: [tiny], at: tiny.notBefore });
    expect(trusted).toMatchObject({ kind: 'invalid', problem: { kind } });
  });

  test.each([
    ['nothing', () => hex('')],
    ['zero', () => Buffer.alloc(256)],
    ['one', () => Buffer.concat([Buffer.alloc(255), hex('01')])],
    ['the modulus itself', () => modulusOf(rsaCa)],
    ['all ones', () => Buffer.alloc(256, 0xff)],
    ['an octet more than the modulus', () => Buffer.alloc(257, 1)],
  ])('a signature of %s is refused', (_what, signature) => {
    expect(judged(resigned(rsaLeaf, signature), rsaCa.certificate)).toBe('badSignature');
  });

  test.each(['02047fffffff', '0203100000', '020100', '0201ff'])('PSS with a salt of %s is no scheme', salt => {
    const hash = der(0x30, hex('0609608648016503040201'), hex('0500'));
    const mgf = der(0x30, hex('06092a864886f70d010108'), hash);
    const parameters = der(0x30, der(0xa0, hash), der(0xa1, mgf), der(0xa2, hex(salt)));
    const algorithm = der(0x30, hex('06092a864886f70d01010a'), parameters);
    expect(
      judged(
        resigned(rsaLeaf, () => Buffer.alloc(256, 1), algorithm),
        rsaCa.certificate,
      ),
    ).toBe('unknownSignature');
  });

  test('PSS and PKCS #1 are not taken for one another', () => {
    const pss = below(rsaCa, 'CN=alice,O=Lab', { scheme: scheme('rsa-pss-sha256') }).certificate;
    expect(judged(pss, rsaCa.certificate)).toBe('valid');
    expect(
      judged(
        resigned(pss, () => pss.signature, rsaLeaf.signatureAlgorithm),
        rsaCa.certificate,
      ),
    ).toBe('badSignature');
  });
});

describe('20: the same name, number and key identifier are not the same key', () => {
  const own = root('CN=peer,O=Lab', { role: END });
  const other = root('CN=other,O=Lab', { role: END });
  const twin = (): Certificate => {
    const plan = plannedCertificate(order('CN=peer,O=Lab', END), other.key.public.spki, seeded('twin'));
    const issuer = { name: own.certificate.subject, key: other.key, scheme: usualScheme(other.key.public) };
    return decodeCertificate(encodeCertificate({ ...plan, serial: own.certificate.serial }, issuer, seeded('twin')));
  };

  test('a twin of a trusted certificate is not trusted', () => {
    expect(twin().serial).toEqual(own.certificate.serial);
    const found = findPath({ leaf: twin(), intermediates: [], anchors: [], trusted: [own.certificate], at: NOW });
    expect(found).toMatchObject({ kind: 'invalid', problem: { kind: 'noIssuer' } });
  });

  test('nor does a twin of an anchor certify anybody', () => {
    const fake = root('CN=RSA CA,O=Lab', {}, 'ecdsa256');
    expect(judged(below(fake, 'CN=mallory,O=Lab').certificate, rsaCa.certificate)).toBe('badSignature');
  });
});

function modulusOf({ key }: Holder): Buffer {
  const { n = '' } = createPrivateKey({ key: Buffer.from(key.pkcs8), format: 'der', type: 'pkcs8' }).export({
    format: 'jwk',
  });
  return Buffer.from(n, 'base64url');
}

function opensslKey(argv: readonly string[]): PrivateKey {
  const [text] = opensslFiles(['k'], {}, argv);
  const key = parsePrivateKey(String(text));
  if (key === null) throw new Error('openssl made no key');
  return key;
}

/** A CA with a key that was made elsewhere. */
function rootWith(key: PrivateKey, subject: string): Holder {
  const plan = plannedCertificate(
    order(subject, CA, { notBefore: NOW - YEAR, notAfter: NOW + YEAR * 2 }),
    key.public.spki,
    seeded(subject),
  );
  const der = encodeCertificate(plan, { name: dn(subject), key, scheme: usualScheme(key.public) }, seeded(subject));
  return { key, certificate: decodeCertificate(der) };
}

/** The largest number whose cube is not above it. */
function cubeRoot(value: bigint): bigint {
  let [low, high] = [0n, 1n << 700n];
  while (low < high) {
    const middle = (low + high + 1n) / 2n;
    if (middle ** 3n <= value) low = middle;
    else high = middle - 1n;
  }
  return low;
}
