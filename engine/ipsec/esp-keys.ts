import { createSecretKey, type KeyObject } from 'node:crypto';
import { cipherKey } from '../crypto/cipher.ts';
import type { EspParameters } from './sa.ts';

/** The keys of an SA in the form in which node:crypto uses them fastest. */
export interface EspKeys {
  readonly encryption: KeyObject;
  /** Precedes the IV in a nonce or counter block, RFC 4106 §4 and RFC 3686 §4; empty where there is none. */
  readonly salt: Uint8Array;
  /** null for an AEAD. */
  readonly integrity: KeyObject | null;
  /** Of an AEAD: the salt and 8 octets, which each packet writes anew. node:crypto keeps a copy, and none is made for it. */
  readonly nonce: Uint8Array;
  /** The additional data of an AEAD, written anew likewise. */
  readonly aad: Uint8Array;
}

/** Made once an SA, at its first packet, and gone with it. */
export function keysOf(sa: EspParameters): EspKeys {
  const known = KEYS.get(sa);
  if (known !== undefined) return known;
  const { encryption, integrity } = sa.suite;
  const salt = sa.encryptionKey.slice(encryption.keyOctets);
  const nonce = new Uint8Array(salt.length + 8);
  nonce.set(salt);
  const keys: EspKeys = {
    encryption: cipherKey(encryption, sa.encryptionKey.subarray(0, encryption.keyOctets)),
    salt,
    nonce,
    aad: new Uint8Array((sa.esn ? 12 : 8) + (encryption.kind === 'gmac' ? encryption.ivOctets : 0)),
    integrity: integrity === null ? null : createSecretKey(sa.integrityKey),
  };
  KEYS.set(sa, keys);
  return keys;
}

const KEYS = new WeakMap<EspParameters, EspKeys>();
