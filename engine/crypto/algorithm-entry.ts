/** How much an algorithm is wanted today, and who says so. */
export interface Requirement {
  readonly level: 'MUST' | 'MUST-' | 'SHOULD' | 'MAY' | 'SHOULD NOT' | 'MUST NOT';
  readonly source: string;
}

/** The names of algorithms in the tools of others; the first of each list is the one that they print. */
export interface DialectNames {
  /** ipsecalgs, ipsecconf and ipseckey of Solaris and illumos. Of no key length, as in `aes`. */
  readonly solaris: readonly string[];
  /** setkey of KAME and ipsec-tools, on BSD and Linux. Of no key length. */
  readonly kame: readonly string[];
  /** Proposals of strongSwan. */
  readonly strongswan: readonly string[];
  /** The `esp_sa` table of Wireshark. */
  readonly wireshark: readonly string[];
  /** `SecurityAssociation` of scapy. */
  readonly scapy: readonly string[];
}

export type Dialect = keyof DialectNames;

/** What all tables of algorithms say of each entry. */
export interface AlgorithmEntry {
  /** Its number as an IKEv2 transform (type 1 for encryption, 2 for PRFs, 3 for integrity, 4 for key exchange); null: it has none. */
  readonly ianaId: number | null;
  /** In the spelling of that registry. */
  readonly name: string;
  /** Its part of a suite's name: `aes128gcm16`, `aes256`, `sha256`, `prfsha256`, `x25519`. */
  readonly token: string;
  readonly names: DialectNames;
  /** Of a key exchange: octets of the secret. */
  readonly keyOctets: number;
  /** null: no RFC asks for it or warns of it by name. */
  readonly requirement: Requirement | null;
  /** SHOULD NOT or MUST NOT be used: off unless somebody asks for it in so many words. */
  readonly legacy: boolean;
  /** Why this machine cannot compute it, or nobody should, whoever asks; null: it can. */
  readonly unavailable: string | null;
}

/** Whether a requirement speaks against an algorithm. */
export function speaksAgainst(requirement: Requirement | null): boolean {
  return requirement?.level === 'SHOULD NOT' || requirement?.level === 'MUST NOT';
}

/** `RFC 8221 §5: ENCR_3DES SHOULD NOT be used`; null for what is not legacy. */
export function legacyReason(entry: Pick<AlgorithmEntry, 'name' | 'requirement'>): string | null {
  const { name, requirement } = entry;
  if (requirement === null || !speaksAgainst(requirement)) return null;
  return `${requirement.source}: ${name} ${requirement.level} be used`;
}
