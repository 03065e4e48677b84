import { type AlgorithmEntry, type Requirement, speaksAgainst } from './algorithm-entry.ts';

/**
 * How much an algorithm is wanted in an IKE SA, RFC 8247: the tables of encryption and integrity say what RFC 8221 asks of
 * ESP, and the two differ. Others are as their own tables have them.
 */
export function ikeRequirement(entry: AlgorithmEntry): Requirement | null {
  const own = OWN.find(
    ({ name, keyOctets }) => name === entry.name && (keyOctets ?? entry.keyOctets) === entry.keyOctets,
  );
  return own === undefined ? entry.requirement : { level: own.level, source: own.source };
}

/** Off in an IKE SA unless somebody asks for it in so many words. */
export function isLegacyInIke(entry: AlgorithmEntry): boolean {
  return speaksAgainst(ikeRequirement(entry));
}

interface OwnRequirement extends Requirement {
  readonly name: string;
  /** null: any. */
  readonly keyOctets: number | null;
}

const SECTION_2_1 = 'RFC 8247 §2.1';
const SECTION_2_3 = 'RFC 8247 §2.3';

const OWN: readonly OwnRequirement[] = [
  { name: 'ENCR_AES_CBC', keyOctets: 24, level: 'MAY', source: SECTION_2_1 },
  { name: 'ENCR_AES_CBC', keyOctets: null, level: 'MUST', source: SECTION_2_1 },
  { name: 'ENCR_CHACHA20_POLY1305', keyOctets: null, level: 'SHOULD', source: SECTION_2_1 },
  { name: 'ENCR_AES_GCM_16', keyOctets: 24, level: 'MAY', source: SECTION_2_1 },
  { name: 'ENCR_AES_GCM_16', keyOctets: null, level: 'SHOULD', source: SECTION_2_1 },
  { name: 'ENCR_AES_CCM_8', keyOctets: 16, level: 'SHOULD', source: SECTION_2_1 },
  { name: 'ENCR_AES_CCM_8', keyOctets: null, level: 'MAY', source: SECTION_2_1 },
  { name: 'ENCR_3DES', keyOctets: null, level: 'MAY', source: SECTION_2_1 },
  { name: 'ENCR_DES', keyOctets: null, level: 'MUST NOT', source: SECTION_2_1 },
  { name: 'ENCR_NULL', keyOctets: null, level: 'MUST NOT', source: SECTION_2_1 },
  { name: 'AUTH_HMAC_SHA2_256_128', keyOctets: null, level: 'MUST', source: SECTION_2_3 },
  { name: 'AUTH_HMAC_SHA2_512_256', keyOctets: null, level: 'SHOULD', source: SECTION_2_3 },
  { name: 'AUTH_HMAC_SHA1_96', keyOctets: null, level: 'MUST-', source: SECTION_2_3 },
  { name: 'AUTH_AES_XCBC_96', keyOctets: null, level: 'SHOULD', source: SECTION_2_3 },
  { name: 'AUTH_HMAC_MD5_96', keyOctets: null, level: 'MUST NOT', source: SECTION_2_3 },
];
