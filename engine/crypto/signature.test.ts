import {
  constants,
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  generatePrimeSync,
  privateEncrypt,
  sign as signWithNode,
  verify as verifyWithNode,
} from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { fromHex, must, toHex } from '../wire/testing/must.ts';
import { encodePkcs1, encodePss } from './emsa.ts';
import { generateKeyPair } from './generate-key.ts';
import { rsaOfPrimes } from './rsa-key.ts';
import { sign, verify, verifyLegacy } from './sign.ts';
import { type PrivateKey, type PublicKey, privateKey, privateKeyOf, publicKey } from './signature.ts';
import { scheme, schemes, schemeToken } from './signature-scheme.ts';
import { seededRandom } from './testing/random.ts';

const DATA = Uint8Array.from(Buffer.from('the octets that are signed'));
const RSA = generateKeyPair('rsa2048', seededRandom('rsa'));
const KEYS: readonly PrivateKey[] = [
  RSA,
  generateKeyPair('ecdsa256', seededRandom('a')),
  generateKeyPair('ecdsa384', seededRandom('b')),
  generateKeyPair('ecdsa521', seededRandom('c')),
  generateKeyPair('ed25519', seededRandom('d')),
  generateKeyPair('ed448', seededRandom('e')),
];

const privateNode = (key: PrivateKey) =>
  createPrivateKey({ key: Buffer.from(key.pkcs8), format: 'der', type: 'pkcs8' });
const publicNode = (key: PublicKey) => createPublicKey({ key: Buffer.from(key.spki), format: 'der', type: 'spki' });
const PAIRS = KEYS.flatMap(key =>
  schemes()
    .filter(({ kind }) => (key.public.algorithm === 'rsa' ? kind.startsWith('rsa') : kind === key.public.algorithm))
    .map(one => [`${key.public.algorithm}${key.public.bits}`, schemeToken(one), key, one] as const),
);

test.each(PAIRS)('%s %s: signed and verified, by node:crypto too', (_, __, key, one) => {
  const signature = sign(key, one, DATA, seededRandom(1));
  expect(verify(key.public, one, DATA, signature)).toBe(true);
  expect(toHex(sign(key, one, DATA, seededRandom(1)))).toBe(toHex(signature));
  const padding =
    one.kind === 'rsa-pss'
      ? { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST }
      : {};
  const hash = 'hash' in one ? one.hash : null;
  expect(verifyWithNode(hash, DATA, { key: publicNode(key.public), ...padding }, signature)).toBe(true);
  const theirs = signWithNode(hash, DATA, { key: privateNode(key), ...padding });
  expect(verify(key.public, one, DATA, theirs)).toBe(true);
});

test.each(PAIRS)('%s %s: nothing else verifies', (_, __, key, one) => {
  const signature = sign(key, one, DATA, seededRandom(1));
  for (const at of [0, signature.length >> 1, signature.length - 1]) {
    const changed = signature.slice();
    changed[at] = (changed[at] ?? 0) ^ 1;
    expect(verify(key.public, one, DATA, changed)).toBe(false);
  }
  expect(verify(key.public, one, DATA.subarray(1), signature)).toBe(false);
  for (const octets of [0, 1, signature.length - 1]) {
    expect(verify(key.public, one, DATA, signature.subarray(0, octets))).toBe(false);
  }
  expect(verify(key.public, one, DATA, Buffer.concat([signature, Uint8Array.of(0)]))).toBe(false);
  expect(verify(key.public, one, DATA, Buffer.concat([Uint8Array.of(0), signature]))).toBe(false);
  expect(schemes().filter(other => verify(key.public, other, DATA, signature))).toEqual([one]);
  const stranger = must(KEYS.find(({ public: { algorithm } }) => algorithm !== key.public.algorithm));
  expect(verify(stranger.public, one, DATA, signature)).toBe(false);
  expect(() => sign(stranger, one, DATA, seededRandom(1))).toThrow('with a key');
});

const edwards = (prefix: string, secret: string) => must(privateKey(fromHex(prefix + secret)));

