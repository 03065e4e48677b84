import { createECDH, getDiffieHellman } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { fromHex, must, toHex } from '../wire/testing/must.ts';
import type { KeyExchangeMethod } from './key-exchange.ts';
import { keyExchange, keyExchangeNumbered, keyExchanges } from './key-exchange-table.ts';
import { seededRandom } from './testing/random.ts';

const method = (token: string): KeyExchangeMethod => must(keyExchange(token));
const USABLE = keyExchanges().filter(({ unavailable }) => unavailable === null);

test('numbers are those of the registry', () => {
  const numbers = Object.fromEntries(keyExchanges().map(({ token, ianaId }) => [token, ianaId]));
  expect(numbers).toEqual({
    modp768: 1,
    modp1024: 2,
    modp1536: 5,
    modp2048: 14,
    modp3072: 15,
    modp4096: 16,
    modp6144: 17,
    modp8192: 18,
    ecp256: 19,
    ecp384: 20,
    ecp521: 21,
    modp1024s160: 22,
    modp2048s224: 23,
    modp2048s256: 24,
    ecp192: 25,
    ecp224: 26,
    ecp224bp: 27,
    ecp256bp: 28,
    ecp384bp: 29,
    ecp512bp: 30,
    x25519: 31,
    x448: 32,
    mlkem512: 35,
    mlkem768: 36,
    mlkem1024: 37,
  });
  expect(keyExchangeNumbered(31)).toBe(keyExchange('x25519'));
  expect(keyExchangeNumbered(1025)).toBeNull();
});

test('weak groups are legacy, and 22 to 24 are refused', () => {
  const legacy = keyExchanges().filter(one => one.legacy);
  expect(legacy.map(one => one.token)).toEqual([
    'modp1536',
    'modp1024',
    'modp768',
    'ecp192',
    'modp1024s160',
    'modp2048s224',
    'modp2048s256',
  ]);
  const refused = keyExchanges().filter(one => one.unavailable?.startsWith('refused') === true);
  expect(refused.map(one => one.ianaId)).toEqual([22, 23, 24]);
  for (const one of refused) expect(() => one.begin(seededRandom(1))).toThrow('refused');
});

test.each(USABLE.map(one => [one.token, one] as const))('%s: both sides agree', (_, one) => {
  const random = seededRandom(one.ianaId);
  const start = one.begin(random);
  const answer = one.respond(start.data, random);
  if (answer.kind !== 'shared') throw new Error(answer.why);
  expect(start.data).toHaveLength(one.initiatorOctets);
  expect(answer.data).toHaveLength(one.responderOctets);
  expect(answer.secret).toHaveLength(one.keyOctets);
  expect(start.finish(answer.data)).toEqual({ kind: 'shared', secret: answer.secret });
  // Another responder may answer the same request.
  const other = one.respond(start.data, seededRandom('other'));
  if (other.kind !== 'shared') throw new Error(other.why);
  expect(toHex(other.secret)).not.toBe(toHex(answer.secret));
  expect(start.finish(other.data)).toEqual({ kind: 'shared', secret: other.secret });
  // The same random octets, the same values.
  const again = seededRandom(one.ianaId);
  expect(toHex(one.begin(again).data)).toBe(toHex(start.data));
  expect(one.respond(start.data, again)).toEqual(answer);
});

test.each(USABLE.filter(({ kind }) => kind !== 'kem').map(one => [one.token, one] as const))(
  '%s: a pair that was drawn before answers as one that was not',
  (_, one) => {
    const start = one.begin(seededRandom(1));
    const drawn = one.draw?.(seededRandom(2));
    expect(drawn?.data).toHaveLength(one.responderOctets);
    expect(one.respond(start.data, seededRandom('no more is drawn'), drawn)).toEqual(
      one.respond(start.data, seededRandom(2)),
    );
  },
);

test.each(USABLE.map(one => [one.token, one] as const))('%s: another length is refused', (_, one) => {
  const random = seededRandom(2);
  const start = one.begin(random);
  for (const octets of [0, 1, one.initiatorOctets - 1, one.initiatorOctets + 1]) {
    const answer = one.respond(new Uint8Array(octets).fill(2), random);
    expect(answer).toEqual({ kind: 'invalid', why: `${octets} octets instead of ${one.initiatorOctets}` });
  }
  for (const octets of [0, 1, one.responderOctets - 1, one.responderOctets + 1]) {
    expect(start.finish(new Uint8Array(octets).fill(2)).kind).toBe('invalid');
  }
  // A value that was no good does not spoil the exchange.
  const answer = one.respond(start.data, random);
  expect(start.finish(answer.kind === 'shared' ? answer.data : new Uint8Array()).kind).toBe('shared');
});

