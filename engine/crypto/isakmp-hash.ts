import { createHash } from 'node:crypto';
import type { Prf } from './prf.ts';
import { prf } from './prf-table.ts';

/** A hash that phase 1 negotiates: for NAT-D, for IVs (RFC 2409 Appendix B), and as an HMAC the prf of everything (§4). */
export interface IsakmpHash {
  /** As in a proposal: `sha256`, `md5`. */
  readonly token: string;
  /** Its Hash Algorithm, RFC 2409 Appendix A: `OakleyHash` of engine/wire/isakmp. */
  readonly oakleyId: number;
  readonly outputOctets: number;
  /** Of its HMAC: RFC 2409 §4, not cut. The prf that IKEv2 has of the same hash. */
  readonly prf: Prf;
  /** The digest of all parts, one after the other. */
  digest(...parts: readonly Uint8Array[]): Uint8Array;
}

/** By its token; null: there is none. */
export function isakmpHash(token: string): IsakmpHash | null {
  return ALL.find(one => one.token === token) ?? null;
}

/** By its number; null: Tiger, and whatever else nobody has. */
export function isakmpHashNumbered(oakleyId: number): IsakmpHash | null {
  return ALL.find(one => one.oakleyId === oakleyId) ?? null;
}

const ALL: readonly IsakmpHash[] = [
  hash('sha256', 4),
  hash('sha384', 5),
  hash('sha512', 6),
  hash('sha1', 2),
  hash('md5', 1),
];

function hash(token: string, oakleyId: number): IsakmpHash {
  const found = prf(`prf${token}`);
  if (found === null) throw new Error(`no prf of ${token}`);
  return {
    token,
    oakleyId,
    outputOctets: found.outputOctets,
    prf: found,
    digest(...parts) {
      const state = createHash(token);
      for (const part of parts) state.update(part);
      return new Uint8Array(state.digest());
    },
  };
}
