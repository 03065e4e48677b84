import type { Prf } from '../../crypto/prf.ts';
import { prfNumbered } from '../../crypto/prf-table.ts';
import type { NotifyPayload, PuzzleSolutionPayload } from '../../wire/ike/payload.ts';
import { NotifyType } from '../../wire/ike/registry.ts';
import { setU32 } from '../../wire/octets.ts';
import { notifyPayload } from './notify.ts';

/**
 * Puzzles of RFC 8019 §7.1: whoever wants an IKE SA while many others do has to find four keys Ki of a PRF, all of one size,
 * such that prf(Ki, cookie) ends with so many zero bits.
 *
 *     HDR, SA, KE, Ni  -->            <--  HDR, N(COOKIE), N(PUZZLE)
 *     HDR, N(COOKIE), PS, SA, KE, Ni  -->
 */
export interface Puzzle {
  readonly prf: Prf;
  /** 0: as many as the solver likes. */
  readonly zeroBits: number;
}

/** §7.1.3. */
const KEYS = 4;
const KEY_OCTETS = 4;

export function puzzleNotify({ prf, zeroBits }: Puzzle): NotifyPayload {
  return notifyPayload(NotifyType.PUZZLE, Uint8Array.of(prf.ianaId >>> 8, prf.ianaId & 0xff, zeroBits));
}

/** null: not well formed, or of a PRF that is not known here: §7.1.2 has it ignored. */
export function readPuzzle(notify: NotifyPayload): Puzzle | null {
  const [high, low, zeroBits] = notify.data;
  if (notify.data.length !== 3 || high === undefined || low === undefined || zeroBits === undefined) return null;
  const prf = prfNumbered((high << 8) | low);
  return prf === null ? null : { prf, zeroBits };
}

/** What work at a puzzle came to. */
export type PuzzleWork =
  | { readonly kind: 'solved'; readonly solution: PuzzleSolutionPayload }
  /** More than this node is willing to compute: the request goes back with the cookie alone, §7.1.2. */
  | { readonly kind: 'givenUp' };

/** Tries at most `triesMax` keys, in their order: the same puzzle has the same solution. */
export function solvePuzzle({ prf, zeroBits }: Puzzle, cookie: Uint8Array, triesMax: number): PuzzleWork {
  const wanted = zeroBits === 0 ? OWN_ZERO_BITS : zeroBits;
  // It takes that many on average: what is hopeless is not begun.
  if (KEYS * 2 ** wanted > triesMax) return { kind: 'givenUp' };
  const data = new Uint8Array(KEYS * keyOctets(prf));
  let found = 0;
  for (let number = 0; number < triesMax; number++) {
    const key = keyOf(number, keyOctets(prf));
    if (trailingZeroBits(prf.compute(key, cookie)) < wanted) continue;
    data.set(key, found * key.length);
    found++;
    if (found === KEYS) return { kind: 'solved', solution: { type: 'PS', data } };
  }
  return { kind: 'givenUp' };
}

/** What is done for a responder that leaves it to us. */
const OWN_ZERO_BITS = 12;

/** How many zero bits a solution has, which is the least of its four keys; null: it is none, §7.1.4 and §8.2. */
export function solvedZeroBits({ prf }: Puzzle, cookie: Uint8Array, { data }: PuzzleSolutionPayload): number | null {
  const octets = data.length / KEYS;
  if (!Number.isInteger(octets) || octets === 0 || octets > prf.keyOctets) return null;
  if (isOfFixedKey(prf) && octets !== prf.keyOctets) return null;
  const keys = Array.from({ length: KEYS }, (_, i) => data.subarray(i * octets, (i + 1) * octets));
  if (new Set(keys.map(key => Buffer.from(key).toString('hex'))).size < KEYS) return null;
  return Math.min(...keys.map(key => trailingZeroBits(prf.compute(key, cookie))));
}

/** The PRF for a puzzle, of those that an initiator offers: the first that this node has and prefers. */
export function puzzlePrf(offered: readonly number[]): Prf | null {
  for (const ianaId of offered) {
    const prf = prfNumbered(ianaId);
    if (prf !== null && !prf.legacy && prf.unavailable === null) return prf;
  }
  return null;
}

/** AES-XCBC and AES-CMAC as RFC 4434 and RFC 4615 have them take keys of any length; their own is asked for all the same. */
const isOfFixedKey = ({ token }: Prf): boolean => token === 'prfaesxcbc' || token === 'prfaescmac';
const keyOctets = (prf: Prf): number => (isOfFixedKey(prf) ? prf.keyOctets : KEY_OCTETS);

function keyOf(number: number, octets: number): Uint8Array {
  const key = new Uint8Array(octets);
  setU32(key, octets - 4, number);
  return key;
}

function trailingZeroBits(octets: Uint8Array): number {
  let bits = 0;
  for (let i = octets.length - 1; i >= 0; i--) {
    const octet = octets[i] ?? 0;
    if (octet !== 0) return bits + (31 - Math.clz32(octet & -octet));
    bits += 8;
  }
  return bits;
}
