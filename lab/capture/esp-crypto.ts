import { createDecipheriv, createHmac, timingSafeEqual } from 'node:crypto';
import type { EspAlgorithm } from './esp-algorithm.ts';

/** An ESP packet cut at the places that its algorithm gives, RFC 4303 §2. Views. */
export interface EspParts {
  /** SPI and sequence number. */
  readonly header: Uint8Array;
  readonly iv: Uint8Array;
  readonly ciphertext: Uint8Array;
  readonly icv: Uint8Array;
}

/** From the SPI to the ICV. A string says why it cannot be cut. */
export function cutEsp(esp: Uint8Array, algorithm: EspAlgorithm): EspParts | string {
  const ciphertextAt = 8 + algorithm.ivOctets;
  const icvAt = esp.length - algorithm.icvOctets;
  const length = icvAt - ciphertextAt;
  if (length < 2) return `${esp.length} octets are too few for an IV, a trailer and an ICV`;
  if (length % algorithm.blockOctets !== 0)
    return `${length} octets of ciphertext are not a multiple of ${algorithm.blockOctets}`;
  return {
    header: esp.subarray(0, 8),
    iv: esp.subarray(8, ciphertextAt),
    ciphertext: esp.subarray(ciphertextAt, icvAt),
    icv: esp.subarray(icvAt),
  };
}

export interface EspKeyMaterial {
  readonly algorithm: EspAlgorithm;
  readonly encryptionKey: Uint8Array;
  readonly salt: Uint8Array;
  readonly integrityKey: Uint8Array;
}

/**
 * Whether the ICV is right. `sequenceHigh`: the upper half of an extended sequence number, which is covered but not sent
 * (RFC 4303 §2.2.1: at the end with a separate integrity algorithm; RFC 4106 §5: between SPI and sequence number); null
 * without ESN.
 */
export function icvIsRight(parts: EspParts, keys: EspKeyMaterial, sequenceHigh: number | null): boolean {
  const { integrity } = keys.algorithm;
  if (integrity === null) return openAead(parts, keys, sequenceHigh, true) !== null;
  const hmac = createHmac(integrity.hash, keys.integrityKey)
    .update(parts.header)
    .update(parts.iv)
    .update(parts.ciphertext);
  if (sequenceHigh !== null) hmac.update(u32(sequenceHigh));
  return timingSafeEqual(hmac.digest().subarray(0, parts.icv.length), parts.icv);
}

/** Payload, padding, pad length and next header; decrypted whether or not the ICV is right. */
export function decryptUnverified(parts: EspParts, keys: EspKeyMaterial): Uint8Array {
  if (keys.algorithm.kind !== 'cbc') {
    const plaintext = openAead(parts, keys, null, false);
    if (plaintext === null) throw new Error('decryption without verification cannot fail');
    return plaintext;
  }
  const decipher = createDecipheriv(
    `aes-${keys.algorithm.keyOctets * 8}-cbc`,
    keys.encryptionKey,
    parts.iv,
  ).setAutoPadding(false);
  return joined(decipher.update(parts.ciphertext), decipher.final());
}

function openAead(
  parts: EspParts,
  keys: EspKeyMaterial,
  sequenceHigh: number | null,
  verify: boolean,
): Uint8Array | null {
  const nonce = joined(keys.salt, parts.iv);
  const decipher =
    keys.algorithm.kind === 'gcm'
      ? createDecipheriv(gcmName(keys.algorithm.keyOctets), keys.encryptionKey, nonce)
      : createDecipheriv('chacha20-poly1305', keys.encryptionKey, nonce, { authTagLength: 16 });
  decipher.setAAD(additionalData(parts.header, sequenceHigh), { plaintextLength: parts.ciphertext.length });
  decipher.setAuthTag(parts.icv);
  const plaintext = joined(decipher.update(parts.ciphertext));
  if (!verify) return plaintext;
  try {
    decipher.final();
    return plaintext;
  } catch {
    return null; // the only thing that final() throws for here: the tag is wrong
  }
}

const gcmName = (keyOctets: number) =>
  keyOctets === 16 ? 'aes-128-gcm' : keyOctets === 24 ? 'aes-192-gcm' : 'aes-256-gcm';

/** RFC 4106 §5, RFC 7634 §2.1. */
const additionalData = (header: Uint8Array, sequenceHigh: number | null): Uint8Array =>
  sequenceHigh === null ? header : joined(header.subarray(0, 4), u32(sequenceHigh), header.subarray(4, 8));

const u32 = (value: number): Uint8Array => Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value);

const joined = (...parts: Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(parts));
