import { createCipheriv, createHmac } from 'node:crypto';

/**
 * The integrity algorithms of ESP and AH as the judges know them: written down a second time, apart from the engine's own table
 * and code, so that a wrong number there does not make a wrong packet look right. RFC 2403, 2404, 4868, 3566, 4494, 4543, 4595.
 */
export interface Integrity {
  readonly keyOctets: number;
  /** Behind the key in the keying material; GMAC alone has some. */
  readonly saltOctets: number;
  /** In AH's ICV field, before the ICV (RFC 4543 §4); GMAC alone has one. */
  readonly ivOctets: number;
  readonly icvOctets: number;
  /** In Wireshark's `esp_sa` table; null: AH alone uses it. */
  readonly wireshark: string | null;
  /** Over `covered`, with key and salt in a row; `iv` is looked at by GMAC alone. */
  icv(material: Uint8Array, covered: Uint8Array, iv: Uint8Array): Uint8Array;
}

/** By name, such as `sha256`, `aesxcbc` or `aes128gmac`; null for one that is not known here. */
export function integrity(name: string): Integrity | null {
  return ALL.get(name) ?? null;
}

const unchecked = (bits: number) => `ANY ${bits} bit authentication [no checking]`;

function hmac(hash: string, keyOctets: number, icvOctets: number, wireshark: string | null): Integrity {
  const icv = (key: Uint8Array, covered: Uint8Array) =>
    createHmac(hash, key).update(covered).digest().subarray(0, icvOctets);
  return { keyOctets, saltOctets: 0, ivOctets: 0, icvOctets, wireshark, icv };
}

function blockMac(icv: (key: Uint8Array, covered: Uint8Array) => Uint8Array): Integrity {
  return { keyOctets: 16, saltOctets: 0, ivOctets: 0, icvOctets: 12, wireshark: unchecked(96), icv };
}

function gmac(bits: 128 | 192 | 256): Integrity {
  const keyOctets = bits / 8;
  return {
    keyOctets,
    saltOctets: 4,
    ivOctets: 8,
    icvOctets: 16,
    wireshark: null,
    icv: (material, covered, iv) => {
      const nonce = Buffer.concat([material.subarray(keyOctets), iv]);
      const cipher = createCipheriv(`aes-${bits}-gcm`, material.subarray(0, keyOctets), nonce).setAAD(covered);
      cipher.final();
      return cipher.getAuthTag();
    },
  };
}

const BLOCK = 16;

/** AES-CMAC, RFC 4493 §2.4. */
function cmac(key: Uint8Array, message: Uint8Array): Uint8Array {
  const k1 = doubled(encryptBlock(key, new Uint8Array(BLOCK)));
  return chained(key, message, k1, doubled(k1)).subarray(0, 12);
}

/** AES-XCBC-MAC, RFC 3566 §4. */
function xcbc(key: Uint8Array, message: Uint8Array): Uint8Array {
  const derived = (octet: number) => encryptBlock(key, new Uint8Array(BLOCK).fill(octet));
  return chained(derived(1), message, derived(2), derived(3)).subarray(0, 12);
}

/** CBC-MAC; the last block is mixed with `whole`, or padded with a 1 and zeros and mixed with `padded`. */
function chained(key: Uint8Array, message: Uint8Array, whole: Uint8Array, padded: Uint8Array): Uint8Array {
  const before = Math.max(0, Math.ceil(message.length / BLOCK) - 1) * BLOCK;
  const last = new Uint8Array(BLOCK);
  last.set(message.subarray(before));
  const isWhole = message.length - before === BLOCK;
  if (!isWhole) last[message.length - before] = 0x80;
  const text = Buffer.concat([message.subarray(0, before), mixed(last, isWhole ? whole : padded)]);
  const cipher = createCipheriv('aes-128-cbc', key, new Uint8Array(BLOCK)).setAutoPadding(false);
  return cipher.update(text).subarray(-BLOCK);
}

const encryptBlock = (key: Uint8Array, block: Uint8Array): Uint8Array =>
  createCipheriv('aes-128-ecb', key, null).setAutoPadding(false).update(block);

const mixed = (a: Uint8Array, b: Uint8Array): Uint8Array => a.map((octet, i) => octet ^ (b[i] ?? 0));

/** Times x in GF(2^128), RFC 4493 §2.3. */
function doubled(block: Uint8Array): Uint8Array {
  const shifted = block.map((octet, i) => (octet << 1) | ((block[i + 1] ?? 0) >> 7));
  if ((block[0] ?? 0) >= 0x80) shifted[BLOCK - 1] = (shifted[BLOCK - 1] ?? 0) ^ 0x87;
  return shifted;
}

const ALL: ReadonlyMap<string, Integrity> = new Map([
  ['md5', hmac('md5', 16, 12, 'HMAC-MD5-96 [RFC2403]')],
  ['md5_128', hmac('md5', 16, 16, unchecked(128))],
  ['sha1', hmac('sha1', 20, 12, 'HMAC-SHA-1-96 [RFC2404]')],
  ['sha1_160', hmac('sha1', 20, 20, null)],
  ['sha256', hmac('sha256', 32, 16, 'HMAC-SHA-256-128 [RFC4868]')],
  ['sha256_96', hmac('sha256', 32, 12, 'HMAC-SHA-256-96 [draft-ietf-ipsec-ciph-sha-256-00]')],
  ['sha384', hmac('sha384', 48, 24, 'HMAC-SHA-384-192 [RFC4868]')],
  ['sha512', hmac('sha512', 64, 32, 'HMAC-SHA-512-256 [RFC4868]')],
  ['aesxcbc', blockMac(xcbc)],
  ['aescmac', blockMac(cmac)],
  ['aes128gmac', gmac(128)],
  ['aes192gmac', gmac(192)],
  ['aes256gmac', gmac(256)],
]);
