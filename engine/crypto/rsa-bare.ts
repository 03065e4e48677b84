import { constants, type KeyObject, privateEncrypt, publicEncrypt } from 'node:crypto';
import { nodeKey, type PrivateKey, type PublicKey } from './signature.ts';

/**
 * Signatures of IKEv1 by RSA, RFC 2409 §5.1: PKCS #1 padding of type 1 around the hash itself, which no DigestInfo names. Throws for
 * a key that is not RSA, or too short. The caller owns the result.
 */
export function signBare(key: PrivateKey, hash: Uint8Array): Uint8Array {
  if (key.public.algorithm !== 'rsa') throw new Error(`a signature of IKEv1 with a key ${key.public.algorithm}`);
  const encoded = encodeBare(hash, Math.ceil(key.public.bits / 8));
  return Uint8Array.from(privateEncrypt({ key: nodeKey(key), padding: constants.RSA_NO_PADDING }, encoded));
}

/** Strict: exactly that padding, and the length of the modulus, from 1024 bits on. Never throws, whatever the signature. */
export function verifyBare(key: PublicKey, hash: Uint8Array, signature: Uint8Array): boolean {
  const octets = Math.ceil(key.bits / 8);
  if (key.algorithm !== 'rsa' || signature.length !== octets) return false;
  const opened = openRsa(nodeKey(key), signature);
  // Encode and compare: there is nothing in a padding that one could be lenient about.
  return opened !== null && Buffer.compare(encodeBare(hash, octets), opened) === 0;
}

/** EB = 00 || 01 || ff... || 00 || hash, RFC 2313 §8.1. */
function encodeBare(hash: Uint8Array, octets: number): Uint8Array {
  const encoded = new Uint8Array(octets).fill(0xff);
  const separatorAt = octets - hash.length - 1;
  if (separatorAt < 10) throw new RangeError(`a modulus of ${octets} octets is too short for ${hash.length}`);
  encoded[0] = 0;
  encoded[1] = 1;
  encoded[separatorAt] = 0;
  encoded.set(hash, separatorAt + 1);
  return encoded;
}

function openRsa(key: KeyObject, signature: Uint8Array): Buffer | null {
  try {
    return publicEncrypt({ key, padding: constants.RSA_NO_PADDING }, signature);
  } catch {
    return null; // not below the modulus: all else about the key was checked when it was read
  }
}
