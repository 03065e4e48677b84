import type { PublicKey } from '../crypto/signature.ts';
import type { Certificate } from './certificate.ts';
import { publicKey } from '../crypto/signature.ts';

const KEYS = new WeakMap<Certificate, { readonly key: PublicKey | null }>();

/** The key of a certificate, read once; null where it is of a kind that is not known, or no sound key. */
export function keyOf(certificate: Certificate): PublicKey | null {
  const known = KEYS.get(certificate);
  if (known !== undefined) return known.key;
  const key = publicKey(certificate.spki);
  KEYS.set(certificate, { key });
  return key;
}
