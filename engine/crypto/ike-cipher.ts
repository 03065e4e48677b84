import { createSecretKey } from 'node:crypto';
import { openAead, sealAead } from './aead.ts';
import { cipherKey, decrypt, encrypt } from './cipher.ts';
import { type AeadAlgorithm, encryptionAlgorithm, type SeparateAlgorithm } from './encryption.ts';
import { icv, icvsEqual } from './icv.ts';
import { integrityAlgorithm, type MacAlgorithm } from './integrity.ts';

/**
 * How the SK payload is protected, RFC 7296 §3.14 and RFC 5282: an encryption algorithm with an integrity algorithm, or an
 * AEAD alone.
 */
export interface IkeCipher {
  /** Octets of SK_ei and SK_er, with the salt at its end where the algorithm has one. */
  readonly encryptionKeyOctets: number;
  /** Octets of SK_ai and SK_ar; 0 with an AEAD. */
  readonly integrityKeyOctets: number;
  readonly ivOctets: number;
  readonly icvOctets: number;
  /** Plaintext and padding are a multiple of this; 1: any length. */
  readonly blockOctets: number;
  /**
   * `covered` is the message from its first octet up to the IV: the associated data of an AEAD, and the beginning of what
   * the ICV is over otherwise. `plaintext` has its padding and Pad Length. Returns IV, ciphertext and ICV.
   */
  seal(keys: IkeCipherKeys, iv: Uint8Array, covered: Uint8Array, plaintext: Uint8Array): Uint8Array;
  /** `body` is IV, ciphertext and ICV; null: it was not made with these keys. The result has padding and Pad Length. */
  open(keys: IkeCipherKeys, covered: Uint8Array, body: Uint8Array): Uint8Array | null;
}

export interface IkeCipherKeys {
  readonly encryption: Uint8Array;
  readonly integrity: Uint8Array;
}

/**
 * By tokens, `integrityToken` null beside an AEAD; null: IKE must not use the two (no integrity, no encryption (RFC 8247 §2.1), an
 * implicit IV (RFC 8750 §7), GMAC, a second integrity), or this machine cannot compute them. Legacy ones are given: the
 * caller has asked.
 */
export function ikeCipher(encryptionToken: string, integrityToken: string | null): IkeCipher | null {
  const encryption = encryptionAlgorithm(encryptionToken);
  if (encryption === null || encryption.unavailable !== null) return null;
  if (encryption.aead) {
    const isUsable = integrityToken === null && encryption.kind !== 'gmac' && !encryption.implicitIv;
    return isUsable ? aeadCipher(encryption) : null;
  }
  const integrity = integrityToken === null ? null : integrityAlgorithm(integrityToken);
  if (integrity === null || integrity.ianaId === null || integrity.kind === 'gmac') return null;
  return encryption.kind === 'null' ? null : separateCipher(encryption, integrity);
}

/** RFC 5282: the nonce is the salt and the IV (§4), the associated data all that is before the IV (§5.1). No padding is needed. */
function aeadCipher(algorithm: AeadAlgorithm): IkeCipher {
  const { keyOctets, saltOctets, ivOctets, icvOctets } = algorithm;
  const split = ({ encryption }: IkeCipherKeys, iv: Uint8Array) => {
    checkLength('SK_e', encryption, keyOctets + saltOctets);
    const nonce = Buffer.concat([encryption.subarray(keyOctets), iv]);
    return { key: createSecretKey(encryption.subarray(0, keyOctets)), nonce };
  };
  return {
    encryptionKeyOctets: keyOctets + saltOctets,
    integrityKeyOctets: 0,
    ivOctets,
    icvOctets,
    blockOctets: 1,
    seal(keys, iv, covered, plaintext) {
      checkLength('IV', iv, ivOctets);
      const { key, nonce } = split(keys, iv);
      const { ciphertext, tag } = sealAead(algorithm, key, nonce, covered, plaintext);
      return concatenated(iv, ciphertext, tag);
    },
    open(keys, covered, body) {
      const end = body.length - icvOctets;
      if (end < ivOctets) return null;
      const { key, nonce } = split(keys, body.subarray(0, ivOctets));
      return openAead(algorithm, key, nonce, covered, body.subarray(ivOctets, end), body.subarray(end));
    },
  };
}

/** RFC 7296 §3.14: the ICV is over the message from its first octet to the last of the ciphertext. RFC 5930 for counter mode. */
function separateCipher(algorithm: SeparateAlgorithm, integrity: MacAlgorithm): IkeCipher {
  const { keyOctets, saltOctets, ivOctets } = algorithm;
  const blockOctets = algorithm.kind === 'cbc' ? algorithm.blockOctets : 1;
  const split = (keys: IkeCipherKeys) => {
    checkLength('SK_e', keys.encryption, keyOctets + saltOctets);
    checkLength('SK_a', keys.integrity, integrity.keyOctets);
    return {
      key: cipherKey(algorithm, keys.encryption.subarray(0, keyOctets)),
      salt: keys.encryption.subarray(keyOctets),
      macKey: createSecretKey(keys.integrity),
    };
  };
  return {
    encryptionKeyOctets: keyOctets + saltOctets,
    integrityKeyOctets: integrity.keyOctets,
    ivOctets,
    icvOctets: integrity.icvOctets,
    blockOctets,
    seal(keys, iv, covered, plaintext) {
      checkLength('IV', iv, ivOctets);
      if (plaintext.length % blockOctets !== 0) throw new RangeError(`${plaintext.length} octets are not whole blocks`);
      const { key, salt, macKey } = split(keys);
      const ciphertext = encrypt(algorithm, key, salt, iv, plaintext);
      return concatenated(iv, ciphertext, icv(integrity, macKey, covered, iv, ciphertext));
    },
    open(keys, covered, body) {
      const end = body.length - integrity.icvOctets;
      if (end < ivOctets || (end - ivOctets) % blockOctets !== 0) return null;
      const { key, salt, macKey } = split(keys);
      if (!icvsEqual(icv(integrity, macKey, covered, body.subarray(0, end)), body.subarray(end))) return null;
      return decrypt(algorithm, key, salt, body.subarray(0, ivOctets), body.subarray(ivOctets, end));
    },
  };
}

function checkLength(what: string, octets: Uint8Array, expected: number): void {
  if (octets.length !== expected) throw new RangeError(`${what} of ${octets.length} octets instead of ${expected}`);
}

/** A fresh array, not a part of Node's pool. */
function concatenated(...parts: readonly Uint8Array[]): Uint8Array {
  const result = new Uint8Array(parts.reduce((octets, part) => octets + part.length, 0));
  let at = 0;
  for (const part of parts) {
    result.set(part, at);
    at += part.length;
  }
  return result;
}
