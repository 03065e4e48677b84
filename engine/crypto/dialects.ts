import type { AlgorithmEntry, Dialect } from './algorithm-entry.ts';
import { type EncryptionAlgorithm, encryptionAlgorithms } from './encryption.ts';
import { type IntegrityAlgorithm, integrityAlgorithms } from './integrity.ts';

/** What a dialect's name may mean: one entry a key length, the shortest first; none for a name that it does not have. */
export function encryptionNamed(dialect: Dialect, name: string): readonly EncryptionAlgorithm[] {
  return encryptionAlgorithms().filter(({ names }) => names[dialect].includes(name));
}

/** The same of integrity algorithms. */
export function integrityNamed(dialect: Dialect, name: string): readonly IntegrityAlgorithm[] {
  return integrityAlgorithms().filter(({ names }) => names[dialect].includes(name));
}

/** IKEv2 Transform Type 1. `keyOctets`: of the Key Length attribute; null where the algorithm has one length only. */
export function encryptionNumbered(ianaId: number, keyOctets: number | null): EncryptionAlgorithm | null {
  const found = encryptionAlgorithms().filter(one => one.ianaId === ianaId);
  if (keyOctets === null) return found.length === 1 ? (found[0] ?? null) : null;
  return found.find(one => one.keyOctets === keyOctets) ?? null;
}

/** IKEv2 Transform Type 3. */
export function integrityNumbered(ianaId: number): IntegrityAlgorithm | null {
  return integrityAlgorithms().find(one => one.ianaId === ianaId) ?? null;
}

/** As the dialect's own tools print it; null: they do not know the algorithm. */
export function nameIn(dialect: Dialect, algorithm: AlgorithmEntry): string | null {
  return algorithm.names[dialect][0] ?? null;
}

/** All names of a dialect, for "did you mean". */
export function namesIn(dialect: Dialect, algorithms: readonly AlgorithmEntry[]): string[] {
  return [...new Set(algorithms.flatMap(({ names }) => names[dialect]))];
}
