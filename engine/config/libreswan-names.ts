import type { ChildProposalConfig, IkeProposalConfig } from '../ike/config.ts';

/**
 * Proposals in the words of libreswan's `ike=`, `esp=` and `ah=`, with one choice of each kind, as far as Debian's build of it has
 * their algorithms: no DES, Blowfish or CAST, and no group below 1536 bits.
 */

/** `aes256-hmac_sha2_256_128-hmac_sha2_256-dh14`; of IKEv1 `aes256-sha2_256-dh14`. null: it does not have that. */
export function libreswanIkeProposal(proposal: IkeProposalConfig, version: 1 | 2): string | null {
  const { encryption, integrity, prf, keyExchange, additionalKeyExchanges } = proposal;
  if (additionalKeyExchanges.some(methods => !methods.includes('none'))) return null;
  const cipher = ciphers(version)[encryption[0] ?? ''] ?? null;
  const group = GROUPS[keyExchange[0] ?? ''] ?? null;
  if (version === 1) return joined(isCbc(encryption[0]) ? cipher : null, HASHES[integrity[0] ?? ''] ?? null, group);
  const own = PRFS[prf[0] ?? ''] ?? null;
  return integrity.length === 0 ? joined(cipher, own, group) : joined(cipher, integrityName(integrity[0]), own, group);
}

/** `aes_gcm_16_256`, `aes_gcm_16_256-none-dh14`, `aes128-sha2_256-dh14`; of AH `sha2_256`. null: it does not have that. */
export function libreswanChildProposal(proposal: ChildProposalConfig, version: 1 | 2): string | null {
  const { protocol, encryption, integrity, keyExchange, additionalKeyExchanges } = proposal;
  if (additionalKeyExchanges.some(methods => !methods.includes('none'))) return null;
  const hasGroup = keyExchange.length > 0 && !keyExchange.includes('none');
  // Quick Mode of libreswan has no groups of elliptic curves.
  const known = version === 1 && !(keyExchange[0] ?? '').startsWith('modp') ? null : GROUPS[keyExchange[0] ?? ''];
  const parts = [
    ...(protocol === 'esp' ? [CHILD_CIPHERS[encryption[0] ?? ''] ?? null] : []),
    ...(integrity.length === 0 ? (hasGroup ? ['none'] : []) : [CHILD_INTEGRITY[integrity[0] ?? ''] ?? null]),
    ...(hasGroup ? [known ?? null] : []),
  ];
  return version === 1 && encryption[0] === 'chacha20poly1305' ? null : joined(...parts);
}

function joined(...parts: readonly (string | null)[]): string | null {
  return parts.includes(null) ? null : parts.join('-');
}

const BITS = ['128', '192', '256'] as const;

const CBC: Readonly<Record<string, string>> = Object.fromEntries([
  ...BITS.flatMap(bits => [
    [`aes${bits}`, `aes${bits}`],
    [`camellia${bits}`, `camellia${bits}`],
  ]),
  ['3des', '3des'],
]);

const isCbc = (token: string | undefined): boolean => token !== undefined && token in CBC;

/** Of an IKE SA: no CCM. */
const IKE_CIPHERS: Readonly<Record<string, string>> = {
  ...CBC,
  ...Object.fromEntries(
    BITS.flatMap(bits => [
      [`aes${bits}ctr`, `aes_ctr_${bits}`],
      ...[8, 12, 16].map(icv => [`aes${bits}gcm${icv}`, `aes_gcm_${icv}_${bits}`] as const),
    ]),
  ),
  chacha20poly1305: 'chacha20_poly1305',
};

const CHILD_CIPHERS: Readonly<Record<string, string>> = {
  ...IKE_CIPHERS,
  ...Object.fromEntries(
    BITS.flatMap(bits => [
      [`aes${bits}gmac`, `null_auth_aes_gmac_${bits}`],
      ...[8, 12, 16].map(icv => [`aes${bits}ccm${icv}`, `aes_ccm_${icv}_${bits}`] as const),
    ]),
  ),
  null: 'null',
};

const ciphers = (version: 1 | 2): Readonly<Record<string, string>> => (version === 1 ? CBC : IKE_CIPHERS);

/** Of IKEv1. */
const HASHES: Readonly<Record<string, string>> = {
  md5: 'md5',
  sha1: 'sha1',
  sha256: 'sha2_256',
  sha384: 'sha2_384',
  sha512: 'sha2_512',
};

const CHILD_INTEGRITY: Readonly<Record<string, string>> = { ...HASHES, aesxcbc: 'aes_xcbc', aescmac: 'aes_cmac' };

const INTEGRITY: Readonly<Record<string, string>> = {
  sha1: 'hmac_sha1_96',
  sha256: 'hmac_sha2_256_128',
  sha384: 'hmac_sha2_384_192',
  sha512: 'hmac_sha2_512_256',
  aesxcbc: 'aes_xcbc_96',
};

const integrityName = (token: string | undefined): string | null => INTEGRITY[token ?? ''] ?? null;

const PRFS: Readonly<Record<string, string>> = {
  prfsha1: 'hmac_sha1',
  prfsha256: 'hmac_sha2_256',
  prfsha384: 'hmac_sha2_384',
  prfsha512: 'hmac_sha2_512',
  prfaesxcbc: 'aes_xcbc',
};

const GROUPS: Readonly<Record<string, string>> = {
  modp1536: 'dh5',
  modp2048: 'dh14',
  modp3072: 'dh15',
  modp4096: 'dh16',
  modp6144: 'dh17',
  modp8192: 'dh18',
  ecp256: 'dh19',
  ecp384: 'dh20',
  ecp521: 'dh21',
  x25519: 'dh31',
};
