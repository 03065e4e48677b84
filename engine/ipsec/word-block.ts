import { compareWords, type KeyField, type WordRange, type Words } from './flow-key.ts';

/** The values of a field that share their leading bits: what a prefix is to addresses. */
export interface Block {
  readonly low: Words;
  readonly high: Words;
  /** How many leading bits are fixed, of all bits of the words; those above the field's own are. */
  readonly length: number;
}

/** Every value that the field can have. */
export function wholeField({ words, bits }: KeyField): Block {
  return blockOf(
    Array.from({ length: words }, () => 0),
    words * 32 - bits,
  );
}

/** Of that many leading bits of `value`. */
export function blockOf(value: Words, length: number): Block {
  const low = value.map((word, i) => (word & leadingBits(length - i * 32)) >>> 0);
  return { low, high: low.map((word, i) => (word | ~leadingBits(length - i * 32)) >>> 0), length };
}

/** Whether ranges in order, of which no two overlap, hold all of a block; null: any value. Two that touch do not count as one. */
export function covers(ranges: readonly WordRange[] | null, { low, high }: Block): boolean {
  return (
    ranges === null || ranges.some(range => compareWords(range.low, low) <= 0 && compareWords(high, range.high) <= 0)
  );
}

/** The parts of ranges that are in a block. */
export function clipped(ranges: readonly WordRange[], { low, high }: Block): WordRange[] {
  const parts: WordRange[] = [];
  for (const range of ranges) {
    if (compareWords(range.high, low) < 0 || compareWords(range.low, high) > 0) continue;
    parts.push({
      low: compareWords(range.low, low) < 0 ? low : range.low,
      high: compareWords(range.high, high) > 0 ? high : range.high,
    });
  }
  return parts;
}

/** A mask, as a signed number: none for 0 and less, all for 32 and more. */
export function leadingBits(count: number): number {
  if (count <= 0) return 0;
  return count >= 32 ? -1 : -1 << (32 - count);
}
