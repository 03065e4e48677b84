import { createHmac, createSecretKey } from 'node:crypto';
import { aesMac } from './aes-mac.ts';
import { type AlgorithmEntry, type DialectNames, type Requirement, speaksAgainst } from './algorithm-entry.ts';
import type { Prf } from './prf.ts';

/** By its part of a proposal's text, such as `prfsha256`; null: there is none. */
export function prf(token: string): Prf | null {
  return BY_TOKEN.get(token) ?? null;
}

/** IKEv2 Transform Type 2. */
export function prfNumbered(ianaId: number): Prf | null {
  return ALL.find(one => one.ianaId === ianaId) ?? null;
}

/** All of them, the strongest habits first. */
export function prfs(): readonly Prf[] {
  return ALL;
}

/**
 * prf+ (K, S), RFC 7296 §2.13: as many octets of keying material as are asked for; the caller owns them. RangeError past 255
 * outputs of the PRF.
 */
export function prfPlus(prf: Prf, key: Uint8Array, seed: Uint8Array, octets: number): Uint8Array {
  const blocks = Math.ceil(octets / prf.outputOctets);
  if (blocks > 255) throw new RangeError(`prf+ of ${octets} octets: ${prf.name} gives no more than 255 outputs`);
  const material = new Uint8Array(blocks * prf.outputOctets);
  let previous: Uint8Array = new Uint8Array();
  for (let i = 0; i < blocks; i++) {
    previous = prf.compute(key, Buffer.concat([previous, seed, Uint8Array.of(i + 1)]));
    material.set(previous, i * prf.outputOctets);
  }
  return material.subarray(0, octets);
}

/**
 * The key of the PRF that makes SKEYSEED of a first exchange, RFC 7296 §2.14: Ni | Nr, and of either the first 64 bits alone
 * where the PRF was one of a fixed key size.
 */
export function skeyseedKey(prf: Prf, ni: Uint8Array, nr: Uint8Array): Uint8Array {
  const { length } = HALVED.has(prf.token) ? { length: prf.keyOctets / 2 } : { length: Number.POSITIVE_INFINITY };
  return Buffer.concat([ni.subarray(0, length), nr.subarray(0, length)]);
}

const HALVED: ReadonlySet<string> = new Set(['prfaesxcbc', 'prfaescmac']);
const RFC8247 = 'RFC 8247 §2.2';

type Given = Pick<Prf, 'ianaId' | 'name' | 'token' | 'outputOctets' | 'requirement' | 'compute'> & {
  readonly names?: Partial<DialectNames>;
};

function entry(given: Given): Prf {
  const names: AlgorithmEntry['names'] = {
    solaris: [],
    kame: [],
    strongswan: [given.token],
    wireshark: [],
    scapy: [],
    ...given.names,
  };
  return {
    ...given,
    names,
    keyOctets: given.outputOctets, // the preferred key size is the length of the output, RFC 7296 §2.13
    legacy: speaksAgainst(given.requirement),
    unavailable: null,
  };
}

const ALL: readonly Prf[] = [
  hmac('sha256', 5, 'PRF_HMAC_SHA2_256', 32, { level: 'MUST', source: RFC8247 }),
  hmac('sha384', 6, 'PRF_HMAC_SHA2_384', 48, null),
  hmac('sha512', 7, 'PRF_HMAC_SHA2_512', 64, { level: 'SHOULD', source: RFC8247 }),
  entry({
    ianaId: 4,
    name: 'PRF_AES128_XCBC',
    token: 'prfaesxcbc',
    outputOctets: 16,
    requirement: { level: 'MAY', source: RFC8247 },
    compute: (key, data) => blockCipherPrf('xcbc', key.length < 16 ? padded(key) : key, data),
  }),
  entry({
    ianaId: 8,
    name: 'PRF_AES128_CMAC',
    token: 'prfaescmac',
    outputOctets: 16,
    requirement: null,
    compute: (key, data) => blockCipherPrf('cmac', key, data),
  }),
  hmac('sha1', 2, 'PRF_HMAC_SHA1', 20, { level: 'MUST-', source: RFC8247 }),
  hmac('md5', 1, 'PRF_HMAC_MD5', 16, { level: 'MUST NOT', source: RFC8247 }),
];

const BY_TOKEN: ReadonlyMap<string, Prf> = new Map(ALL.map(one => [one.token, one]));

/** RFC 2104, RFC 4868 §2.1.2: not cut. */
function hmac(hash: string, ianaId: number, name: string, outputOctets: number, requirement: Requirement | null): Prf {
  return entry({
    ianaId,
    name,
    token: `prf${hash}`,
    outputOctets,
    requirement,
    names: { solaris: [hash], kame: [hash] },
    compute: (key, data) => new Uint8Array(createHmac(hash, key).update(data).digest()),
  });
}

/** A key of another length than the cipher's is made one by the MAC itself, under a zero key: RFC 4434 §2, RFC 4615 §3. */
function blockCipherPrf(kind: 'xcbc' | 'cmac', key: Uint8Array, data: Uint8Array): Uint8Array {
  const fitting = key.length === 16 ? key : aesMac(kind, createSecretKey(new Uint8Array(16)), [key]);
  return aesMac(kind, createSecretKey(fitting), [data]);
}

/** RFC 4434 §2: zeros behind a key that is too short. */
function padded(key: Uint8Array): Uint8Array {
  const result = new Uint8Array(16);
  result.set(key);
  return result;
}
