/** The keys of one ESP SA, for decryption by the lab itself or by Wireshark (`esp_sa`). Addresses are text, keys hexadecimal. */
export interface EspSaKeys {
  readonly source: string;
  readonly destination: string;
  readonly spi: number;
  /** A suite name such as `aes256gcm16`. */
  readonly suite: string;
  /** With the salt at its end where the algorithm has one. */
  readonly encryptionKey: string;
  readonly integrityKey: string;
  readonly esn: boolean;
}
