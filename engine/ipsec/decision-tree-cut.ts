import type { TreeRule } from './decision-tree.ts';
import { compareWords, type WordRange, type Words } from './flow-key.ts';
import { type Block, blockOf, clipped, covers } from './word-block.ts';

/**
 * A way to cut a node in 2^`bits` children, by the bits of a field that follow `block`. That block holds all rules of the node
 * but those aside: keys outside of it have no child.
 */
export interface Cut {
  readonly field: number;
  readonly block: Block;
  /** The word of the field in which the bits are, and how far to the right. */
  readonly word: number;
  readonly shift: number;
  readonly bits: number;
}

/** A rule that would belong to more children of a node than this stands aside. */
const COPIES_MAX = 8;
const CUT_BITS_MAX = 14;
const PUT_OFF_COST = 8;

/**
 * The cut after which a lookup has least to do; null where none is better than to look at each rule. One that leaves most rules
 * aside only puts the work off, and is taken where there is no other.
 */
export function bestCut(rules: readonly TreeRule[], region: readonly Block[], memory: number): Cut | null {
  let best: Cut | null = null;
  let bestCost = 1 + rules.length * 0.75;
  for (const [field, block] of region.entries()) {
    if (block.length === block.low.length * 32) continue;
    const inside = partsInside(rules, field, block);
    if (inside.length === 0) continue;
    const wide = rules.length - inside.length;
    for (const cut of cutsOf(field, block, inside)) {
      const { steps, aside, references } = weigh(cut, inside, wide);
      const cost = steps + (aside * 2 > rules.length ? PUT_OFF_COST : 0);
      if (cost >= bestCost || references - rules.length > memory) continue;
      [best, bestCost] = [cut, cost];
    }
  }
  return best;
}

/** The rules of each child that has any, and those that stand aside, all in order. */
export function share(rules: readonly TreeRule[], region: readonly Block[], cut: Cut) {
  const aside: TreeRule[] = [];
  const inside = new Map<number, TreeRule[]>();
  for (const rule of rules) {
    const block = region[cut.field] as Block;
    const ranges = rule.ranges[cut.field] ?? null;
    const children = ranges === null || covers(ranges, block) ? null : childrenOf(cut, clipped(ranges, block));
    if (children === null) aside.push(rule);
    for (const child of children ?? []) {
      const list = inside.get(child);
      if (list === undefined) inside.set(child, [rule]);
      else list.push(rule);
    }
  }
  return { aside, inside };
}

export function childBlock({ block, word, shift, bits }: Cut, child: number): Block {
  const value = block.low.with(word, ((block.low[word] as number) | (child << shift)) >>> 0);
  return blockOf(value, block.length + bits);
}

/** What each rule allows in the block, for those that do not allow all of it. */
function partsInside(rules: readonly TreeRule[], field: number, block: Block): WordRange[][] {
  const inside: WordRange[][] = [];
  for (const { ranges } of rules) {
    const own = ranges[field] ?? null;
    if (own !== null && !covers(own, block)) inside.push(clipped(own, block));
  }
  return inside;
}

function cutsOf(field: number, block: Block, inside: readonly (readonly WordRange[])[]): Cut[] {
  const word = block.length >> 5;
  const shared = sharedBlock(block, inside, (word + 1) * 32);
  const room = (word + 1) * 32 - shared.length;
  const most = Math.min(room, CUT_BITS_MAX, Math.ceil(Math.log2(inside.length)) + 2);
  const cuts: Cut[] = [];
  for (let bits = most; bits > 0; bits -= 3) cuts.push({ field, block: shared, word, shift: room - bits, bits });
  if (room === 0) cuts.push({ field, block: shared, word, shift: 0, bits: 0 });
  return cuts;
}

/** The longest block, up to that length, with all of the ranges in it. */
function sharedBlock(block: Block, inside: readonly (readonly WordRange[])[], lengthMax: number): Block {
  let low = block.high;
  let high = block.low;
  for (const ranges of inside) {
    const [first, last] = [ranges[0] as WordRange, ranges.at(-1) as WordRange];
    if (compareWords(first.low, low) < 0) low = first.low;
    if (compareWords(last.high, high) > 0) high = last.high;
  }
  return blockOf(low, Math.min(lengthMax, sharedBits(low, high)));
}

function sharedBits(a: Words, b: Words): number {
  const word = a.findIndex((value, i) => value !== b[i]);
  return word < 0 ? a.length * 32 : word * 32 + Math.clz32((a[word] as number) ^ (b[word] as number));
}

/** What a lookup has to do after the cut, on average over the rules, and how many references to rules and children there are. */
function weigh(cut: Cut, inside: readonly (readonly WordRange[])[], wide: number) {
  const counts = new Int32Array(2 ** cut.bits);
  let aside = wide;
  let copies = 0;
  for (const ranges of inside) {
    const children = childrenOf(cut, ranges);
    if (children === null) aside++;
    for (const child of children ?? []) {
      counts[child] = (counts[child] as number) + 1;
      copies++;
    }
  }
  let steps = 1 + counts.length / (4 * (inside.length + wide));
  for (const count of counts) if (count > 0) steps += (count / copies) * work(count);
  if (aside > 0) steps += 1 + work(aside);
  return { steps, aside, references: counts.length + copies + aside };
}

/** About how many steps it takes to find the one among so many. */
function work(rules: number): number {
  return rules <= 2 ? rules * 1.5 : 1.5 + 1.5 * Math.log2(rules);
}

/** The children that ranges in order belong to, each once; null: too many. */
function childrenOf({ block, word, shift, bits }: Cut, ranges: readonly WordRange[]): number[] | null {
  const children: number[] = [];
  const mask = 2 ** bits - 1;
  let next = 0;
  for (const { low, high } of ranges) {
    const last = compareWords(high, block.high) >= 0 ? mask : ((high[word] as number) >>> shift) & mask;
    const first = compareWords(low, block.low) <= 0 ? 0 : ((low[word] as number) >>> shift) & mask;
    for (let child = Math.max(first, next); child <= last; child++) {
      if (children.push(child) > COPIES_MAX) return null;
    }
    next = last + 1;
  }
  return bits > 0 && children.length === 2 ** bits ? null : children;
}
