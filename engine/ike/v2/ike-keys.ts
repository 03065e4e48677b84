import { type IkeCipher, type IkeCipherKeys, ikeCipher } from '../../crypto/ike-cipher.ts';
import type { Prf } from '../../crypto/prf.ts';
import { prf, prfPlus, skeyseedKey } from '../../crypto/prf-table.ts';
import { ikeSpiOctets } from '../../wire/ike/header.ts';
import type { IkeSpi } from '../../wire/ike/message.ts';
import type { IkeKeys } from './ike-sa.ts';
import type { IkeSuite } from './suite.ts';

/** What the tokens of a suite stand for. */
export interface IkeAlgorithms {
  readonly cipher: IkeCipher;
  readonly prf: Prf;
}

/** Throws for a suite that cannot be: one that was negotiated can. */
export function ikeAlgorithms(suite: IkeSuite): IkeAlgorithms {
  const cipher = ikeCipher(suite.encryption, suite.integrity);
  const found = prf(suite.prf);
  if (cipher === null || found === null) throw new Error(`no IKE SA can use ${suite.encryption} with ${suite.prf}`);
  return { cipher, prf: found };
}

/** Who takes part in the keys of an IKE SA: values of the nonces, and the SPIs. */
export interface KeyParties {
  readonly initiatorNonce: Uint8Array;
  readonly responderNonce: Uint8Array;
  readonly initiatorSpi: IkeSpi;
  readonly responderSpi: IkeSpi;
}

/** SKEYSEED = prf(Ni | Nr, g^ir), RFC 7296 §2.14. */
export function initialSkeyseed(
  found: Prf,
  parties: Pick<KeyParties, 'initiatorNonce' | 'responderNonce'>,
  secret: Uint8Array,
): Uint8Array {
  return found.compute(skeyseedKey(found, parties.initiatorNonce, parties.responderNonce), secret);
}

/** SKEYSEED = prf(SK_d (old), g^ir (new) | Ni | Nr), §2.18: with the PRF of the old IKE SA. */
export function rekeyedSkeyseed(old: Prf, skD: Uint8Array, parties: KeyParties, secret: Uint8Array): Uint8Array {
  return old.compute(skD, Buffer.concat([secret, parties.initiatorNonce, parties.responderNonce]));
}

/** {SK_d | SK_ai | SK_ar | SK_ei | SK_er | SK_pi | SK_pr} = prf+ (SKEYSEED, Ni | Nr | SPIi | SPIr), §2.14. */
export function expandIkeKeys(
  { cipher, prf: found }: IkeAlgorithms,
  skeyseed: Uint8Array,
  parties: KeyParties,
): IkeKeys {
  const { encryptionKeyOctets, integrityKeyOctets } = cipher;
  const { keyOctets } = found;
  const total = 3 * keyOctets + 2 * (encryptionKeyOctets + integrityKeyOctets);
  const seed = Buffer.concat([
    parties.initiatorNonce,
    parties.responderNonce,
    ikeSpiOctets(parties.initiatorSpi),
    ikeSpiOctets(parties.responderSpi),
  ]);
  const material = prfPlus(found, skeyseed, seed, total);
  let at = 0;
  const take = (octets: number): Uint8Array => material.slice(at, (at += octets));
  return {
    skD: take(keyOctets),
    skAi: take(integrityKeyOctets),
    skAr: take(integrityKeyOctets),
    skEi: take(encryptionKeyOctets),
    skEr: take(encryptionKeyOctets),
    skPi: take(keyOctets),
    skPr: take(keyOctets),
  };
}

/**
 * Keys that are worked out when the first of them is asked for: a responder's, who can answer before it has them. Spread they are
 * nothing.
 */
export class DeferredIkeKeys implements IkeKeys {
  #keys: IkeKeys | (() => IkeKeys);

  constructor(work: () => IkeKeys) {
    this.#keys = work;
  }

  get skD(): Uint8Array {
    return this.workOut().skD;
  }
  get skAi(): Uint8Array {
    return this.workOut().skAi;
  }
  get skAr(): Uint8Array {
    return this.workOut().skAr;
  }
  get skEi(): Uint8Array {
    return this.workOut().skEi;
  }
  get skEr(): Uint8Array {
    return this.workOut().skEr;
  }
  get skPi(): Uint8Array {
    return this.workOut().skPi;
  }
  get skPr(): Uint8Array {
    return this.workOut().skPr;
  }

  workOut(): IkeKeys {
    if (typeof this.#keys === 'function') this.#keys = this.#keys();
    return this.#keys;
  }
}

/** The keys under which the original initiator, or the responder, of an IKE SA sends. */
export function cipherKeysOf(keys: IkeKeys, sender: 'initiator' | 'responder'): IkeCipherKeys {
  return sender === 'initiator'
    ? { encryption: keys.skEi, integrity: keys.skAi }
    : { encryption: keys.skEr, integrity: keys.skAr };
}
