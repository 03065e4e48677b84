import type { Dice } from './dice.ts';

/** What is done to the parts that payloads of either version of IKE are made of. The same dice, the same change. */

const OCTETS_MAX = 4096;

/** One left out, doubled, changed, added; none at all; or very many, `mostMany` at most. */
export function mutatedList<T>(
  list: readonly T[],
  change: (one: T | undefined) => T,
  dice: Dice,
  mostMany: number,
): T[] {
  const at = dice.below(Math.max(1, list.length));
  const one = list[at];
  switch (dice.below(7)) {
    case 0:
      return list.filter((_, i) => i !== at);
    case 1:
      return one === undefined ? [] : [...list, one];
    case 2:
      return [];
    case 3:
      return dice.once(5)
        ? Array.from({ length: mostMany }, () => change(one)).slice(0, dice.below(mostMany + 1))
        : [...list, change(undefined)];
    default:
      return list.map((each, i) => (i === at ? change(each) : each));
  }
}

export function mutatedData(data: Uint8Array, dice: Dice): Uint8Array {
  switch (dice.below(8)) {
    case 0:
      return new Uint8Array(0);
    case 1:
      return Uint8Array.from(data.subarray(0, dice.below(data.length + 1)));
    case 2:
      return Buffer.concat([data, dice.bytes(1 + dice.below(40))]).subarray(0, OCTETS_MAX);
    case 3:
      return new Uint8Array(data.length).fill(dice.pick([0, 1, 0xff]));
    case 4:
      return dice.bytes(dice.pick([1, 2, 3, 4, 7, 8, 15, 16, 17, 20, 32, 64, 65, 255, 256, 257, OCTETS_MAX]));
    default: {
      const copy = Uint8Array.from(data);
      for (let times = 1 + dice.below(3); times > 0 && copy.length > 0; times--) {
        const at = dice.below(copy.length);
        copy[at] = dice.once(2) ? dice.below(256) : (copy[at] ?? 0) ^ (1 << dice.below(8));
      }
      return copy;
    }
  }
}
