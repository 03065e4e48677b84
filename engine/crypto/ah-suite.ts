import { type IntegrityAlgorithm, integrityAlgorithm, integrityAlgorithms } from './integrity.ts';

/** What protects the packets of an AH SA: an integrity algorithm, by name, such as `sha256` or `aes128gmac`; null: unknown. */
export function ahSuite(name: string): IntegrityAlgorithm | null {
  return integrityAlgorithm(name);
}

/** The names of all that is not legacy. */
export function ahSuiteNames(): string[] {
  return integrityAlgorithms()
    .filter(({ legacy }) => !legacy)
    .map(({ token }) => token);
}

/** Octets of AH's ICV field before it is padded: with GMAC the IV comes first (RFC 4543 §4). */
export function icvFieldOctets(algorithm: IntegrityAlgorithm): number {
  return algorithm.ivOctets + algorithm.icvOctets;
}

/** Octets of keying material: the key, and the salt behind it where there is one. */
export function integrityKeyOctets(algorithm: IntegrityAlgorithm): number {
  return algorithm.keyOctets + algorithm.saltOctets;
}