describe('published signatures', () => {
  test('RFC 8032 §7.1, Ed25519 of nothing', () => {
    const key = edwards(
      '302e020100300506032b657004220420',
      '9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60',
    );
    expect(toHex(key.public.spki)).toMatch(/d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a$/);
    expect(toHex(sign(key, { kind: 'ed25519' }, new Uint8Array(), seededRandom(1)))).toBe(
      'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b',
    );
  });

  test('RFC 8032 §7.4, Ed448 of nothing', () => {
    const key = edwards(
      '3047020100300506032b6571043b0439',
      '6c82a562cb808d10d632be89c8513ebf6c929f34ddfa8c9f63c9960ef6e348a3528c8a3fcc2f044e39a3fc5b94492f8f032e7549a20098f95b',
    );
    expect(toHex(sign(key, { kind: 'ed448' }, new Uint8Array(), seededRandom(1)))).toBe(
      '533a37f6bbe457251f023c0d88f976ae2dfb504a843e34d2074fd823d41a591f2b233f034f628281f2fd7a22ddd47d7828c59bd0a21bfd39' +
        '80ff0d2028d4b18a9df63e006c5d1c2d345b925d8dc00b4104852db99ac5c7cdda8530a113a0f4dbb61149f05a7363268c71d95808ff2e652600',
    );
  });

  /** Curve, secret, hash, r and s of the message "sample". */
  const RFC6979 = [
    [
      'A.2.5',
      'ecdsa256',
      'C9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721',
      'sha256',
      'EFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716',
      'F7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8',
    ],
    [
      'A.2.5',
      'ecdsa256',
      'C9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721',
      'sha512',
      '8496A60B5E9B47C825488827E0495B0E3FA109EC4568FD3F8D1097678EB97F00',
      '2362AB1ADBE2B8ADF9CB9EDAB740EA6049C028114F2460F96554F61FAE3302FE',
    ],
    [
      'A.2.6',
      'ecdsa384',
      '6B9D3DAD2E1B8C1C05B19875B6659F4DE23C3B667BF297BA9AA47740787137D896D5724E4C70A825F872C9EA60D2EDF5',
      'sha384',
      '94EDBB92A5ECB8AAD4736E56C691916B3F88140666CE9FA73D64C4EA95AD133C81A648152E44ACF96E36DD1E80FABE46',
      '99EF4AEB15F178CEA1FE40DB2603138F130E740A19624526203B6351D0A3A94FA329C145786E679E7B82C71A38628AC8',
    ],
    [
      'A.2.7',
      'ecdsa521',
      '00FAD06DAA62BA3B25D2FB40133DA757205DE67F5BB0018FEE8C86E1B68C7E75CAA896EB32F1F47C70855836A6D16FCC1466F6D8FBEC67DB89EC0C08B0E996B83538',
      'sha512',
      '00C328FAFCBD79DD77850370C46325D987CB525569FB63C5D3BC53950E6D4C5F174E25A1EE9017B5D450606ADD152B534931D7D4E8455CC91F9B15BF05EC36E377FA',
      '00617CCE7CF5064806C467F678D3B4080D6F1CC50AF26CA209417308281B68AF282623EAA63E5B5C0723D8B8C37FF0777B1A20F8CCB1DCCC43997F1EE0E44DA4A67A',
    ],
  ] as const;

  test.each(RFC6979)('RFC 6979 %s: %s, %s, %s', (_, kind, secret, hash, r, s) => {
    // The key is drawn as (octets mod (order - 1)) + 1, with 64 bits more.
    const drawn = (BigInt(`0x${secret}`) - 1n).toString(16).padStart(secret.length + 16, '0');
    const key = generateKeyPair(kind, { bytes: () => fromHex(drawn) });
    const der = toHex(sign(key, { kind: 'ecdsa', hash }, Buffer.from('sample'), seededRandom(1)));
    expect(der).toContain(r.toLowerCase().replace(/^(?:00)+/, ''));
    expect(der).toContain(s.toLowerCase().replace(/^(?:00)+/, ''));
  });
});

/** What an owner of the key who is up to no good can send: any encoded message at all. */
const rawSign = (encoded: Uint8Array) =>
  privateEncrypt({ key: privateNode(RSA), padding: constants.RSA_NO_PADDING }, encoded);
