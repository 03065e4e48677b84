/**
 * Key exchange methods (IKEv2 Transform Type 4) and pseudorandom functions (Type 2) as proposals in text name them, with what RFC
 * 8247 says of each. What they compute is in engine/crypto; here are their names alone, so that reading a file loads no curve.
 */
export interface NamedAlgorithm {
  /** Its token in engine/crypto. */
  readonly token: string;
  /** Other spellings, strongSwan's among them. */
  readonly aliases: readonly string[];
  /** Allowed only where somebody asks for it in so many words; null: it may be used. */
  readonly legacy: string | null;
  /** Never, whoever asks; null: it may be had. */
  readonly refused: { readonly why: string; readonly instead: string } | null;
}

export function keyExchangeNamed(name: string): NamedAlgorithm | null {
  return find(KEY_EXCHANGES, name);
}

export function prfNamed(name: string): NamedAlgorithm | null {
  return find(PRFS, name);
}

/** For "did you mean": what nobody need be warned of, by its token. */
export const KEY_EXCHANGE_NAMES = (): string[] => usable(KEY_EXCHANGES);
export const PRF_NAMES = (): string[] => usable(PRFS);

function named(token: string, aliases: readonly string[] = [], legacy: string | null = null): NamedAlgorithm {
  return { token, aliases, legacy, refused: null };
}

function refused(token: string, why: string): NamedAlgorithm {
  return { token, aliases: [], legacy: null, refused: { why, instead: 'modp2048 or x25519' } };
}

const SMALL_SUBGROUP = 'a prime with small subgroups, whose origin nobody can explain (RFC 8247 §2.4)';

const KEY_EXCHANGES: readonly NamedAlgorithm[] = [
  named('x25519', ['curve25519']),
  named('x448', ['curve448']),
  named('ecp256'),
  named('ecp384'),
  named('ecp521'),
  named('modp2048'),
  named('modp3072'),
  named('modp4096'),
  named('modp6144'),
  named('modp8192'),
  named('ecp224'),
  named('ecp256bp'),
  named('ecp384bp'),
  named('ecp512bp'),
  named('ecp224bp'),
  named('mlkem512'),
  named('mlkem768'),
  named('mlkem1024'),
  named('ecp192', [], 'its 96 bits of strength are less than RFC 8247 §2.4 asks of any group'),
  named('modp1536', [], 'RFC 8247 §2.4: group 5 SHOULD NOT be used'),
  named('modp1024', [], 'RFC 8247 §2.4: group 2 SHOULD NOT be used'),
  named('modp768', [], 'RFC 8247 §2.4: group 1 MUST NOT be used'),
  refused('modp1024s160', SMALL_SUBGROUP),
  refused('modp2048s224', SMALL_SUBGROUP),
  refused('modp2048s256', SMALL_SUBGROUP),
];

const PRFS: readonly NamedAlgorithm[] = [
  named('prfsha256'),
  named('prfsha384'),
  named('prfsha512'),
  named('prfsha1'),
  named('prfaesxcbc'),
  named('prfaescmac'),
  named('prfmd5', [], 'RFC 8247 §2.2: PRF_HMAC_MD5 MUST NOT be used'),
];

function find(table: readonly NamedAlgorithm[], name: string): NamedAlgorithm | null {
  return table.find(({ token, aliases }) => token === name || aliases.includes(name)) ?? null;
}

function usable(table: readonly NamedAlgorithm[]): string[] {
  return table.filter(({ legacy, refused: never }) => legacy === null && never === null).map(({ token }) => token);
}
