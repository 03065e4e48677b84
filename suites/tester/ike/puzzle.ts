import type { PuzzleSolutionPayload } from '../../../engine/wire/ike/payload.ts';
import { NotifyType } from '../../../engine/wire/ike/registry.ts';
import { u16At, u8At } from '../../../engine/wire/octets.ts';
import { prf } from './key-schedule.ts';
import { notifies, notify } from './payloads.ts';
import type { Heard } from './peer.ts';

/** Puzzles of RFC 8019 as the tester sets and solves them. */

const HASHES: Readonly<Record<number, string>> = { 2: 'sha1', 5: 'sha256', 6: 'sha384', 7: 'sha512' };

/** What a PUZZLE notify says, §8.1; null: it is not of three octets. */
export function puzzleIn(heard: Heard): { readonly prfId: number; readonly zeroBits: number } | null {
  const [found] = notifies(heard.payloads, NotifyType.PUZZLE);
  return found?.data.length === 3 ? { prfId: u16At(found.data, 0), zeroBits: u8At(found.data, 2) } : null;
}

export const puzzle = (prfId: number, zeroBits: number) =>
  notify(NotifyType.PUZZLE, Uint8Array.of(prfId >> 8, prfId, zeroBits));

/** Four keys of so many octets, whose results have as many zero bits as `fits` wants: enough of them. */
export function solve(
  prfId: number,
  zeroBits: number,
  cookie: Uint8Array,
  keyOctets = 4,
  fits: (bits: number) => boolean = bits => bits >= zeroBits,
): PuzzleSolutionPayload {
  const found: Uint8Array[] = [];
  for (let number = 1; found.length < 4; number++) {
    const key = Buffer.alloc(keyOctets);
    key.writeUInt32BE(number, keyOctets - 4);
    if (fits(zeroBitsOf(prfId, key, cookie))) found.push(key);
  }
  return { type: 'PS', data: Uint8Array.from(Buffer.concat(found)) };
}

/** The keys of a solution; null: their number cannot be four. */
export function keysIn({ data }: PuzzleSolutionPayload): readonly Uint8Array[] | null {
  const octets = data.length / 4;
  if (octets === 0 || !Number.isInteger(octets)) return null;
  return Array.from({ length: 4 }, (_, i) => data.subarray(i * octets, (i + 1) * octets));
}

/** Zero bits at the end of prf(key, cookie), §7.1.3. */
export function zeroBitsOf(prfId: number, key: Uint8Array, cookie: Uint8Array): number {
  const hash = HASHES[prfId];
  if (hash === undefined) throw new Error(`the tester has no PRF ${prfId}`);
  const bits = [...prf(hash, key, cookie)].map(octet => octet.toString(2).padStart(8, '0')).join('');
  return bits.length - (bits.lastIndexOf('1') + 1);
}
