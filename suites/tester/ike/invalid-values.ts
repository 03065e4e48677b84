import { createECDH, getDiffieHellman } from 'node:crypto';

/** Values for KE payloads that belong to no key exchange, RFC 6989 §2. */

/** Of a group of RFC 3526, by node:crypto's name; each as long as the modulus. */
export function outOfRange(name: string): Readonly<Record<string, Uint8Array>> {
  const prime = getDiffieHellman(name).getPrime();
  const p = BigInt(`0x${prime.toString('hex')}`);
  const octets = (value: bigint) => bigEndian(value, prime.length);
  return { zero: octets(0n), one: octets(1n), 'p-minus-1': octets(p - 1n), p: octets(p), 'p-plus-1': octets(p + 1n) };
}

/** Of a curve over GF(p): pairs of coordinates that are no point of it. `field`: its prime, hexadecimal. */
export function offCurve(curve: string, field: string): Readonly<Record<string, Uint8Array>> {
  const own = createECDH(curve);
  own.setPrivateKey(Buffer.concat([Buffer.alloc(field.length / 2 - 1), Uint8Array.of(7)]));
  const point = own.getPublicKey().subarray(1);
  const half = point.length / 2;
  const [x, y] = [point.subarray(0, half), point.subarray(half)];
  const prime = Buffer.from(field, 'hex');
  return {
    'not-on-curve': Uint8Array.from(point).with(point.length - 1, (point.at(-1) ?? 0) ^ 1),
    'swapped-coordinates': Uint8Array.from(Buffer.concat([y, x])),
    'all-zero': new Uint8Array(point.length),
    'x-is-the-prime': Uint8Array.from(Buffer.concat([prime, y])),
    'all-ones': new Uint8Array(point.length).fill(0xff),
  };
}

/** The primes of the curves, SEC 2 and RFC 5639. */
export const FIELDS = {
  prime256v1: 'ffffffff00000001000000000000000000000000ffffffffffffffffffffffff',
  secp384r1: 'fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffeffffffff0000000000000000ffffffff',
  secp521r1: `01${'ff'.repeat(65)}`,
  brainpoolP256r1: 'a9fb57dba1eea9bc3e660a909d838d726e3bf623d52620282013481d1f6e5377',
} as const;

/** Points of Curve25519 whose order divides 8, and their twins that are not reduced: little-endian, RFC 7748 §7. */
export const SMALL_ORDER: Readonly<Record<string, Uint8Array>> = Object.fromEntries(
  Object.entries({
    zero: '00'.repeat(32),
    one: `01${'00'.repeat(31)}`,
    'order-8': 'e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800',
    'order-8-other': '5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157',
    'p-minus-1': `ec${'ff'.repeat(30)}7f`,
    p: `ed${'ff'.repeat(30)}7f`,
    'p-plus-1': `ee${'ff'.repeat(30)}7f`,
  }).map(([name, hex]) => [name, Uint8Array.from(Buffer.from(hex, 'hex'))]),
);

function bigEndian(value: bigint, octets: number): Uint8Array {
  return Uint8Array.from(Buffer.from(value.toString(16).padStart(octets * 2, '0'), 'hex'));
}
