import type { IkeSaKeys } from './key-log.ts';

/**
 * Wireshark's `ikev2_decryption_table`, one line an IKE SA, the newest keys of each: it looks SAs up by their SPIs. One that
 * Wireshark 4.0 cannot decrypt becomes a comment that says why. The ICV of AES-XCBC and AES-CMAC is not checked.
 */
export function ikev2Table(keys: readonly IkeSaKeys[]): string {
  const newest = new Map(keys.map(sa => [`${sa.initiatorSpi} ${sa.responderSpi}`, sa]));
  return [...newest.values()]
    .filter(({ version }) => version === 2)
    .map(sa => `${ikev2Line(sa)}\n`)
    .join('');
}

/**
 * Wireshark's `ikev1_decryption_table`: one line an ISAKMP SA, CKY-I and the cipher's key. The rest it reads from Main Mode or
 * Aggressive Mode, which must be in the capture. One that Wireshark 4.0 cannot decrypt becomes a comment that says why.
 */
export function ikev1Table(keys: readonly IkeSaKeys[]): string {
  const newest = new Map(keys.filter(({ version }) => version === 1).map(sa => [sa.initiatorSpi, sa]));
  return [...newest.values()].map(sa => `${ikev1Line(sa)}\n`).join('');
}

function ikev1Line({ initiatorSpi, responderSpi, encryption, skEi }: IkeSaKeys): string {
  if (/^(aes(128|192|256)|3des|des)$/.test(encryption)) return `${initiatorSpi},${skEi}`;
  return `# ${initiatorSpi} ${responderSpi}: Wireshark does not decrypt IKEv1 with ${encryption}`;
}

function ikev2Line(sa: IkeSaKeys): string {
  const encryption = encryptionName(sa.encryption);
  const integrity = sa.integrity === null ? 'NONE [RFC4306]' : INTEGRITY_NAMES.get(sa.integrity);
  if (encryption === null || integrity === undefined) {
    const suite = [sa.encryption, ...(sa.integrity === null ? [] : [sa.integrity])].join('-');
    return `# ${sa.initiatorSpi} ${sa.responderSpi}: Wireshark does not decrypt IKE with ${suite}`;
  }
  const { initiatorSpi, responderSpi, skEi, skEr, skAi, skAr } = sa;
  // Wireshark refuses the whole file where one that it does not check has keys.
  const [ai, ar] = integrity === UNCHECKED ? ['', ''] : [skAi, skAr];
  return [initiatorSpi, responderSpi, skEi, skEr, `"${encryption}"`, ai, ar, `"${integrity}"`].join(',');
}

function encryptionName(token: string): string | null {
  const [, bits, mode = '', icv] = /^aes(128|192|256)(ctr|ccm|gcm)?(8|12|16)?$/.exec(token) ?? [];
  if (token === '3des') return '3DES [RFC2451]';
  if (token === 'null') return 'NULL [RFC2410]';
  if (bits === undefined) return null;
  if (icv !== undefined) return `AES-${mode.toUpperCase()}-${bits} with ${icv} octet ICV [RFC5282]`;
  return mode === 'ctr' ? `AES-CTR-${bits} [RFC5930]` : `AES-CBC-${bits} [RFC3602]`;
}

const UNCHECKED = 'ANY 96-bits of Authentication [No Checking]';

const INTEGRITY_NAMES: ReadonlyMap<string, string> = new Map([
  ['md5', 'HMAC_MD5_96 [RFC2403]'],
  ['md5_128', 'HMAC_MD5_128 [RFC4595]'],
  ['sha1', 'HMAC_SHA1_96 [RFC2404]'],
  ['sha1_160', 'HMAC_SHA1_160 [RFC4595]'],
  ['sha256_96', 'HMAC_SHA2_256_96 [draft-ietf-ipsec-ciph-sha-256-00]'],
  ['sha256', 'HMAC_SHA2_256_128 [RFC4868]'],
  ['sha384', 'HMAC_SHA2_384_192 [RFC4868]'],
  ['sha512', 'HMAC_SHA2_512_256 [RFC4868]'],
  ['aesxcbc', UNCHECKED],
  ['aescmac', UNCHECKED],
]);
