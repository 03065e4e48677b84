import type { IkeSecrets } from '../daemon.ts';
import type { KeyedIsakmpSa } from './isakmp-sa.ts';

/** What a key log says of an ISAKMP SA: one key for both directions, RFC 2409 App. B. */
export function secretsOf({
  initiatorCookie,
  responderCookie,
  suite,
  keys,
}: Pick<KeyedIsakmpSa, 'initiatorCookie' | 'responderCookie' | 'suite' | 'keys'>): IkeSecrets {
  const [cipherKey, skeyidA] = [hex(keys.cipherKey), hex(keys.skeyidA)];
  return {
    version: 1,
    initiatorSpi: initiatorCookie,
    responderSpi: responderCookie,
    encryption: suite.encryption,
    integrity: suite.hash,
    skEi: cipherKey,
    skEr: cipherKey,
    skAi: skeyidA,
    skAr: skeyidA,
  };
}

const hex = (octets: Uint8Array): string => Buffer.from(octets).toString('hex');
