import { type EncryptionAlgorithm, encryptionAlgorithm, encryptionAlgorithms } from '../../crypto/encryption.ts';
import { integrityAlgorithm, integrityAlgorithms } from '../../crypto/integrity.ts';
import { keyExchange, keyExchangeNumbered } from '../../crypto/key-exchange-table.ts';
import type { KeyExchangeMethod } from '../../crypto/key-exchange.ts';
import { prf, prfNumbered } from '../../crypto/prf-table.ts';
import type { TransformSubstructure } from '../../wire/ike/payload.ts';
import { TransformType } from '../../wire/ike/registry.ts';

/** The token of a transform that stands for none of its type: transform ID 0, RFC 7296 §3.3.6. */
export const NONE = 'none';

/** ADDKE1 to ADDKE7, RFC 9370 §2.2.1, in the order in which they are done. */
export const ADDITIONAL_KEY_EXCHANGES: readonly number[] = [
  TransformType.ADDKE1,
  TransformType.ADDKE2,
  TransformType.ADDKE3,
  TransformType.ADDKE4,
  TransformType.ADDKE5,
  TransformType.ADDKE6,
  TransformType.ADDKE7,
];

/** KE and ADDKE1 to ADDKE7: their numbers are of one registry. */
export const isKeyExchange = (type: number): boolean =>
  type === TransformType.KE || ADDITIONAL_KEY_EXCHANGES.includes(type);

/** The key exchange that both ends have agreed on. */
export function agreedMethod(token: string): KeyExchangeMethod {
  const method = keyExchange(token);
  if (method === null) throw new Error(`${token} was agreed on, and is no key exchange`);
  return method;
}

/** A configured token as IKEv2 writes it. Throws for one that has no number: configuration was validated. */
export function transformOf(type: number, token: string): TransformSubstructure {
  const algorithm = type === TransformType.ENCR ? encryptionAlgorithm(token) : null;
  const id = algorithm === null ? idOf(type, token) : algorithm.ianaId;
  if (id === null) throw new Error(`${token} is no transform of type ${type}`);
  return { type, id, keyBits: algorithm === null ? null : keyBitsOf(algorithm), otherAttributes: [] };
}

/**
 * The token of a transform; null: it is not understood, or has an attribute that is not, or no Key Length where its
 * algorithm needs one, or one where it must not have any (RFC 7296 §3.3.5 and §3.3.6).
 */
export function tokenOf({ type, id, keyBits, otherAttributes }: TransformSubstructure): string | null {
  if (otherAttributes.length > 0) return null;
  if (type === TransformType.ENCR) {
    const isIt = (one: EncryptionAlgorithm) => one.ianaId === id && keyBitsOf(one) === keyBits;
    return encryptionAlgorithms().find(isIt)?.token ?? null;
  }
  if (keyBits !== null) return null;
  if (type === TransformType.PRF) return prfNumbered(id)?.token ?? null;
  if (type === TransformType.ESN) return id === 0 ? 'no' : id === 1 ? 'yes' : null;
  if (type === TransformType.INTEG) {
    return id === 0 ? NONE : (integrityAlgorithms().find(({ ianaId }) => ianaId === id)?.token ?? null);
  }
  if (!isKeyExchange(type)) return null;
  return id === 0 ? NONE : (keyExchangeNumbered(id)?.token ?? null);
}

/** By its token; null: there is no such transform of this type. */
function idOf(type: number, token: string): number | null {
  if (type === TransformType.PRF) return prf(token)?.ianaId ?? null;
  if (type === TransformType.ESN) return token === 'no' ? 0 : token === 'yes' ? 1 : null;
  if (type === TransformType.INTEG) return token === NONE ? 0 : (integrityAlgorithm(token)?.ianaId ?? null);
  if (isKeyExchange(type)) return token === NONE ? 0 : (keyExchange(token)?.ianaId ?? null);
  return null;
}

/** Bits of the Key Length attribute, without salt; null: keys of one length only, and no attribute (RFC 7296 §3.3.5). */
function keyBitsOf({ ianaId, keyOctets }: EncryptionAlgorithm): number | null {
  return ianaId === null || FIXED_LENGTH.has(ianaId) ? null : keyOctets * 8;
}

/** DES, triple DES, NULL and ChaCha20-Poly1305 (RFC 7634 §4, RFC 8750 §5). */
const FIXED_LENGTH: ReadonlySet<number> = new Set([2, 3, 11, 28, 31]);
