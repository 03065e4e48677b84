import type { IkeSecrets } from '../daemon.ts';
import type { KeyedIkeSa } from './ike-sa.ts';

/** What a key log says of an IKE SA; again when an additional key exchange has changed its keys. */
export function secretsOf(sa: Pick<KeyedIkeSa, 'initiatorSpi' | 'responderSpi' | 'suite' | 'keys'>): IkeSecrets {
  const { suite, keys } = sa;
  return {
    version: 2,
    initiatorSpi: sa.initiatorSpi,
    responderSpi: sa.responderSpi,
    encryption: suite.encryption,
    integrity: suite.integrity,
    skEi: hex(keys.skEi),
    skEr: hex(keys.skEr),
    skAi: hex(keys.skAi),
    skAr: hex(keys.skAr),
  };
}

const hex = (octets: Uint8Array): string => Buffer.from(octets).toString('hex');
