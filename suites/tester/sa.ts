/** One SA as the tester holds it: what both ends know. Plain data, keys hexadecimal, addresses text. */
export interface TesterSa {
  readonly protocol: 'esp' | 'ah';
  readonly mode: 'tunnel' | 'transport';
  readonly spi: number;
  readonly source: string;
  readonly destination: string;
  /** Of ESP (`aes256gcm16`, `null-sha256`) or an integrity algorithm alone (`sha256`) for AH. */
  readonly suite: string;
  /** With the salt at its end where the algorithm has one; empty in AH. */
  readonly encryptionKey: string;
  readonly integrityKey: string;
  readonly esn: boolean;
}

/** What the cryptography of one packet takes of it. */
export type SaKeys = Pick<TesterSa, 'spi' | 'suite' | 'encryptionKey' | 'integrityKey' | 'esn'>;

/** The octets of key that a suite wants, for whoever makes keys. */
export const octetsOf = (hex: string): Uint8Array => Buffer.from(hex, 'hex');
