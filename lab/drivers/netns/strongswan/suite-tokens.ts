import { encryptionAlgorithms } from '../../../../engine/crypto/encryption.ts';
import { integrityAlgorithms } from '../../../../engine/crypto/integrity.ts';
import { prfs } from '../../../../engine/crypto/prf-table.ts';

/** The algorithms of an SA in strongSwan's spelling, empty where there is none: `AES_CBC`, `128`, `HMAC_SHA2_256_128`, … */
export interface PrintedSuite {
  readonly encryption: string;
  readonly keyBits: string;
  readonly integrity: string;
  readonly prf: string;
  readonly group: string;
}

/** In our tokens, `aes256gcm16-prfsha384-x25519`; a name that we do not know stays as it is. */
export function suiteTokens({ encryption, keyBits, integrity, prf, group }: PrintedSuite): string {
  const tokens = [
    encryptionToken(encryption, keyBits),
    integrityAlgorithms().find(({ name }) => name === `AUTH_${integrity}`)?.token ?? integrity,
    prfs().find(({ name }) => name === prf)?.token ?? prf,
    groupToken(group),
  ];
  return tokens.filter(token => token !== '').join('-');
}

function encryptionToken(printed: string, keyBits: string): string {
  const names = [`ENCR_${printed}`, `ENCR_${printed.replace(/_CBC$/, '')}`]; // 3DES_CBC is ENCR_3DES at the IANA
  const found = encryptionAlgorithms().find(
    ({ name, keyOctets }) => names.includes(name) && (keyBits === '' || keyOctets * 8 === Number(keyBits)),
  );
  return found?.token ?? [printed, keyBits].filter(part => part !== '').join('_');
}

/** `CURVE_25519`, `ECP_256_BP`, `MODP_2048_256`: x25519, ecp256bp, modp2048s256. */
function groupToken(printed: string): string {
  return printed
    .replace(/^CURVE_/, 'X')
    .replace(/^(MODP_\d+)_(\d+)$/, '$1S$2')
    .replaceAll('_', '')
    .toLowerCase();
}
