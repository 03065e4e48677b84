import { createHash, createHmac } from 'node:crypto';
import type { CbcCipher } from './cbc.ts';

/** The keys of one ISAKMP SA, RFC 2409 §5. */
export interface IsakmpKeys {
  readonly skeyid: Uint8Array;
  readonly d: Uint8Array;
  readonly a: Uint8Array;
  readonly e: Uint8Array;
  /** Of the cipher, made of `e` as Appendix B has it. */
  readonly encryption: Uint8Array;
  /** Phase 1's own: what its first encrypted message is chained to. */
  readonly firstIv: Uint8Array;
}

/** What both sides put in. */
export interface KeySources {
  readonly nonceI: Uint8Array;
  readonly nonceR: Uint8Array;
  /** g^xy. */
  readonly shared: Uint8Array;
  /** g^xi and g^xr, as they are in KE. */
  readonly publicI: Uint8Array;
  readonly publicR: Uint8Array;
  /** 8 octets each. */
  readonly cookieI: Uint8Array;
  readonly cookieR: Uint8Array;
  /** null: they authenticate by signatures. */
  readonly psk: Uint8Array | null;
}

/** HMAC of the negotiated hash, RFC 2409 §5 and RFC 4868 §2.1.2. */
export const prf = (hash: string, key: Uint8Array, ...data: readonly Uint8Array[]): Uint8Array =>
  createHmac(hash, key).update(Buffer.concat(data)).digest();

export const digest = (hash: string, ...data: readonly Uint8Array[]): Uint8Array =>
  createHash(hash).update(Buffer.concat(data)).digest();

/** SKEYID, SKEYID_d, SKEYID_a, SKEYID_e. */
export function isakmpKeys(hash: string, cipher: CbcCipher, sources: KeySources): IsakmpKeys {
  const { nonceI, nonceR, shared, cookieI, cookieR, psk } = sources;
  const skeyid = psk === null ? prf(hash, Buffer.concat([nonceI, nonceR]), shared) : prf(hash, psk, nonceI, nonceR);
  const common = [shared, cookieI, cookieR];
  const d = prf(hash, skeyid, ...common, Uint8Array.of(0));
  const a = prf(hash, skeyid, d, ...common, Uint8Array.of(1));
  const e = prf(hash, skeyid, a, ...common, Uint8Array.of(2));
  const iv = digest(hash, sources.publicI, sources.publicR).subarray(0, cipher.blockOctets);
  return { skeyid, d, a, e, encryption: cipherKey(hash, e, cipher.keyOctets), firstIv: Uint8Array.from(iv) };
}

/** Appendix B: SKEYID_e where it is long enough, else Ka = K1 | K2 | …, K1 = prf(SKEYID_e, 0), K2 = prf(SKEYID_e, K1). */
export function cipherKey(hash: string, e: Uint8Array, octets: number): Uint8Array {
  if (e.length >= octets) return e.subarray(0, octets);
  let last = prf(hash, e, Uint8Array.of(0));
  let all: Uint8Array = last;
  while (all.length < octets) {
    last = prf(hash, e, last);
    all = Buffer.concat([all, last]);
  }
  return all.subarray(0, octets);
}

/** The IV of an exchange of phase 2, Appendix B: of the last block of phase 1 and the Message ID. */
export function phase2Iv(hash: string, cipher: CbcCipher, lastOfPhase1: Uint8Array, messageId: number): Uint8Array {
  return Uint8Array.from(digest(hash, lastOfPhase1, u32(messageId)).subarray(0, cipher.blockOctets));
}

/** HASH_I or HASH_R, §5: over the halves and cookies in the order of who proves himself, SAi_b and his ID. */
export function phase1Hash(
  hash: string,
  { skeyid }: IsakmpKeys,
  sources: KeySources,
  prover: 'initiator' | 'responder',
  saBody: Uint8Array,
  idBody: Uint8Array,
): Uint8Array {
  const { publicI, publicR, cookieI, cookieR } = sources;
  const order = prover === 'initiator' ? [publicI, publicR, cookieI, cookieR] : [publicR, publicI, cookieR, cookieI];
  return prf(hash, skeyid, ...order, saBody, idBody);
}

/** One SA's keys, §5.5: `shared` where there is perfect forward secrecy. SPI in its four octets. */
export function keymat(
  hash: string,
  d: Uint8Array,
  of: {
    readonly shared: Uint8Array | null;
    readonly protocolId: number;
    readonly spi: Uint8Array;
    readonly nonceI: Uint8Array;
    readonly nonceR: Uint8Array;
  },
  octets: number,
): Uint8Array {
  const { shared, protocolId, spi, nonceI, nonceR } = of;
  const seed = Buffer.concat([shared ?? new Uint8Array(0), Uint8Array.of(protocolId), spi, nonceI, nonceR]);
  let last = prf(hash, d, seed);
  let all: Uint8Array = last;
  while (all.length < octets) {
    last = prf(hash, d, last, seed);
    all = Buffer.concat([all, last]);
  }
  return all.subarray(0, octets);
}

/** Big-endian. */
export function u32(value: number): Uint8Array {
  return Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value);
}
