import { KnownCertificates } from './known-certificates.ts';
import { RevocationCache } from './revocation-cache.ts';
import { VerifiedSignatures } from './verified-signatures.ts';

/**
 * What whoever validates paths remembers from one to the next, bounded: whose certificates were believed, what was verified, and what is
 * not revoked and for how long. It is nobody's but the node's own: two that share one would know what the other has asked.
 */
export interface PathMemory {
  readonly known: KnownCertificates;
  readonly verified: VerifiedSignatures;
  readonly revocations: RevocationCache;
}

export function emptyPathMemory(): PathMemory {
  return { known: new KnownCertificates(), verified: new VerifiedSignatures(), revocations: new RevocationCache() };
}
