import { timingSafeEqual } from 'node:crypto';
import type { CipherInput } from './crypto/esp-cipher.ts';
import type { EspAlgorithm } from './esp-algorithm.ts';

/** An ESP packet cut at the places that its algorithm gives, RFC 4303 §2. Views. */
export interface EspParts {
  /** SPI and sequence number. */
  readonly header: Uint8Array;
  /** Empty where it is implicit. */
  readonly iv: Uint8Array;
  readonly ciphertext: Uint8Array;
  readonly icv: Uint8Array;
}

/** From the SPI to the ICV. A string says why it cannot be cut. */
export function cutEsp(esp: Uint8Array, { cipher, icvOctets }: EspAlgorithm): EspParts | string {
  const ciphertextAt = 8 + cipher.ivOctets;
  const icvAt = esp.length - icvOctets;
  const length = icvAt - ciphertextAt;
  if (length < 2) return `${esp.length} octets are too few for an IV, a trailer and an ICV`;
  if (length % cipher.blockOctets !== 0)
    return `${length} octets of ciphertext are not a multiple of ${cipher.blockOctets}`;
  return {
    header: esp.subarray(0, 8),
    iv: esp.subarray(8, ciphertextAt),
    ciphertext: esp.subarray(ciphertextAt, icvAt),
    icv: esp.subarray(icvAt),
  };
}

export interface EspKeyMaterial {
  readonly algorithm: EspAlgorithm;
  /** With the salt behind it. */
  readonly encryptionKey: Uint8Array;
  readonly integrityKey: Uint8Array;
}

/**
 * Whether the ICV is right. `sequenceHigh`: the upper half of an extended sequence number, which is covered but not sent
 * (RFC 4303 §2.2.1: at the end with a separate integrity algorithm; RFC 4106 §5: between SPI and sequence number); null
 * without ESN.
 */
export function icvIsRight(parts: EspParts, keys: EspKeyMaterial, sequenceHigh: number | null): boolean {
  const { cipher, integrity } = keys.algorithm;
  if (integrity === null) return cipher.tagIsRight(cipherInput(parts, keys, sequenceHigh), parts.icv);
  const covered = [parts.header, parts.iv, parts.ciphertext];
  if (sequenceHigh !== null) covered.push(u32(sequenceHigh));
  return timingSafeEqual(integrity.icv(keys.integrityKey, Buffer.concat(covered), NO_IV), parts.icv);
}

/** Payload, padding, pad length and next header; decrypted whether or not the ICV is right. `sequenceHigh` as above. */
export function decryptUnverified(parts: EspParts, keys: EspKeyMaterial, sequenceHigh: number | null): Uint8Array {
  return new Uint8Array(keys.algorithm.cipher.decrypt(cipherInput(parts, keys, sequenceHigh)));
}

/** What seals and opens one packet: `text` is its plaintext or its ciphertext. */
export function cipherInput(
  { header, iv, ciphertext }: Pick<EspParts, 'header' | 'iv' | 'ciphertext'>,
  { algorithm, encryptionKey }: EspKeyMaterial,
  sequenceHigh: number | null,
): CipherInput {
  const { keyOctets, isIvImplicit } = algorithm.cipher;
  const sequence = header.subarray(4, 8);
  const high = u32(sequenceHigh ?? 0);
  return {
    key: encryptionKey.subarray(0, keyOctets),
    salt: encryptionKey.subarray(keyOctets),
    iv: isIvImplicit ? joined(high, sequence) : iv, // RFC 8750 §4
    aad: sequenceHigh === null ? header : joined(header.subarray(0, 4), high, sequence), // RFC 4106 §5, RFC 7634 §2.1
    text: ciphertext,
  };
}

const NO_IV = new Uint8Array(0);

export const u32 = (value: number): Uint8Array => Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value);

const joined = (...parts: Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(parts));
