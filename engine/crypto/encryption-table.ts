import { type AlgorithmEntry, type DialectNames, type Requirement, speaksAgainst } from './algorithm-entry.ts';
import type {
  AeadAlgorithm,
  CbcAlgorithm,
  CipherShape,
  CtrAlgorithm,
  EncryptionAlgorithm,
  NullAlgorithm,
} from './encryption.ts';
import { isComputable } from './own-ciphers.ts';

const KEY_BITS = [128, 192, 256] as const;
const ICV_OCTETS = [16, 8, 12] as const;
const RFC8221 = 'RFC 8221 §5';
const must: Requirement = { level: 'MUST', source: RFC8221 };
const should: Requirement = { level: 'SHOULD', source: RFC8221 };
const may: Requirement = { level: 'MAY', source: RFC8221 };
const shouldNot: Requirement = { level: 'SHOULD NOT', source: RFC8221 };
const mustNot: Requirement = { level: 'MUST NOT', source: RFC8221 };
const deprecated: Requirement = { level: 'MUST NOT', source: 'RFC 9395' };

/** What the entries of a family have in common is left out of each. */
type Given<T extends CipherShape> = Omit<T, 'legacy' | 'unavailable' | 'names'> & { names: Partial<DialectNames> };

function entry<T extends EncryptionAlgorithm>(given: Given<T>): Omit<Given<T>, 'names'> & AlgorithmEntry {
  return {
    ...given,
    names: { solaris: [], kame: [], strongswan: [given.token], wireshark: [], scapy: [], ...given.names },
    legacy: speaksAgainst(given.requirement),
    unavailable: whyUnavailable(given.cipher),
  };
}

function whyUnavailable(cipher: string | null): string | null {
  if (cipher === null || isComputable(cipher)) return null;
  return `the OpenSSL of this Node has no ${cipher}`;
}

/** Numbers are those of IKEv2 Transform Type 1. The strongest habits first. */
export const ENCRYPTION_TABLE: readonly EncryptionAlgorithm[] = [
  ...ICV_OCTETS.flatMap(icv => KEY_BITS.map(bits => gcm(bits, icv, false))),
  chaCha20Poly1305(false),
  ...ICV_OCTETS.flatMap(icv => KEY_BITS.map(bits => ccm(bits, icv, false))),
  ...KEY_BITS.map(bits => gcm(bits, 16, true)),
  chaCha20Poly1305(true),
  ...KEY_BITS.map(bits => ccm(bits, 8, true)),
  ...KEY_BITS.map(gmac),
  ...KEY_BITS.map(aesCbc),
  ...KEY_BITS.map(aesCtr),
  ...KEY_BITS.map(camelliaCbc),
  nullEncryption(),
  tripleDes(),
  des(),
  ...[...KEY_BITS, 448].map(blowfish),
  cast(),
];

/** 18, 19 and 20, RFC 4106 §8.2. */
function gcm(bits: number, icvOctets: 8 | 12 | 16, implicitIv: boolean): AeadAlgorithm {
  const token = `aes${bits}gcm${icvOctets}`;
  const names = {
    solaris: [`aes-gcm-${icvOctets}`, `aes-gcm${icvOctets}`, ...(icvOctets === 16 ? ['aes-gcm'] : [])],
    kame: [`aes-gcm-${icvOctets}`],
    strongswan: [token, `aes${bits}gcm${icvOctets * 8}`, ...(icvOctets === 16 ? [`aes${bits}gcm`] : [])],
    wireshark: [`AES-GCM with ${icvOctets} octet ICV [RFC4106]`],
    scapy: icvOctets === 16 ? ['AES-GCM'] : [],
  };
  return entry<AeadAlgorithm>({
    aead: true,
    kind: 'gcm',
    ianaId: implicitIv ? 30 : 17 + icvOctets / 4 - 1,
    name: `ENCR_AES_GCM_${icvOctets}${implicitIv ? '_IIV' : ''}`,
    token: implicitIv ? `${token}iiv` : token,
    names: implicitIv ? { strongswan: [] } : names,
    cipher: `aes-${bits}-gcm`,
    keyOctets: bits / 8,
    saltOctets: 4,
    ivOctets: implicitIv ? 0 : 8,
    blockOctets: 4,
    icvOctets,
    implicitIv,
    requirement: implicitIv || icvOctets !== 16 ? null : bits === 192 ? may : must,
  });
}

