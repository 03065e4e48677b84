import { u32At } from '../wire/octets.ts';
import type { BlockCipher64 } from './block-cipher.ts';
import { CAST_SBOXES } from './cast-sboxes.ts';

/**
 * CAST-128, RFC 2144, with a key of 128 bits and 16 rounds: OpenSSL has it in its legacy provider only. Slow, and its time depends
 * on the key: for talking to relics, as its requirement says.
 */
export function cast128(key: Uint8Array): BlockCipher64 {
  if (key.length !== 16) throw new RangeError(`a key of ${key.length} octets instead of 16`);
  const { masking, rotation } = subkeys(key);
  return {
    encrypt: (words, at) => rounds(words, at, round => round),
    decrypt: (words, at) => rounds(words, at, round => 15 - round),
  };

  function rounds(words: Uint32Array, at: number, order: (round: number) => number): void {
    let [left, right] = [word(words, at), word(words, at + 1)];
    for (let i = 0; i < 16; i++) {
      const round = order(i);
      const mixed = left ^ roundFunction(round % 3, right, word(masking, round), word(rotation, round));
      [left, right] = [right, mixed];
    }
    words[at] = right;
    words[at + 1] = left;
  }
}

/** RFC 2144 §2.2: types 1, 2 and 3 in turn. */
function roundFunction(type: number, data: number, masking: number, rotation: number): number {
  const [s1, s2, s3, s4] = boxes();
  if (type === 0) {
    const i = rotated((masking + data) | 0, rotation);
    return ((at(s1, i >>> 24) ^ at(s2, i >>> 16)) - at(s3, i >>> 8) + at(s4, i)) | 0;
  }
  if (type === 1) {
    const i = rotated(masking ^ data, rotation);
    return (at(s1, i >>> 24) - at(s2, i >>> 16) + at(s3, i >>> 8)) ^ at(s4, i);
  }
  const i = rotated((masking - data) | 0, rotation);
  return (((at(s1, i >>> 24) + at(s2, i >>> 16)) ^ at(s3, i >>> 8)) - at(s4, i)) | 0;
}

const rotated = (value: number, by: number): number => (value << by) | (value >>> ((32 - by) & 31));
const at = (box: Uint32Array, index: number): number => (box[index & 0xff] as number) | 0;
const word = (words: Uint32Array, index: number): number => (words[index] as number) | 0;

/**
 * Km and Kr of all rounds, RFC 2144 §2.4. Its scheme of 16 subkeys runs twice, each from `x` to `z` and back twice; the second
 * 16 are rotations, 5 bits each.
 */
function subkeys(key: Uint8Array): { masking: Uint32Array; rotation: Uint32Array } {
  const x = Uint8Array.from(key);
  const z = new Uint8Array(16);
  const all: number[] = [];
  for (let run = 0; run < 2; run++) {
    mix(z, x, Z_FROM_X);
    for (const pick of FROM_Z) all.push(sum(z, pick));
    mix(x, z, X_FROM_Z);
    for (const pick of FROM_X) all.push(sum(x, pick));
    mix(z, x, Z_FROM_X);
    for (const pick of FROM_Z_AGAIN) all.push(sum(z, pick));
    mix(x, z, X_FROM_Z);
    for (const pick of FROM_X_AGAIN) all.push(sum(x, pick));
  }
  return { masking: Uint32Array.from(all.slice(0, 16)), rotation: Uint32Array.from(all.slice(16), one => one & 31) };
}

/** Octets that go through S5, S6, S7, S8, and the fifth with its box: in RFC 2144's hexadecimal. */
type Pick = readonly [octets: string, box: 5 | 6 | 7 | 8, fifth: string];

/** One line of RFC 2144 §2.4: four octets of the new value are four of the old and what boxes make of others. */
interface Line {
  /** The first of four octets each. */
  readonly to: number;
  readonly from: number;
  /** Octets of `z` or `x`, of which the first line takes all from the old value, the others all but the last from the new one. */
  readonly octets: string;
  readonly box: 5 | 6 | 7 | 8;
  readonly fifth: string;
}

const Z_FROM_X: readonly Line[] = [
  { to: 0, from: 0, octets: 'dfce', box: 7, fifth: '8' },
  { to: 4, from: 8, octets: '0213', box: 8, fifth: 'a' },
  { to: 8, from: 12, octets: '7654', box: 5, fifth: '9' },
  { to: 12, from: 4, octets: 'a9b8', box: 6, fifth: 'b' },
];

const X_FROM_Z: readonly Line[] = [
  { to: 0, from: 8, octets: '5746', box: 7, fifth: '0' },
  { to: 4, from: 0, octets: '0213', box: 8, fifth: '2' },
  { to: 8, from: 4, octets: '7654', box: 5, fifth: '1' },
  { to: 12, from: 12, octets: 'a9b8', box: 6, fifth: '3' },
];

/** K1 to K4. */
const FROM_Z: readonly Pick[] = [
  ['8976', 5, '2'],
  ['ab54', 6, '6'],
  ['cd32', 7, '9'],
  ['ef10', 8, 'c'],
];

/** K5 to K8. */
const FROM_X: readonly Pick[] = [
  ['32cd', 5, '8'],
  ['10ef', 6, 'd'],
  ['7689', 7, '3'],
  ['54ab', 8, '7'],
];

/** K9 to K12. */
const FROM_Z_AGAIN: readonly Pick[] = [
  ['32cd', 5, '9'],
  ['10ef', 6, 'c'],
  ['7689', 7, '2'],
  ['54ab', 8, '6'],
];

/** K13 to K16. */
const FROM_X_AGAIN: readonly Pick[] = [
  ['8976', 5, '3'],
  ['ab54', 6, '7'],
  ['cd32', 7, '8'],
  ['ef10', 8, 'd'],
];

function mix(target: Uint8Array, old: Uint8Array, lines: readonly Line[]): void {
  for (const [i, { to, from, octets, box, fifth }] of lines.entries()) {
    const boxed = throughBoxes(i === 0 ? old : target, octets) ^ at(boxNumbered(box), octetAt(old, fifth));
    const value = u32At(old, from) ^ boxed;
    for (let k = 0; k < 4; k++) target[to + k] = value >>> (24 - 8 * k);
  }
}

const sum = (octets: Uint8Array, [four, box, fifth]: Pick): number =>
  (throughBoxes(octets, four) ^ at(boxNumbered(box), octetAt(octets, fifth))) >>> 0;

const throughBoxes = (octets: Uint8Array, names: string): number =>
  Array.from(names).reduce((result, name, i) => result ^ at(boxNumbered(5 + i), octetAt(octets, name)), 0);

const octetAt = (octets: Uint8Array, name: string): number => octets[Number.parseInt(name, 16)] ?? 0;

const boxNumbered = (number: number): Uint32Array => boxes()[number - 1] ?? new Uint32Array(256);

type Boxes = readonly [Uint32Array, Uint32Array, Uint32Array, Uint32Array, ...Uint32Array[]];

let made: Boxes | null = null;

/** Read when the first key is made. */
function boxes(): Boxes {
  if (made !== null) return made;
  const [s1, s2, s3, s4, ...others] = CAST_SBOXES.map(lines => {
    const hex = lines.join('');
    return Uint32Array.from({ length: 256 }, (_, i) => Number.parseInt(hex.slice(8 * i, 8 * i + 8), 16));
  });
  if (s1 === undefined || s2 === undefined || s3 === undefined || s4 === undefined)
    throw new Error('S-boxes are missing');
  made = [s1, s2, s3, s4, ...others];
  return made;
}
