import { type AlgorithmEntry, type DialectNames, type Requirement, speaksAgainst } from './algorithm-entry.ts';

/** The integrity algorithms of AH and of ESP beside a cipher. Numbers are those of IKEv2 Transform Type 3. */
interface MacShape extends AlgorithmEntry {
  /** Octets of the computed ICV, cut from its left end. */
  readonly icvOctets: number;
  /** Octets of salt that follow the key in the keying material (RFC 4543 §5.4); 0: none. */
  readonly saltOctets: number;
  /** Octets of IV that AH carries before the ICV in its ICV field (RFC 4543 §4); 0: none. */
  readonly ivOctets: number;
}

/** HMAC, RFC 2104: the key is as long as the hash (RFC 2403, RFC 2404, RFC 4868 §2.1.1). */
export interface HmacAlgorithm extends MacShape {
  readonly kind: 'hmac';
  readonly hash: 'md5' | 'sha1' | 'sha256' | 'sha384' | 'sha512';
}

/** AES-XCBC-MAC-96 (RFC 3566) and AES-CMAC-96 (RFC 4494): AES with a key of 128 bits. */
export interface CipherMacAlgorithm extends MacShape {
  readonly kind: 'xcbc' | 'cmac';
}

/** AES-GMAC in AH, RFC 4543 §4: it needs a nonce that never comes again with a key. ESP must not use it (§5.3). */
export interface GmacAlgorithm extends MacShape {
  readonly kind: 'gmac';
  readonly cipher: 'aes-128-gcm' | 'aes-192-gcm' | 'aes-256-gcm';
}

/** Those that are a function of key and message alone. */
export type MacAlgorithm = HmacAlgorithm | CipherMacAlgorithm;
export type IntegrityAlgorithm = MacAlgorithm | GmacAlgorithm;

/** All of them. */
export function integrityAlgorithms(): readonly IntegrityAlgorithm[] {
  return ALL;
}

/** By its part of a suite's name, such as `sha256` or `aesxcbc`; null: there is none. */
export function integrityAlgorithm(token: string): IntegrityAlgorithm | null {
  return BY_TOKEN.get(token) ?? null;
}

const RFC8221 = 'RFC 8221 §6';
const may: Requirement = { level: 'MAY', source: RFC8221 };
const deprecated: Requirement = { level: 'MUST NOT', source: 'RFC 9395' };

type Given = Omit<MacShape, 'legacy' | 'unavailable' | 'names' | 'saltOctets' | 'ivOctets'> & {
  names: Partial<DialectNames>;
};

function entry<T extends Given>(given: T): T & MacShape {
  return {
    saltOctets: 0,
    ivOctets: 0,
    ...given,
    names: { solaris: [], kame: [], strongswan: [given.token], wireshark: [], scapy: [], ...given.names },
    legacy: speaksAgainst(given.requirement),
    unavailable: null,
  };
}