describe('MODP, RFC 6989 §2.1', () => {
  const GROUPS = [1, 2, 5, 14, 15, 16, 17, 18].map(id => [must(keyExchangeNumbered(id)).token, id] as const);

  test.each(GROUPS)('%s: 0, 1, p - 1, p and all ones are refused, 2 and p - 2 are not', (token, id) => {
    const one = method(token);
    const prime = BigInt(`0x${getDiffieHellman(`modp${id}`).getPrime('hex')}`);
    const valueOf = (value: bigint) => fromHex(value.toString(16).padStart(2 * one.initiatorOctets, '0'));
    const all = (1n << BigInt(8 * one.initiatorOctets)) - 1n;
    for (const bad of [0n, 1n, prime - 1n, prime, prime + 1n, all]) {
      expect(one.respond(valueOf(bad), seededRandom(3)).kind).toBe('invalid');
      expect(one.begin(seededRandom(3)).finish(valueOf(bad)).kind).toBe('invalid');
    }
    for (const good of [2n, 4n]) expect(one.respond(valueOf(good), seededRandom(3)).kind).toBe('shared');
  });

  test('the prime of RFC 3526 §3, by its formula', () => {
    // 2^2048 - 2^1984 - 1 + 2^64 * { [2^1918 pi] + 124476 }: the first and the last octets.
    const prime = getDiffieHellman('modp14').getPrime('hex');
    expect(prime).toMatch(/^ffffffffffffffffc90fdaa22168c234c4c6628b80dc1cd1.*15728e5a8aacaa68ffffffffffffffff$/);
  });

  test('a value shorter than the modulus is padded', () => {
    const one = method('modp2048');
    const answer = one.respond(fromHex('02'.padStart(512, '0')), seededRandom(5));
    if (answer.kind !== 'shared') throw new Error(answer.why);
    expect(toHex(answer.secret)).toBe(toHex(answer.data)); // 2^x is what it sends as well
  });
});

describe('ECP, RFC 6989 §2.3', () => {
  test.each([
    ['ecp192', 'prime192v1'],
    ['ecp224', 'secp224r1'],
    ['ecp256', 'prime256v1'],
    ['ecp384', 'secp384r1'],
    ['ecp521', 'secp521r1'],
    ['ecp224bp', 'brainpoolP224r1'],
    ['ecp256bp', 'brainpoolP256r1'],
    ['ecp384bp', 'brainpoolP384r1'],
    ['ecp512bp', 'brainpoolP512r1'],
  ])('%s: what is not a point of the curve is refused', (token, curve) => {
    const one = method(token);
    const ecdh = createECDH(curve);
    ecdh.generateKeys();
    const point = Uint8Array.from(ecdh.getPublicKey().subarray(1));
    expect(one.respond(point, seededRandom(1)).kind).toBe('shared');
    const half = point.length / 2;
    const offCurve = point.slice();
    offCurve[point.length - 1] = (offCurve[point.length - 1] ?? 0) ^ 1;
    const swapped = Buffer.concat([point.subarray(half), point.subarray(0, half)]);
    const bad = [new Uint8Array(point.length), new Uint8Array(point.length).fill(0xff), offCurve, swapped];
    for (const value of bad) {
      expect(one.respond(value, seededRandom(1)).kind).toBe('invalid');
      expect(one.begin(seededRandom(1)).finish(value).kind).toBe('invalid');
    }
    // An encoding of infinity is one octet, and with the octet 04 in front it is too long.
    expect(one.respond(Uint8Array.of(0), seededRandom(1)).kind).toBe('invalid');
    expect(one.respond(Uint8Array.from(ecdh.getPublicKey()), seededRandom(1)).kind).toBe('invalid');
  });

  test('a private value is never 0, and never the order', () => {
    for (const octet of [0x00, 0xff]) {
      const start = method('ecp256').begin({ bytes: count => new Uint8Array(count).fill(octet) });
      expect(method('ecp256').respond(start.data, seededRandom(1)).kind).toBe('shared');
    }
  });
});

describe('Curve25519 and Curve448', () => {
  /** Coordinates of all points of small order, some with the top bit or not reduced, RFC 7748 §6 and §7. */
  const SMALL_25519 = [
    '0000000000000000000000000000000000000000000000000000000000000000',
    '0100000000000000000000000000000000000000000000000000000000000000',
    'e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800',
    '5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157',
    'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
    'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
    'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
    '0000000000000000000000000000000000000000000000000000000000000080',
    'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff',
  ];
  const SMALL_448 = ['00'.repeat(56), `01${'00'.repeat(55)}`, `fe${'ff'.repeat(27)}fe${'ff'.repeat(27)}`];

  test.each([
    ...SMALL_25519.map(value => ['x25519', value] as const),
    ...SMALL_448.map(value => ['x448', value] as const),
  ])('%s: %s is of small order', (token, value) => {
    expect(method(token).respond(fromHex(value), seededRandom(1)).kind).toBe('invalid');
    expect(method(token).begin(seededRandom(1)).finish(fromHex(value)).kind).toBe('invalid');
  });
});
