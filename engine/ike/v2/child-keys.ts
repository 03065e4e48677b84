import { ahSuite, integrityKeyOctets } from '../../crypto/ah-suite.ts';
import { espSuite } from '../../crypto/esp-suite.ts';
import { weakKeyReason } from '../../crypto/weak-keys.ts';
import { prfPlus } from '../../crypto/prf-table.ts';
import type { Prf } from '../../crypto/prf.ts';
import { type ChildSuite, saSuiteName } from './suite.ts';

/** What the keys of a Child SA come of, RFC 7296 §2.17. */
export interface ChildKeySource {
  readonly prf: Prf;
  readonly skD: Uint8Array;
  /** Ni and Nr of the exchange that makes the Child SA: those of IKE_SA_INIT for the first one. Without headers. */
  readonly nonceI: Uint8Array;
  readonly nonceR: Uint8Array;
  /**
   * What its own key exchanges gave, in their order: g^ir (big-endian, padded to the modulus) of KE, then those of RFC 9370
   * §2.2.4. Empty: none.
   */
  readonly secrets: readonly Uint8Array[];
}

/** The keys of one direction. */
export interface SaKeys {
  /** With the salt at its end where the algorithm has one; empty in AH. */
  readonly encryption: Uint8Array;
  readonly integrity: Uint8Array;
}

export interface ChildKeys {
  /** Of the SA that carries what the initiator of the exchange sends, and of the other one. */
  readonly initiator: SaKeys;
  readonly responder: SaKeys;
}

/**
 * KEYMAT = prf+(SK_d, [g^ir |] Ni | Nr [| SK(1) | ... SK(n)]), cut into keys: first all of the initiator's direction, in each
 * the encryption key before the integrity key.
 */
export function childKeys({ prf, skD, nonceI, nonceR, secrets }: ChildKeySource, suite: ChildSuite): ChildKeys {
  const [encryptionOctets, integrityOctets] = childKeyOctets(suite);
  const [first = NOTHING, ...additional] = secrets;
  const seed = Buffer.concat([first, nonceI, nonceR, ...additional]);
  const keymat = prfPlus(prf, skD, seed, 2 * (encryptionOctets + integrityOctets));
  let at = 0;
  const take = (octets: number) => keymat.slice(at, (at += octets));
  const keys = () => ({ encryption: take(encryptionOctets), integrity: take(integrityOctets) });
  return { initiator: keys(), responder: keys() };
}

/** Why keys must not be used (DES has weak ones); null: they may. */
export function weakness(suite: ChildSuite, { initiator, responder }: ChildKeys): string | null {
  const esp = suite.protocol === 'esp' ? espSuite(saSuiteName(suite)) : null;
  if (esp === null) return null;
  return weakKeyReason(esp.encryption, initiator.encryption) ?? weakKeyReason(esp.encryption, responder.encryption);
}

/** Octets of keying material of one direction: with the salt, RFC 4106 §8.1. */
export function childKeyOctets(suite: ChildSuite): [encryption: number, integrity: number] {
  const name = saSuiteName(suite);
  if (suite.protocol === 'ah') {
    const integrity = ahSuite(name);
    if (integrity !== null) return [0, integrityKeyOctets(integrity)];
  } else {
    const esp = espSuite(name);
    if (esp !== null) return [esp.encryption.keyOctets + esp.encryption.saltOctets, esp.integrity?.keyOctets ?? 0];
  }
  throw new Error(`no suite ${name}`);
}

const NOTHING = new Uint8Array(0);
