/** The keys of one SA, for decryption by the lab itself or by Wireshark (`esp_sa`). Addresses are text, keys hexadecimal. */
export interface EspSaKeys {
  readonly source: string;
  readonly destination: string;
  readonly spi: number;
  /** Absent: ESP. */
  readonly protocol?: 'esp' | 'ah';
  /** A suite name such as `aes256gcm16`; of AH an integrity algorithm such as `sha256`. */
  readonly suite: string;
  /** With the salt at its end where the algorithm has one. */
  readonly encryptionKey: string;
  readonly integrityKey: string;
  readonly esn: boolean;
}

/** Whether two are of the same SA, seen from the same side of a NAT. */
export function isSameKey(a: EspSaKeys, b: EspSaKeys): boolean {
  return (
    a.spi === b.spi &&
    a.source === b.source &&
    a.destination === b.destination &&
    (a.protocol ?? 'esp') === (b.protocol ?? 'esp') &&
    a.encryptionKey === b.encryptionKey &&
    a.integrityKey === b.integrityKey
  );
}

/**
 * The keys of one IKE SA, for decryption by the lab itself or by Wireshark (`ikev2_decryption_table`, `ikev1_decryption_table`). All
 * hexadecimal. Version 2: RFC 7296 §2.14. Version 1, RFC 2409: the SPIs are CKY-I and CKY-R, `encryption` is a cipher in CBC mode and
 * `integrity` the hash, `skEi` and `skEr` are both the cipher's key (Appendix B), `skAi` and `skAr` both SKEYID_a.
 */
export interface IkeSaKeys {
  readonly version: 1 | 2;
  readonly initiatorSpi: string;
  readonly responderSpi: string;
  /** Tokens such as `aes256gcm16` and, where that is no AEAD, `sha256`. */
  readonly encryption: string;
  readonly integrity: string | null;
  /** With the salt at its end where the algorithm has one. */
  readonly skEi: string;
  readonly skEr: string;
  readonly skAi: string;
  readonly skAr: string;
}
