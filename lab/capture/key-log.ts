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
