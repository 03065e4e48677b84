import { createHash } from 'node:crypto';

/** What RSA signs instead of a message, RFC 8017 §9. */
type Hash = 'sha1' | 'sha256' | 'sha384' | 'sha512';

/** EMSA-PKCS1-v1_5, RFC 8017 §9.2: `octets` long. The parameters of the hash are NULL, and there. */
export function encodePkcs1(hash: Hash, digest: Uint8Array, octets: number): Uint8Array {
  const digestInfo = Buffer.concat([Buffer.from(DIGEST_INFO[hash], 'hex'), digest]);
  const encoded = new Uint8Array(octets).fill(0xff);
  const separatorAt = octets - digestInfo.length - 1;
  if (separatorAt < 10) throw new RangeError(`a modulus of ${octets} octets is too short for ${hash}`);
  encoded[0] = 0;
  encoded[1] = 1;
  encoded[separatorAt] = 0;
  encoded.set(digestInfo, separatorAt + 1);
  return encoded;
}

/** EMSA-PSS, RFC 8017 §9.1.1, with MGF1 of the same hash. `bits`: one less than the modulus has. */
export function encodePss(hash: Hash, digest: Uint8Array, salt: Uint8Array, bits: number): Uint8Array {
  const octets = Math.ceil(bits / 8);
  const maskedAt = octets - digest.length - 1; // behind it: H, and the trailer
  if (maskedAt < salt.length + 1) throw new RangeError(`a modulus of ${bits + 1} bits is too short for ${hash}`);
  const h = createHash(hash).update(EIGHT_ZEROS).update(digest).update(salt).digest();
  const encoded = new Uint8Array(octets);
  encoded[maskedAt - salt.length - 1] = 1;
  encoded.set(salt, maskedAt - salt.length);
  xor(encoded.subarray(0, maskedAt), mgf1(hash, h, maskedAt));
  encoded[0] = (encoded[0] ?? 0) & topMask(bits);
  encoded.set(h, maskedAt);
  encoded[octets - 1] = TRAILER;
  return encoded;
}

/**
 * EMSA-PSS-VERIFY, RFC 8017 §9.1.2, of a salt as long as the hash and no other. `opened` is s^e mod n, as long as n: where
 * the encoding is shorter than that by an octet, this must be 0.
 */
export function isPss(hash: Hash, digest: Uint8Array, opened: Uint8Array, bits: number): boolean {
  const octets = Math.ceil(bits / 8);
  const encoded = opened.slice(opened.length - octets);
  if (opened.subarray(0, opened.length - octets).some(octet => octet !== 0)) return false;
  const maskedAt = octets - digest.length - 1;
  const saltAt = maskedAt - digest.length;
  if (saltAt < 1 || encoded[octets - 1] !== TRAILER || ((encoded[0] ?? 0) & ~topMask(bits)) !== 0) return false;
  const h = encoded.slice(maskedAt, octets - 1);
  const block = encoded.subarray(0, maskedAt);
  xor(block, mgf1(hash, h, maskedAt));
  block[0] = (block[0] ?? 0) & topMask(bits);
  if (block.subarray(0, saltAt - 1).some(octet => octet !== 0) || block[saltAt - 1] !== 1) return false;
  return createHash(hash).update(EIGHT_ZEROS).update(digest).update(block.subarray(saltAt)).digest().equals(h);
}

/** All of a DigestInfo that stands before the digest, RFC 8017 §9.2 note 1. */
const DIGEST_INFO: Readonly<Record<Hash, string>> = {
  sha1: '3021300906052b0e03021a05000414',
  sha256: '3031300d060960864801650304020105000420',
  sha384: '3041300d060960864801650304020205000430',
  sha512: '3051300d060960864801650304020305000440',
};

const EIGHT_ZEROS = new Uint8Array(8);
const TRAILER = 0xbc;

/** The bits of the first octet that are within `bits`. */
function topMask(bits: number): number {
  return 0xff >>> (8 * Math.ceil(bits / 8) - bits);
}

/** RFC 8017 §B.2.1. */
function mgf1(hash: Hash, seed: Uint8Array, octets: number): Uint8Array {
  const blocks: Uint8Array[] = [];
  for (let i = 0, made = 0; made < octets; i++) {
    const counter = Buffer.alloc(4);
    counter.writeUInt32BE(i);
    const block = createHash(hash).update(seed).update(counter).digest();
    blocks.push(block);
    made += block.length;
  }
  return Buffer.concat(blocks).subarray(0, octets);
}

function xor(target: Uint8Array, mask: Uint8Array): void {
  for (let i = 0; i < target.length; i++) target[i] = (target[i] ?? 0) ^ (mask[i] ?? 0);
}
