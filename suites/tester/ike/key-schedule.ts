import { createHmac } from 'node:crypto';
import { ikeSpiOctets } from '../../../engine/wire/ike/header.ts';
import type { IkeSuite } from './suite.ts';

/** The keys of one IKE SA, RFC 7296 §2.14. */
export interface IkeKeys {
  readonly d: Uint8Array;
  readonly ai: Uint8Array;
  readonly ar: Uint8Array;
  readonly ei: Uint8Array;
  readonly er: Uint8Array;
  readonly pi: Uint8Array;
  readonly pr: Uint8Array;
}

/** What both sides put in. */
export interface KeySources {
  readonly nonceI: Uint8Array;
  readonly nonceR: Uint8Array;
  readonly shared: Uint8Array;
  readonly initiatorSpi: string;
  readonly responderSpi: string;
}

/** HMAC with that hash; RFC 4868 §2.1.2, RFC 2104. */
export const prf = (hash: string, key: Uint8Array, data: Uint8Array): Uint8Array =>
  createHmac(hash, key).update(data).digest();

/** §2.13. */
export function prfPlus(hash: string, key: Uint8Array, seed: Uint8Array, octets: number): Uint8Array {
  let [all, last] = [new Uint8Array(0), new Uint8Array(0)];
  for (let count = 1; all.length < octets; count++) {
    last = Uint8Array.from(prf(hash, key, Buffer.concat([last, seed, Uint8Array.of(count)])));
    all = Uint8Array.from(Buffer.concat([all, last]));
  }
  return all.subarray(0, octets);
}

/** §2.14. */
export function ikeKeys(suite: IkeSuite, sources: KeySources): IkeKeys {
  const nonces = Buffer.concat([sources.nonceI, sources.nonceR]);
  return cut(suite, prf(suite.prf, nonces, sources.shared), sources);
}

/** Of an IKE SA that replaces another, §2.18: `oldPrf` and `oldD` are of the old one. */
export function rekeyedKeys(suite: IkeSuite, oldPrf: string, oldD: Uint8Array, sources: KeySources): IkeKeys {
  const data = Buffer.concat([sources.shared, sources.nonceI, sources.nonceR]);
  return cut(suite, prf(oldPrf, oldD, data), sources);
}

function cut(suite: IkeSuite, skeyseed: Uint8Array, sources: KeySources): IkeKeys {
  const { cipher, integrity } = suite.transform;
  const prfOctets = prf(suite.prf, skeyseed, skeyseed).length;
  const [a, e] = [integrity?.keyOctets ?? 0, cipher.keyOctets + cipher.saltOctets];
  const spis = [ikeSpiOctets(sources.initiatorSpi), ikeSpiOctets(sources.responderSpi)];
  const seed = Buffer.concat([sources.nonceI, sources.nonceR, ...spis]);
  const lengths = [prfOctets, a, a, e, e, prfOctets, prfOctets];
  const total = lengths.reduce((sum, length) => sum + length, 0);
  const material = prfPlus(suite.prf, skeyseed, seed, total);
  let at = 0;
  const next = (length: number): Uint8Array => {
    at += length;
    return material.subarray(at - length, at);
  };
  return {
    d: next(prfOctets),
    ai: next(a),
    ar: next(a),
    ei: next(e),
    er: next(e),
    pi: next(prfOctets),
    pr: next(prfOctets),
  };
}

/** The keys of a child, §2.17, hexadecimal: what the initiator of the exchange sends with, then the responder. */
export interface ChildKeys {
  readonly encryptionI: string;
  readonly integrityI: string;
  readonly encryptionR: string;
  readonly integrityR: string;
}

/** `shared`: of a key exchange of its own, or none. */
export function childKeys(
  ike: IkeSuite,
  skD: Uint8Array,
  lengths: { readonly encryption: number; readonly integrity: number },
  nonces: readonly [Uint8Array, Uint8Array],
  shared: Uint8Array = new Uint8Array(0),
): ChildKeys {
  const { encryption, integrity } = lengths;
  const material = prfPlus(ike.prf, skD, Buffer.concat([shared, ...nonces]), 2 * (encryption + integrity));
  const hex = (from: number, length: number) => Buffer.from(material.subarray(from, from + length)).toString('hex');
  const half = encryption + integrity;
  return {
    encryptionI: hex(0, encryption),
    integrityI: hex(encryption, integrity),
    encryptionR: hex(half, encryption),
    integrityR: hex(half + encryption, integrity),
  };
}

/** AUTH with a shared key, §2.15. */
export function pskAuth(hash: string, psk: Uint8Array, signed: Uint8Array): Uint8Array {
  const pad = prf(hash, psk, Buffer.from('Key Pad for IKEv2', 'latin1'));
  return prf(hash, pad, signed);
}

/** §2.15: the first message, the other's nonce, and the MACed identity. */
export function signedOctets(
  hash: string,
  parts: {
    readonly message: Uint8Array;
    readonly nonce: Uint8Array;
    readonly skP: Uint8Array;
    readonly idBody: Uint8Array;
  },
): Uint8Array {
  return Buffer.concat([parts.message, parts.nonce, prf(hash, parts.skP, parts.idBody)]);
}