const ALL: readonly IntegrityAlgorithm[] = [
  sha2(256, 12, 16, { level: 'MUST', source: RFC8221 }),
  sha2(384, 13, 24, null),
  sha2(512, 14, 32, { level: 'SHOULD', source: RFC8221 }),
  entry({
    ianaId: 2,
    name: 'AUTH_HMAC_SHA1_96',
    token: 'sha1',
    kind: 'hmac',
    hash: 'sha1',
    keyOctets: 20,
    icvOctets: 12,
    requirement: { level: 'MUST-', source: RFC8221 },
    names: {
      solaris: ['hmac-sha1', 'sha', 'sha1', 'sha-1', 'hmac-sha', 'hmac-sha-1'],
      kame: ['hmac-sha1'],
      strongswan: ['sha1', 'sha'],
      wireshark: ['HMAC-SHA-1-96 [RFC2404]'],
      scapy: ['HMAC-SHA1-96'],
    },
  }),
  entry({
    ianaId: 5,
    name: 'AUTH_AES_XCBC_96',
    token: 'aesxcbc',
    kind: 'xcbc',
    keyOctets: 16,
    icvOctets: 12,
    requirement: may,
    names: { kame: ['aes-xcbc-mac'], wireshark: ['ANY 96 bit authentication [no checking]'] },
  }),
  entry({
    ianaId: 8,
    name: 'AUTH_AES_CMAC_96',
    token: 'aescmac',
    kind: 'cmac',
    keyOctets: 16,
    icvOctets: 12,
    requirement: null,
    names: { kame: ['aes-cmac'], wireshark: ['ANY 96 bit authentication [no checking]'], scapy: ['AES-CMAC-96'] },
  }),
  // What Linux once took for HMAC-SHA-256-128, and other systems with it: of no number, RFC 8221 §6.
  entry({
    ianaId: null,
    name: 'AUTH_HMAC_SHA2_256_96',
    token: 'sha256_96',
    kind: 'hmac',
    hash: 'sha256',
    keyOctets: 32,
    icvOctets: 12,
    requirement: null,
    names: {
      strongswan: ['sha256_96', 'sha2_256_96'],
      wireshark: ['HMAC-SHA-256-96 [draft-ietf-ipsec-ciph-sha-256-00]'],
    },
  }),
  gmac(9, 128, may),
  gmac(10, 192, may),
  gmac(11, 256, may),
  entry({
    ianaId: 1,
    name: 'AUTH_HMAC_MD5_96',
    token: 'md5',
    kind: 'hmac',
    hash: 'md5',
    keyOctets: 16,
    icvOctets: 12,
    requirement: { level: 'MUST NOT', source: RFC8221 },
    names: {
      solaris: ['hmac-md5', 'md5'],
      kame: ['hmac-md5'],
      wireshark: ['HMAC-MD5-96 [RFC2403]'],
      scapy: ['HMAC-MD5-96'],
    },
  }),
  // The two whole ones are Fibre Channel's, RFC 4595.
  entry({
    ianaId: 6,
    name: 'AUTH_HMAC_MD5_128',
    token: 'md5_128',
    kind: 'hmac',
    hash: 'md5',
    keyOctets: 16,
    icvOctets: 16,
    requirement: deprecated,
    names: { wireshark: ['ANY 128 bit authentication [no checking]'] },
  }),
  entry({
    ianaId: 7,
    name: 'AUTH_HMAC_SHA1_160',
    token: 'sha1_160',
    kind: 'hmac',
    hash: 'sha1',
    keyOctets: 20,
    icvOctets: 20,
    requirement: deprecated,
    names: {},
  }),
];

const BY_TOKEN: ReadonlyMap<string, IntegrityAlgorithm> = new Map(ALL.map(one => [one.token, one]));

/** RFC 4868: the ICV is half of the hash. */
function sha2(
  bits: 256 | 384 | 512,
  ianaId: number,
  icvOctets: number,
  requirement: Requirement | null,
): HmacAlgorithm {
  return entry({
    ianaId,
    name: `AUTH_HMAC_SHA2_${bits}_${bits / 2}`,
    token: `sha${bits}`,
    kind: 'hmac',
    hash: `sha${bits}`,
    keyOctets: bits / 8,
    icvOctets,
    requirement,
    names: {
      solaris: [`hmac-sha${bits}`, `sha${bits}`, `sha-${bits}`, `hmac-sha-${bits}`],
      kame: [`hmac-sha${bits}`, `hmac-sha2-${bits}`],
      strongswan: [`sha${bits}`, `sha2_${bits}`],
      wireshark: [`HMAC-SHA-${bits}-${bits / 2} [RFC4868]`],
      scapy: [`SHA2-${bits}-${bits / 2}`],
    },
  });
}

/** RFC 4543 §4 and §9. */
function gmac(ianaId: number, bits: 128 | 192 | 256, requirement: Requirement): GmacAlgorithm {
  return entry({
    ianaId,
    name: `AUTH_AES_${bits}_GMAC`,
    token: `aes${bits}gmac`,
    kind: 'gmac',
    cipher: `aes-${bits}-gcm`,
    keyOctets: bits / 8,
    saltOctets: 4,
    ivOctets: 8,
    icvOctets: 16,
    requirement,
    names: { kame: [`aes-${bits}-gmac`] },
  });
}
