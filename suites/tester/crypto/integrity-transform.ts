import { createCipheriv, createHmac } from 'node:crypto';

/** An integrity algorithm of ESP and AH, as the tester knows it: RFC 2403, 2404, 4868, 3566, 4494, 4543 §4. */
export interface IntegrityTransform {
  readonly keyOctets: number;
  /** In front of the tag in AH's ICV field, RFC 4543 §4; 0 for all others. */
  readonly ivOctets: number;
  /** With the IV. */
  readonly icvOctets: number;
  /** What was covered to the tag, IV in front where there is one. `iv` is used by GMAC alone. */
  icv(key: Uint8Array, covered: Uint8Array, iv: Uint8Array): Uint8Array;
}

const AES_BLOCK = 16;

/** By name: `sha256`, `aesxcbc`, `aes128gmac`; null for one that the tester does not know. */
export function integrityTransform(name: string): IntegrityTransform | null {
  const hmac = HMACS[name];
  if (hmac !== undefined) return truncatedHmac(...hmac);
  if (name === 'aesxcbc') return { keyOctets: 16, ivOctets: 0, icvOctets: 12, icv: (key, text) => xcbc(key, text) };
  if (name === 'aescmac') return { keyOctets: 16, ivOctets: 0, icvOctets: 12, icv: (key, text) => cmac(key, text) };
  const [, bits] = /^aes(128|192|256)gmac$/.exec(name) ?? [];
  return bits === undefined ? null : gmac(Number(bits));
}

/** Hash, octets of key, octets of ICV. */
const HMACS: Readonly<Record<string, readonly [string, number, number]>> = {
  md5: ['md5', 16, 12],
  sha1: ['sha1', 20, 12],
  md5_128: ['md5', 16, 16],
  sha1_160: ['sha1', 20, 20],
  sha256: ['sha256', 32, 16],
  sha384: ['sha384', 48, 24],
  sha512: ['sha512', 64, 32],
  sha256_96: ['sha256', 32, 12],
};

function truncatedHmac(hash: string, keyOctets: number, icvOctets: number): IntegrityTransform {
  return {
    keyOctets,
    ivOctets: 0,
    icvOctets,
    icv: (key, covered) => createHmac(hash, key).update(covered).digest().subarray(0, icvOctets),
  };
}

function gmac(bits: number): IntegrityTransform {
  return {
    keyOctets: bits / 8 + 4,
    ivOctets: 8,
    icvOctets: 24,
    icv: (material, covered, iv) => {
      const key = material.subarray(0, bits / 8);
      const salt = material.subarray(bits / 8);
      const sealer = createCipheriv(`aes-${bits}-gcm` as 'aes-128-gcm', key, Buffer.concat([salt, iv]));
      sealer.setAAD(covered);
      sealer.final();
      return Buffer.concat([iv, sealer.getAuthTag()]);
    },
  };
}

/** AES-XCBC-MAC-96, RFC 3566 §4. */
function xcbc(key: Uint8Array, message: Uint8Array): Uint8Array {
  const [k1, k2, k3] = [1, 2, 3].map(octet => block(key, Buffer.alloc(AES_BLOCK, octet)));
  if (k1 === undefined || k2 === undefined || k3 === undefined) throw new Error('three keys are three');
  return chain(k1, message, k2, k3).subarray(0, 12);
}

/** AES-CMAC-96, RFC 4493 §2.4 and RFC 4494. */
function cmac(key: Uint8Array, message: Uint8Array): Uint8Array {
  const k1 = doubled(block(key, Buffer.alloc(AES_BLOCK)));
  return chain(key, message, k1, doubled(k1)).subarray(0, 12);
}

/** CBC-MAC whose last block is mixed with `whole`, or padded with 1 0 0 … and mixed with `padded`. */
function chain(key: Uint8Array, message: Uint8Array, whole: Uint8Array, padded: Uint8Array): Buffer {
  const blocks = Math.max(1, Math.ceil(message.length / AES_BLOCK));
  const last = Buffer.alloc(AES_BLOCK);
  const tail = message.subarray((blocks - 1) * AES_BLOCK);
  last.set(tail);
  if (tail.length < AES_BLOCK) last[tail.length] = 0x80;
  let state: Buffer = Buffer.alloc(AES_BLOCK);
  for (let index = 0; index < blocks - 1; index++) {
    state = block(key, mixed(state, message.subarray(index * AES_BLOCK, (index + 1) * AES_BLOCK)));
  }
  return block(key, mixed(mixed(state, last), tail.length === AES_BLOCK ? whole : padded));
}

function block(key: Uint8Array, input: Uint8Array): Buffer {
  return createCipheriv('aes-128-ecb', key, null).setAutoPadding(false).update(input);
}

const mixed = (a: Uint8Array, b: Uint8Array): Buffer => Buffer.from(a.map((octet, index) => octet ^ (b[index] ?? 0)));

/** In the field of 2^128, RFC 4493 §2.3. */
function doubled(input: Uint8Array): Buffer {
  const value = BigInt(`0x${Buffer.from(input).toString('hex')}`) << 1n;
  const carried = value >> 128n === 1n ? value ^ ((1n << 128n) | 0x87n) : value;
  return Buffer.from(carried.toString(16).padStart(32, '0'), 'hex');
}