/** 14, 15 and 16, RFC 4309 §7.3. */
function ccm(bits: number, icvOctets: 8 | 12 | 16, implicitIv: boolean): AeadAlgorithm {
  const token = `aes${bits}ccm${icvOctets}`;
  const names = {
    solaris: [`aes-ccm-${icvOctets}`, `aes-ccm${icvOctets}`, ...(icvOctets === 16 ? ['aes-ccm'] : [])],
    kame: [`aes-ccm-${icvOctets}`],
    strongswan: [token, `aes${bits}ccm${icvOctets * 8}`, ...(icvOctets === 16 ? [`aes${bits}ccm`] : [])],
    scapy: ['AES-CCM'],
  };
  return entry<AeadAlgorithm>({
    aead: true,
    kind: 'ccm',
    ianaId: implicitIv ? 29 : 13 + icvOctets / 4 - 1,
    name: `ENCR_AES_CCM_${icvOctets}${implicitIv ? '_IIV' : ''}`,
    token: implicitIv ? `${token}iiv` : token,
    names: implicitIv ? { strongswan: [] } : names,
    cipher: `aes-${bits}-ccm`,
    keyOctets: bits / 8,
    saltOctets: 3,
    ivOctets: implicitIv ? 0 : 8,
    blockOctets: 4,
    icvOctets,
    implicitIv,
    requirement: implicitIv || icvOctets !== 8 ? null : bits === 128 ? should : may,
  });
}

/** RFC 7634. */
function chaCha20Poly1305(implicitIv: boolean): AeadAlgorithm {
  const names = { solaris: ['chacha20-poly1305'], kame: ['chacha20-poly1305'], scapy: ['CHACHA20-POLY1305'] };
  return entry<AeadAlgorithm>({
    aead: true,
    kind: 'chacha20poly1305',
    ianaId: implicitIv ? 31 : 28,
    name: `ENCR_CHACHA20_POLY1305${implicitIv ? '_IIV' : ''}`,
    token: implicitIv ? 'chacha20poly1305iiv' : 'chacha20poly1305',
    names: implicitIv ? { strongswan: [] } : names,
    cipher: 'chacha20-poly1305',
    keyOctets: 32,
    saltOctets: 4,
    ivOctets: implicitIv ? 0 : 8,
    blockOctets: 4,
    icvOctets: 16,
    implicitIv,
    requirement: implicitIv ? null : should,
  });
}

/** ENCR_NULL_AUTH_AES_GMAC, RFC 4543 §3: no encryption, and integrity that needs an IV. */
function gmac(bits: number): AeadAlgorithm {
  return entry<AeadAlgorithm>({
    aead: true,
    kind: 'gmac',
    ianaId: 21,
    name: 'ENCR_NULL_AUTH_AES_GMAC',
    token: `aes${bits}gmac`,
    names: { kame: ['aes-gmac'] },
    cipher: `aes-${bits}-gcm`,
    keyOctets: bits / 8,
    saltOctets: 4,
    ivOctets: 8,
    blockOctets: 4,
    icvOctets: 16,
    implicitIv: false,
    requirement: null,
  });
}

/** RFC 3602. */
function aesCbc(bits: number): CbcAlgorithm {
  const names = {
    solaris: ['aes-cbc', 'aes'],
    kame: ['rijndael-cbc', 'aes-cbc'],
    strongswan: bits === 128 ? ['aes128', 'aes'] : [`aes${bits}`],
    wireshark: ['AES-CBC [RFC3602]'],
    scapy: ['AES-CBC'],
  };
  const requirement = bits === 192 ? may : must;
  return cbc(
    { ianaId: 12, name: 'ENCR_AES_CBC', token: `aes${bits}`, names, requirement },
    `aes-${bits}-cbc`,
    bits,
    16,
  );
}

