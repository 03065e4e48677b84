import type { Dice } from './dice.ts';

const INTERESTING = [0, 1, 2, 3, 4, 7, 8, 33, 40, 41, 46, 53, 0x7f, 0x80, 0xff] as const;

/**
 * A copy with something done to its octets: changed, cut, stretched, doubled, spliced with another. A copy it is: `slice` of a
 * Buffer is none.
 */
export function mutatedOctets(octets: Uint8Array, others: readonly Uint8Array[], dice: Dice): Uint8Array {
  let result: Uint8Array = Uint8Array.from(octets);
  for (let times = 1 + dice.below(3); times > 0; times--) result = mutatedOnce(result, others, dice);
  return result;
}

function mutatedOnce(octets: Uint8Array, others: readonly Uint8Array[], dice: Dice): Uint8Array {
  const at = dice.below(Math.max(1, octets.length));
  switch (dice.below(9)) {
    case 0:
    case 1:
      octets[at] = (octets[at] ?? 0) ^ (1 << dice.below(8));
      return octets;
    case 2:
      octets[at] = dice.pick(INTERESTING);
      return octets;
    case 3:
      return octets.slice(0, at);
    case 4:
      return spliced(octets, octets.length, 0, dice.bytes(1 + dice.below(40)));
    case 5:
      return spliced(octets, at, 1 + dice.below(16), new Uint8Array(0));
    case 6: {
      const other = others.length === 0 ? octets : dice.pick(others);
      const from = dice.below(Math.max(1, other.length));
      return spliced(octets, at, dice.below(24), other.subarray(from, from + 1 + dice.below(60)));
    }
    case 7:
      if (at + 1 < octets.length) octets.set(dice.pick(LENGTHS), at);
      return octets;
    default:
      return withChainChanged(octets, dice);
  }
}

/** Lengths and counts that a reader may believe. */
const LENGTHS = [
  [0, 0],
  [0, 1],
  [0, 3],
  [0, 4],
  [0, 5],
  [0, 8],
  [0x7f, 0xff],
  [0x80, 0],
  [0xff, 0xfc],
  [0xff, 0xff],
] as const;

/** Walks the chain of payloads behind the header, and lies in one of their headers about the next one, or about the length. */
function withChainChanged(octets: Uint8Array, dice: Dice): Uint8Array {
  const heads: number[] = [];
  for (let at = 28; at + 4 <= octets.length && heads.length < 40; ) {
    heads.push(at);
    const length = (octets[at + 2] ?? 0) * 256 + (octets[at + 3] ?? 0);
    if (length < 4) break;
    at += length;
  }
  if (heads.length === 0) return octets;
  const head = dice.pick(heads);
  switch (dice.below(4)) {
    case 0:
      octets[head] = 33 + dice.below(24);
      break;
    case 1:
      octets[head + 1] = 0x80;
      break;
    case 2: {
      const length = (octets[head + 2] ?? 0) * 256 + (octets[head + 3] ?? 0) + dice.below(9) - 4;
      octets.set([(length >> 8) & 0xff, length & 0xff], head + 2);
      break;
    }
    default:
      octets.set(dice.pick(LENGTHS), head + 2);
  }
  return octets;
}

/** Makes Length of the header what it has to be, so that the change gets past the first look. */
export function withRightLength(octets: Uint8Array): Uint8Array {
  if (octets.length < 28) return octets;
  const { length } = octets;
  octets.set([length >>> 24, (length >>> 16) & 0xff, (length >>> 8) & 0xff, length & 0xff], 24);
  return octets;
}

function spliced(octets: Uint8Array, at: number, cut: number, put: Uint8Array): Uint8Array {
  const result = new Uint8Array(Math.max(at + put.length, octets.length - cut + put.length));
  result.set(octets.subarray(0, at));
  result.set(put, at);
  result.set(octets.subarray(Math.min(octets.length, at + cut)), at + put.length);
  return result;
}
