import { createECDH, createHash, createHmac, type ECDH } from 'node:crypto';
import { Tag } from '../wire/der-reader.ts';
import { der } from '../wire/der-writer.ts';
import { type EcpCurve, orderOf } from './ecp.ts';

/**
 * ECDSA with the nonce of RFC 6979 §3.2: same key and data, same signature; s is as it comes, high or low. `secret`: the private key,
 * big-endian, as long as the field. In DER. Points are OpenSSL's work: what is left needs no tables that take long to make.
 */
export function signEcdsa(secret: Uint8Array, curve: EcpCurve, hash: string, data: Uint8Array): Uint8Array {
  const order = orderOf(curve);
  const digest = createHash(hash).update(data).digest();
  const message = leftmostBits(digest, order) % order;
  const key = integer(secret);
  for (const nonce of nonces(secret, message, order, hash)) {
    const r = abscissaOf(nonce, curve) % order;
    const s = (inverse(nonce, order) * (message + r * key)) % order;
    if (r !== 0n && s !== 0n) return signatureDer(r, s);
  }
  throw new Error('nonces end never');
}

/** RFC 6979 §3.2, one after the other; all but the first for values that chance never brings. */
function* nonces(secret: Uint8Array, message: bigint, order: bigint, hash: string): Generator<bigint> {
  const orderOctets = Math.ceil(bitsOf(order) / 8);
  const seed = Buffer.concat([octets(integer(secret), orderOctets), octets(message, orderOctets)]);
  const digestOctets = createHash(hash).digest().length;
  let value: Uint8Array = new Uint8Array(digestOctets).fill(1);
  let key: Uint8Array = new Uint8Array(digestOctets);
  const mac = (...parts: Uint8Array[]) => createHmac(hash, key).update(Buffer.concat(parts)).digest();
  for (const round of [0, 1]) {
    key = mac(value, Uint8Array.of(round), seed);
    value = mac(value);
  }
  for (;;) {
    const drawn: Uint8Array[] = [];
    for (let length = 0; length < orderOctets; length += digestOctets) {
      value = mac(value);
      drawn.push(value);
    }
    const nonce = leftmostBits(Buffer.concat(drawn), order);
    if (nonce > 0n && nonce < order) yield nonce;
    key = mac(value, Uint8Array.of(0));
    value = mac(value);
  }
}

/** x of `scalar` times the generator. */
function abscissaOf(scalar: bigint, curve: EcpCurve): bigint {
  const ecdh = MULTIPLIERS.get(curve) ?? createECDH(curve);
  MULTIPLIERS.set(curve, ecdh);
  ecdh.setPrivateKey(octets(scalar, Math.ceil(bitsOf(orderOf(curve)) / 8)));
  const point = ecdh.getPublicKey();
  return integer(point.subarray(1, 1 + (point.length - 1) / 2));
}

/** To make one takes as long as to use it. */
const MULTIPLIERS = new Map<EcpCurve, ECDH>();

/** As many bits as the order has, RFC 6979 §2.3.2. */
function leftmostBits(from: Uint8Array, order: bigint): bigint {
  return integer(from) >> BigInt(Math.max(0, from.length * 8 - bitsOf(order)));
}

/** Of `value` modulo a prime, by Euclid's algorithm. */
function inverse(value: bigint, prime: bigint): bigint {
  let [a, b, x, y] = [value, prime, 1n, 0n];
  while (a !== 0n) {
    const quotient = b / a;
    [a, b] = [b - quotient * a, a];
    [x, y] = [y - quotient * x, x];
  }
  return ((y % prime) + prime) % prime;
}

/** Ecdsa-Sig-Value, RFC 3279 §2.2.3. */
function signatureDer(r: bigint, s: bigint): Uint8Array {
  return der(Tag.SEQUENCE, ...[r, s].map(integerDer));
}

function integerDer(value: bigint): Uint8Array {
  const content = octets(value, Math.floor(bitsOf(value) / 8) + 1); // one bit more, for the sign
  return der(Tag.INTEGER, content);
}

function bitsOf(value: bigint): number {
  const digits = value.toString(16);
  return digits.length * 4 - Math.clz32(Number.parseInt(digits.slice(0, 1), 16)) + 28;
}

const integer = (from: Uint8Array): bigint => BigInt(`0x${Buffer.from(from).toString('hex')}`);
const octets = (value: bigint, length: number): Uint8Array =>
  Buffer.from(value.toString(16).padStart(2 * length, '0'), 'hex');