/** RFC 3686. */
function aesCtr(bits: number): CtrAlgorithm {
  return entry<CtrAlgorithm>({
    aead: false,
    kind: 'ctr',
    ianaId: 13,
    name: 'ENCR_AES_CTR',
    token: `aes${bits}ctr`,
    names: { kame: ['aes-ctr'], wireshark: ['AES-CTR [RFC3686]'], scapy: ['AES-CTR'] },
    cipher: `aes-${bits}-ctr`,
    keyOctets: bits / 8,
    saltOctets: 4,
    ivOctets: 8,
    blockOctets: 4,
    icvOctets: 0,
    requirement: null,
  });
}

/** RFC 4312. */
function camelliaCbc(bits: number): CbcAlgorithm {
  const token = `camellia${bits}`;
  const names = { kame: ['camellia-cbc'], strongswan: bits === 128 ? [token, 'camellia'] : [token] };
  return cbc(
    { ianaId: 23, name: 'ENCR_CAMELLIA_CBC', token, names, requirement: null },
    `camellia-${bits}-cbc`,
    bits,
    16,
  );
}

/** RFC 2410. */
function nullEncryption(): NullAlgorithm {
  return entry<NullAlgorithm>({
    aead: false,
    kind: 'null',
    ianaId: 11,
    name: 'ENCR_NULL',
    token: 'null',
    names: { solaris: ['null'], kame: ['null'], wireshark: ['NULL'], scapy: ['NULL'] },
    cipher: null,
    keyOctets: 0,
    saltOctets: 0,
    ivOctets: 0,
    blockOctets: 4,
    icvOctets: 0,
    requirement: must,
  });
}

/** RFC 2451. */
function tripleDes(): CbcAlgorithm {
  const names = {
    solaris: ['3des-cbc', '3des'],
    kame: ['3des-cbc'],
    wireshark: ['TripleDES-CBC [RFC2451]'],
    scapy: ['3DES'],
  };
  return cbc({ ianaId: 3, name: 'ENCR_3DES', token: '3des', names, requirement: shouldNot }, 'des-ede3-cbc', 192, 8);
}

/** RFC 2405; triple DES with one key three times is single DES: see `cipherKey`. */
function des(): CbcAlgorithm {
  const names = {
    solaris: ['des-cbc', 'des'],
    kame: ['des-cbc'],
    wireshark: ['DES-CBC [RFC2405]'],
    scapy: ['DES'],
  };
  return cbc({ ianaId: 2, name: 'ENCR_DES', token: 'des', names, requirement: mustNot }, 'des-ede3-cbc', 64, 8);
}

/** RFC 2451: 40 to 448 bits; these are the lengths that others name. */
function blowfish(bits: number): CbcAlgorithm {
  const token = bits === 128 ? 'blowfish' : `blowfish${bits}`;
  const names = {
    solaris: ['blowfish-cbc', 'blowfish'],
    kame: ['blowfish-cbc'],
    strongswan: bits === 128 ? ['blowfish128', 'blowfish'] : [token],
    wireshark: ['BLOWFISH-CBC [RFC2451]'],
    scapy: ['Blowfish'],
  };
  return cbc({ ianaId: 7, name: 'ENCR_BLOWFISH', token, names, requirement: mustNot }, 'bf-cbc', bits, 8);
}

/** RFC 2451. */
function cast(): CbcAlgorithm {
  const names = {
    kame: ['cast128-cbc'],
    strongswan: ['cast128'],
    wireshark: ['CAST5-CBC [RFC2144]'],
    scapy: ['CAST'],
  };
  return cbc({ ianaId: 6, name: 'ENCR_CAST', token: 'cast', names, requirement: deprecated }, 'cast5-cbc', 128, 8);
}

function cbc(
  given: Pick<Given<CbcAlgorithm>, 'ianaId' | 'name' | 'token' | 'names' | 'requirement'>,
  cipher: string,
  keyBits: number,
  blockOctets: number,
): CbcAlgorithm {
  const shape = { keyOctets: keyBits / 8, saltOctets: 0, ivOctets: blockOctets, blockOctets, icvOctets: 0 } as const;
  return entry<CbcAlgorithm>({ ...given, ...shape, aead: false, kind: 'cbc', cipher });
}
