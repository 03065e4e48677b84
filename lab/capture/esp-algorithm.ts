import { type EspCipher, espCipher } from './crypto/esp-cipher.ts';
import { type Integrity, integrity } from './crypto/integrity.ts';

/** The algorithms of one suite. */
export interface EspAlgorithm {
  readonly cipher: EspCipher;
  /** null for the AEADs. */
  readonly integrity: Integrity | null;
  /** Of the ICV that ends each packet. */
  readonly icvOctets: number;
  /** Algorithm names of Wireshark's `esp_sa` table; null where Wireshark 4.0 has none. */
  readonly wireshark: { readonly encryption: string; readonly authentication: string } | null;
}

/** By suite name, such as `aes256gcm16` or `aes128-sha256`; null for one that cannot be decrypted here. */
export function espAlgorithm(suite: string): EspAlgorithm | null {
  const [encryption = '', authentication, ...rest] = suite.split('-');
  const cipher = espCipher(encryption);
  if (cipher === null || rest.length > 0) return null;
  if (authentication === undefined) {
    return cipher.tagOctets === 0 ? null : combined(cipher, null);
  }
  const mac = integrity(authentication);
  return mac === null || mac.ivOctets > 0 || cipher.tagOctets > 0 ? null : combined(cipher, mac);
}

function combined(cipher: EspCipher, mac: Integrity | null): EspAlgorithm {
  const authentication = mac === null ? 'NULL' : mac.wireshark;
  return {
    cipher,
    integrity: mac,
    icvOctets: cipher.tagOctets + (mac?.icvOctets ?? 0),
    wireshark:
      cipher.wireshark === null || authentication === null ? null : { encryption: cipher.wireshark, authentication },
  };
}
