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
