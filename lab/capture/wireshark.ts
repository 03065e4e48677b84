import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { formatSpi } from '../../engine/wire/spi.ts';
import { espAlgorithm } from './esp-algorithm.ts';
import { ikev1Table, ikev2Table } from './wireshark-ike.ts';
import type { EspSaKeys, IkeSaKeys } from './key-log.ts';

/**
 * Wireshark's `esp_sa` table, one line an SA of ESP, sorted by nothing: the log's order. An SA that Wireshark 4.0 cannot decrypt
 * becomes a comment that says why. One with extended sequence numbers, or with AES-XCBC, AES-CMAC or HMAC-MD5-128, is
 * decrypted, but its ICV is shown as wrong.
 */
export function espSaTable(keys: readonly EspSaKeys[]): string {
  return keys
    .filter(({ protocol }) => protocol !== 'ah')
    .map(sa => `${espSaLine(sa)}\n`)
    .join('');
}

function espSaLine(sa: EspSaKeys): string {
  const spi = formatSpi(sa.spi);
  const names = espAlgorithm(sa.suite)?.wireshark;
  if (!names) return `# ${sa.source} -> ${sa.destination} SPI ${spi}: Wireshark does not decrypt ESP with ${sa.suite}`;
  const family = sa.source.includes(':') ? 'IPv6' : 'IPv4';
  const fields = [
    family,
    sa.source,
    sa.destination,
    spi,
    names.encryption,
    hex(sa.encryptionKey),
    names.authentication,
    hex(sa.integrityKey),
  ];
  return fields.map(field => `"${field}"`).join(',');
}

const hex = (key: string): string => (key === '' ? '' : `0x${key}`);

const PREFERENCES = 'esp.enable_encryption_decode: TRUE\nesp.enable_authentication_check: TRUE\n';

/**
 * Makes `folder` a configuration folder for Wireshark and tshark with these keys: `WIRESHARK_CONFIG_DIR=folder tshark -r …`
 * decrypts. Nobody else may read it (0700, files 0600); what is in it already is replaced.
 */
export function writeWiresharkFolder(
  folder: string,
  keys: readonly EspSaKeys[],
  ikeKeys: readonly IkeSaKeys[] = [],
): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  chmodSync(folder, 0o700); // before any key is in it: it may have existed with other rights
  writePrivate(join(folder, 'preferences'), PREFERENCES);
  writePrivate(join(folder, 'esp_sa'), espSaTable(keys));
  writePrivate(join(folder, 'ikev2_decryption_table'), ikev2Table(ikeKeys));
  writePrivate(join(folder, 'ikev1_decryption_table'), ikev1Table(ikeKeys));
}

function writePrivate(path: string, text: string): void {
  writeFileSync(path, '', { mode: 0o600 });
  chmodSync(path, 0o600);
  writeFileSync(path, text);
}
