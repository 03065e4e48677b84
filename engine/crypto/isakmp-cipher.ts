import { cipherKey, decrypt, encrypt } from './cipher.ts';
import { type CbcAlgorithm, encryptionAlgorithm, encryptionAlgorithms } from './encryption.ts';
import { weakKeyReason } from './weak-keys.ts';

/** How all behind the header of an ISAKMP message is encrypted, RFC 2409 Appendix B: CBC, one chain an exchange. It authenticates nothing. */
export interface IsakmpCipher {
  /** As in a proposal: `aes128`, `3des`. */
  readonly token: string;
  /** Its Encryption Algorithm, RFC 2409 Appendix A. */
  readonly oakleyId: number;
  /** Of the Key Length attribute, which must go with it; null: its keys have one length, and the attribute is left out. */
  readonly keyBits: number | null;
  readonly keyOctets: number;
  /** Of an IV and of a block: plaintext is a multiple of it. */
  readonly blockOctets: number;
  /**
   * `plaintext` is whole blocks, padded with zeros: RangeError otherwise, and for a key or IV of another length. The chain goes on
   * with `nextIv`, the last block of the ciphertext (`iv` itself when there is none).
   */
  encrypt(key: Uint8Array, iv: Uint8Array, plaintext: Uint8Array): { ciphertext: Uint8Array; nextIv: Uint8Array };
  /** The inverse; null: no blocks, or not whole ones. Keep `nextIv` only of a message that proves authentic. */
  decrypt(
    key: Uint8Array,
    iv: Uint8Array,
    ciphertext: Uint8Array,
  ): { plaintext: Uint8Array; nextIv: Uint8Array } | null;
  /** Why this key must not be used, RFC 2409 §4 and Appendix A; null for all others. It does not name the key. */
  weakKeyReason(key: Uint8Array): string | null;
}

/** By its part of a proposal; null: no cipher of IKEv1 (an AEAD, counter mode, NULL), or this machine cannot compute it. Legacy ones are given. */
export function isakmpCipher(token: string): IsakmpCipher | null {
  const algorithm = encryptionAlgorithm(token);
  if (algorithm?.kind !== 'cbc' || algorithm.unavailable !== null) return null;
  const oakleyId = OAKLEY_IDS.get(algorithm.name);
  return oakleyId === undefined ? null : cipherOf(algorithm, oakleyId);
}

/**
 * The token of an Encryption Algorithm and its Key Length (null: the attribute is not there), whether this machine can compute it
 * or not; null: no such cipher is known, as AES is none without a Key Length (RFC 3602 §5.2).
 */
export function isakmpCipherToken(oakleyId: number, keyBits: number | null): string | null {
  const found = encryptionAlgorithms().find(one => {
    if (one.kind !== 'cbc' || OAKLEY_IDS.get(one.name) !== oakleyId) return false;
    return keyBits === 8 * one.keyOctets || (keyBits === null && !VARIABLE.has(one.name));
  });
  return found?.token ?? null;
}

/** RFC 2409 Appendix A, RFC 3602 §5.1, RFC 4312 §4: `OakleyEncryption` of engine/wire/isakmp. */
const OAKLEY_IDS: ReadonlyMap<string, number> = new Map([
  ['ENCR_DES', 1],
  ['ENCR_BLOWFISH', 3],
  ['ENCR_3DES', 5],
  ['ENCR_CAST', 6],
  ['ENCR_AES_CBC', 7],
  ['ENCR_CAMELLIA_CBC', 8],
]);

/** Those with keys of several lengths. Blowfish without a Key Length has 448 bits (Appendix B), which is not among ours. */
const VARIABLE: ReadonlySet<string> = new Set(['ENCR_BLOWFISH', 'ENCR_AES_CBC', 'ENCR_CAMELLIA_CBC']);

function cipherOf(algorithm: CbcAlgorithm, oakleyId: number): IsakmpCipher {
  const { token, keyOctets, blockOctets } = algorithm;
  const check = (key: Uint8Array, iv: Uint8Array): void => {
    if (key.length !== keyOctets) throw new RangeError(`a key of ${key.length} octets instead of ${keyOctets}`);
    if (iv.length !== blockOctets) throw new RangeError(`an IV of ${iv.length} octets instead of ${blockOctets}`);
  };
  return {
    token,
    oakleyId,
    keyBits: VARIABLE.has(algorithm.name) ? 8 * keyOctets : null,
    keyOctets,
    blockOctets,
    encrypt(key, iv, plaintext) {
      check(key, iv);
      if (plaintext.length % blockOctets !== 0) throw new RangeError(`${plaintext.length} octets are not whole blocks`);
      const ciphertext = owned(encrypt(algorithm, cipherKey(algorithm, key), NO_SALT, iv, plaintext));
      return { ciphertext, nextIv: lastBlock(ciphertext, iv) };
    },
    decrypt(key, iv, ciphertext) {
      check(key, iv);
      if (ciphertext.length === 0 || ciphertext.length % blockOctets !== 0) return null;
      const plaintext = owned(decrypt(algorithm, cipherKey(algorithm, key), NO_SALT, iv, ciphertext));
      return { plaintext, nextIv: lastBlock(ciphertext, iv) };
    },
    weakKeyReason: key => weakKeyReason(algorithm, key),
  };
}

const NO_SALT = new Uint8Array(0);

/** A copy, not a part of the message or of Node's pool: it lives as long as its exchange. */
const lastBlock = (ciphertext: Uint8Array, iv: Uint8Array): Uint8Array =>
  owned(ciphertext.length === 0 ? iv : ciphertext.subarray(ciphertext.length - iv.length));

const owned = (octets: Uint8Array): Uint8Array => Uint8Array.from(octets);