/** As long as the modulus: `0001 ff…ff 00`, what is given, and zeros where the padding is shorter than it has to be. */
const encodedAs = (digestInfo: string, paddingOctets = 253 - digestInfo.length / 2, behind = '') =>
  Buffer.from(`0001${'ff'.repeat(paddingOctets)}00${digestInfo}${behind}`.padEnd(512, '0'), 'hex');
const hex = (value: number) => value.toString(16).padStart(2, '0');

describe('RSA forgeries', () => {
  const SHA256_RSA = must(scheme('rsa-sha256'));
  const PSS = must(scheme('rsa-pss-sha256'));
  const digest = createHash('sha256').update(DATA).digest();
  const INFO = `3031300d060960864801650304020105000420${toHex(digest)}`;

  test('the honest encoding verifies', () => {
    expect(verify(RSA.public, SHA256_RSA, DATA, rawSign(encodedAs(INFO)))).toBe(true);
  });

  test.each([
    ['garbage behind the digest', encodedAs(INFO, 8, 'ab'.repeat(194))],
    ['zeros behind the digest', encodedAs(INFO, 100)],
    [
      'garbage behind the OID',
      encodedAs(`3043301f060960864801650304020105000410${'ab'.repeat(16)}0420${toHex(digest)}`),
    ],
    ['parameters that are not empty', encodedAs(`3033300f0609608648016503040201050204010420${toHex(digest)}`)],
    ['absent parameters', encodedAs(`302f300b06096086480165030402010420${toHex(digest)}`)],
    ['a digest without its DigestInfo', encodedAs(toHex(digest))],
    ['a long form of a length', encodedAs(`308131300d060960864801650304020105000420${toHex(digest)}`)],
    ['a short digest', encodedAs(`3021300d060960864801650304020105000410${toHex(digest.subarray(0, 16))}`)],
    ['a long digest', encodedAs(`3041300d060960864801650304020105000430${toHex(digest)}${'00'.repeat(16)}`)],
    ['block type 2', Buffer.from(`0002${'ff'.repeat(202)}00${INFO}`, 'hex')],
    ['block type 0', Buffer.from(`0000${'00'.repeat(202)}00${INFO}`, 'hex')],
    ['no separator', Buffer.from(`0001${'ff'.repeat(203)}${INFO}`, 'hex')],
    ['padding that is not ff', Buffer.from(`0001${'fe'.repeat(202)}00${INFO}`, 'hex')],
    ['the hash of another algorithm', encodedAs(INFO.replace('03040201', '03040203'))],
  ])('PKCS#1 v1.5: %s', (_, encoded) => {
    expect(encoded).toHaveLength(256);
    expect(verify(RSA.public, SHA256_RSA, DATA, rawSign(encoded))).toBe(false);
  });

  test('e = 3: a cube root whose cube begins as it should', () => {
    const { publicKey: key } = generateKeyPairSync('rsa', { modulusLength: 2048, publicExponent: 3 });
    const ours = must(publicKey(key.export({ format: 'der', type: 'spki' })));
    const wanted = BigInt(`0x${encodedAs(INFO, 8).toString('hex')}`);
    let [low, high] = [0n, 1n << 700n];
    while (low < high) {
      const middle = (low + high) >> 1n;
      if (middle ** 3n < wanted) low = middle + 1n;
      else high = middle;
    }
    const head = `1${'ff'.repeat(8)}00${INFO}`;
    expect((low ** 3n).toString(16).slice(0, head.length)).toBe(head);
    const forged = fromHex(low.toString(16).padStart(512, '0'));
    expect(verify(ours, SHA256_RSA, DATA, forged)).toBe(false);
  });

  test('0, 1, n - 1, n, n + the signature', () => {
    const { n = '' } = publicNode(RSA.public).export({ format: 'jwk' });
    const modulus = BigInt(`0x${Buffer.from(n, 'base64url').toString('hex')}`);
    const good = BigInt(`0x${toHex(sign(RSA, SHA256_RSA, DATA, seededRandom(1)))}`);
    for (const value of [
      0n,
      1n,
      modulus - 1n,
      modulus,
      modulus + 1n,
      (good + modulus) % (1n << 2048n),
      (1n << 2048n) - 1n,
    ]) {
      const octets = fromHex(value.toString(16).padStart(512, '0'));
      expect(verify(RSA.public, SHA256_RSA, DATA, octets)).toBe(false);
      expect(verify(RSA.public, PSS, DATA, octets)).toBe(false);
    }
  });

  test('PSS: a salt of any other length, another hash inside, a wrong trailer', () => {
    const options = { key: privateNode(RSA), padding: constants.RSA_PKCS1_PSS_PADDING };
    for (const saltLength of [0, 20, 31, 33, 64, 222]) {
      const signature = signWithNode('sha256', DATA, { ...options, saltLength });
      expect(verify(RSA.public, PSS, DATA, signature)).toBe(false);
    }
    expect(verify(RSA.public, PSS, DATA, signWithNode('sha384', DATA, { ...options, saltLength: 32 }))).toBe(false);
    const encoded = encodePss('sha256', digest, seededRandom(1).bytes(32), 2047);
    expect(verify(RSA.public, PSS, DATA, rawSign(encoded))).toBe(true);
    for (const [at, octet] of [
      [255, 0xbd],
      [254, 0x00],
      [100, 0x55],
    ] as const) {
      const changed = encoded.slice();
      changed[at] = octet;
      expect(verify(RSA.public, PSS, DATA, rawSign(changed))).toBe(false);
    }
  });

  test('a modulus of 1024 bits verifies only for those who ask for it', () => {
    const pair = generateKeyPairSync('rsa', { modulusLength: 1024 });
    const weak = must(publicKey(pair.publicKey.export({ format: 'der', type: 'spki' })));
    const signature = signWithNode('sha256', DATA, pair.privateKey);
    expect(verify(weak, SHA256_RSA, DATA, signature)).toBe(false);
    expect(verifyLegacy(weak, SHA256_RSA, DATA, signature)).toBe(true);
  });

  test('a modulus whose length is not whole octets', () => {
    const node = rsaOfPrimes(generatePrimeSync(1032, { bigint: true }), generatePrimeSync(1025, { bigint: true }));
    const odd = must(privateKeyOf(node));
    expect(odd.public.bits).toBe(2057);
    for (const one of [PSS, SHA256_RSA]) {
      const signature = sign(odd, one, DATA, seededRandom(1));
      expect(signature).toHaveLength(258);
      expect(verify(odd.public, one, DATA, signature)).toBe(true);
    }
    // Here the encoding of PSS is an octet shorter than the modulus: what is in front of it must be 0.
    const theirs = signWithNode('sha256', DATA, {
      key: node,
      padding: constants.RSA_PKCS1_PSS_PADDING,
      saltLength: 32,
    });
    expect(verify(odd.public, PSS, DATA, theirs)).toBe(true);
  });

  test('an encoding that does not fit is ours to avoid', () => {
    expect(() => encodePkcs1('sha512', new Uint8Array(64), 64)).toThrow(RangeError);
    expect(() => encodePss('sha512', new Uint8Array(64), new Uint8Array(64), 1023)).toThrow(RangeError);
  });
});

describe('ECDSA signatures', () => {
  const key = must(KEYS[1]);
  const one = must(scheme('ecdsa-sha256'));

  test.each([
    ['r and s of 0', '3006020100020100'],
    ['r and s of 1', '3006020101020101'],
    ['r = n', '3026022100ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551020101'],
    ['negative r', '30060201ff020101'],
    ['an empty sequence', '3000'],
    ['no sequence', '020101'],
  ])('%s', (_, hex) => {
    expect(verify(key.public, one, DATA, fromHex(hex))).toBe(false);
  });

  test('only DER: no zeros in front of a number, no long lengths, nothing behind', () => {
    const der = toHex(sign(key, one, DATA, seededRandom(1)));
    const content = der.slice(4);
    const octets = content.length / 2;
    const padded = content.replace(/^02(..)/, (_, length: string) => `02${hex(Number.parseInt(length, 16) + 1)}00`);
    for (const bad of [
      `3081${hex(octets)}${content}`,
      `30${hex(octets + 1)}${padded}`,
      `30${hex(octets + 2)}${content}0500`,
    ]) {
      expect(verify(key.public, one, DATA, fromHex(bad))).toBe(false);
    }
  });
});
