import type { EncryptionAlgorithm } from './encryption.ts';

/**
 * Why a key must not be used with an algorithm, null for all others. Weak and semi-weak keys of DES SHOULD be refused
 * (RFC 2405 §4); keys that make triple DES single DES MUST be (RFC 2451 §2.3). Parity bits do not count. `key`: without salt.
 * The answer does not name the key.
 */
export function weakKeyReason(algorithm: EncryptionAlgorithm, key: Uint8Array): string | null {
  if (algorithm.name === 'ENCR_DES') return WEAK.has(withoutParity(key)) ? 'a weak key of DES (RFC 2405 §4.1)' : null;
  if (algorithm.name !== 'ENCR_3DES') return null;
  const [first, second, third] = [0, 8, 16].map(at => withoutParity(key.subarray(at, at + 8)));
  if (first !== second && second !== third) return null;
  return 'two equal keys in a row make triple DES single DES (RFC 2451 §2.3)';
}

/** The lowest bit of each octet is its parity. */
function withoutParity(key: Uint8Array): string {
  return Buffer.from(key.map(octet => octet & 0xfe)).toString('hex');
}

/** FIPS 74: four that undo themselves, and six pairs that undo one another. */
const WEAK: ReadonlySet<string> = new Set(
  [
    '0101010101010101',
    'fefefefefefefefe',
    'e0e0e0e0f1f1f1f1',
    '1f1f1f1f0e0e0e0e',
    '011f011f010e010e',
    '1f011f010e010e01',
    '01e001e001f101f1',
    'e001e001f101f101',
    '01fe01fe01fe01fe',
    'fe01fe01fe01fe01',
    '1fe01fe00ef10ef1',
    'e01fe01ff10ef10e',
    '1ffe1ffe0efe0efe',
    'fe1ffe1ffe0efe0e',
    'e0fee0fef1fef1fe',
    'fee0fee0fef1fef1',
  ].map(hex => withoutParity(Buffer.from(hex, 'hex'))),
);
