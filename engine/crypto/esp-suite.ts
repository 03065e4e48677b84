import { legacyReason as reasonOf } from './algorithm-entry.ts';
import {
  type AeadAlgorithm,
  type EncryptionAlgorithm,
  encryptionAlgorithm,
  encryptionAlgorithms,
  type SeparateAlgorithm,
} from './encryption.ts';
import { type IntegrityAlgorithm, integrityAlgorithm, integrityAlgorithms, type MacAlgorithm } from './integrity.ts';

export type {
  AeadAlgorithm,
  CbcAlgorithm,
  CtrAlgorithm,
  EncryptionAlgorithm,
  SeparateAlgorithm,
} from './encryption.ts';
export type { IntegrityAlgorithm, MacAlgorithm } from './integrity.ts';

/** What protects the packets of one SA. Integrity is never absent: encryption alone is refused (RFC 8221 §4). */
export type EspSuite =
  | { readonly name: string; readonly encryption: AeadAlgorithm; readonly integrity: null }
  | { readonly name: string; readonly encryption: SeparateAlgorithm; readonly integrity: MacAlgorithm };

export type SuiteLookup =
  | { readonly kind: 'suite'; readonly suite: EspSuite }
  /** It exists, and this machine cannot compute it. */
  | { readonly kind: 'unavailable'; readonly suite: EspSuite; readonly why: string }
  /** Known algorithms that must not be put together, or not be used alone. */
  | { readonly kind: 'refused'; readonly why: string; readonly instead: string }
  | { readonly kind: 'unknown' };

/** By name, such as `aes256gcm16` or `aes128-sha256`; null for one that cannot be used here: `findEspSuite` says why. */
export function espSuite(name: string): EspSuite | null {
  const suite = SUITES.get(name);
  return suite === undefined || unavailableReason(suite) !== null ? null : suite;
}

/** By name, with the reason when there is no such suite. `aes128` and `aes128-none` are refused, as is `null`. */
export function findEspSuite(name: string): SuiteLookup {
  const [first = '', second, ...rest] = name.split('-');
  const encryption = encryptionAlgorithm(first);
  if (encryption === null || rest.length > 0) return { kind: 'unknown' };
  if (second === undefined || second === 'none' || second === 'null') return combineEsp(encryption, null);
  const integrity = integrityAlgorithm(second);
  return integrity === null ? { kind: 'unknown' } : combineEsp(encryption, integrity);
}

/** The suite of two algorithms; `integrity` null: none was asked for. */
export function combineEsp(encryption: EncryptionAlgorithm, integrity: IntegrityAlgorithm | null): SuiteLookup {
  const refusal = whyNot(encryption, integrity);
  if (refusal !== null) return { kind: 'refused', ...refusal };
  const suite = SUITES.get(integrity === null ? encryption.token : `${encryption.token}-${integrity.token}`);
  if (suite === undefined) return { kind: 'unknown' };
  const why = unavailableReason(suite);
  return why === null ? { kind: 'suite', suite } : { kind: 'unavailable', suite, why };
}

/** The names of all that is neither legacy nor unavailable, strongest habits first. */
export function espSuiteNames(): string[] {
  return [...SUITES.values()]
    .filter(suite => !isLegacy(suite) && unavailableReason(suite) === null)
    .map(({ name }) => name);
}

/** The names of all suites, the legacy and the unavailable too. */
export function allEspSuiteNames(): string[] {
  return [...SUITES.keys()];
}

/** Whether a suite may be used only by somebody who asks for it in so many words. */
export function isLegacy(suite: EspSuite): boolean {
  return suite.encryption.legacy || suite.integrity?.legacy === true;
}

/** Such as `RFC 8221 §5: ENCR_3DES SHOULD NOT be used`; null for a suite that is not legacy. */
export function legacyReason(suite: EspSuite): string | null {
  const reasons = [reasonOf(suite.encryption), suite.integrity === null ? null : reasonOf(suite.integrity)];
  return reasons.filter(reason => reason !== null).join('; ') || null;
}

/** Why this machine cannot compute a suite; null: it can. */
function unavailableReason(suite: EspSuite): string | null {
  return suite.encryption.unavailable ?? suite.integrity?.unavailable ?? null;
}

/** Octets of the ICV that ends each packet. */
export function icvOctets(suite: EspSuite): number {
  return suite.integrity === null ? suite.encryption.icvOctets : suite.integrity.icvOctets;
}

/** RFC 8221 §4 and §6, RFC 4543 §3 and §5.3. */
function whyNot(
  encryption: EncryptionAlgorithm,
  integrity: IntegrityAlgorithm | null,
): { readonly why: string; readonly instead: string } | null {
  const { token } = encryption;
  if (encryption.aead) {
    if (integrity === null) return null;
    return { why: `${token} brings its own integrity: there is no second one beside it`, instead: token };
  }
  if (encryption.kind === 'null' && integrity === null) {
    const why = 'neither encryption nor integrity is no protection (RFC 8221 §6)';
    return { why, instead: 'null-sha256' };
  }
  const instead = encryption.kind === 'null' ? 'null-sha256' : `${token}-sha256`;
  if (integrity === null) {
    const why = 'encryption without integrity: whoever is on the path can change packets unseen (RFC 8221 §4)';
    return { why, instead };
  }
  if (integrity.kind !== 'gmac') return null;
  const why = `${integrity.name} is for AH, and MUST NOT be used with ESP (RFC 4543 §5.3)`;
  return { why, instead: encryption.kind === 'null' ? integrity.token : instead };
}

const SUITES: ReadonlyMap<string, EspSuite> = new Map(allSuites().map(suite => [suite.name, suite]));

function allSuites(): EspSuite[] {
  const suites: EspSuite[] = [];
  const separate: SeparateAlgorithm[] = [];
  for (const encryption of encryptionAlgorithms()) {
    if (encryption.aead) suites.push({ name: encryption.token, encryption, integrity: null });
    else separate.push(encryption);
  }
  for (const integrity of integrityAlgorithms()) {
    if (integrity.kind === 'gmac') continue;
    for (const encryption of separate) {
      suites.push({ name: `${encryption.token}-${integrity.token}`, encryption, integrity });
    }
  }
  return suites;
}
