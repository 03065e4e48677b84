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
  /** Whether the block is less than the node has. */
  readonly skips: boolean;
  /** The word of the field in which the bits are, and how far to the right. */
  readonly word: number;
  readonly shift: number;
  readonly bits: number;
}

/** A rule that would belong to more children of a node than this stands aside, unless all of them end with it. */
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
  const limits = rules.map(rule => limitsOf(rule, region));
  for (const [field, block] of region.entries()) {
    if (block.length === block.low.length * 32) continue;
    const parts = partsIn(rules, limits, field, block);
    for (const cut of cutsOf(field, block, parts)) {
      const { steps, aside, references } = weigh(cut, parts);
      const cost = steps + (aside * 2 > rules.length ? PUT_OFF_COST : 0);
      if (cost >= bestCost || aside === rules.length || references - rules.length > memory) continue;
      [best, bestCost] = [cut, cost];
    }
  }
  return best;
}

/** The rules of each child that has any, and those that stand aside, all in order. */
export function share(rules: readonly TreeRule[], region: readonly Block[], cut: Cut) {
  const limits = rules.map(rule => limitsOf(rule, region));
  const inside = new Map<number, TreeRule[]>();
  const aside: TreeRule[] = [];
  distribute(cut, partsIn(rules, limits, cut.field, region[cut.field] as Block), (place, child) => {
    const rule = rules[place] as TreeRule;
    const list = child < 0 ? aside : inside.get(child);
    if (list === undefined) inside.set(child, [rule]);
    else list.push(rule);
  });
  return { aside, inside };
}

/** The block of one side of a cut; `child` is the value of its bits. */
export function childBlock({ block, word, shift, bits }: Cut, child: number): Block {
  const value = block.low.with(word, ((block.low[word] as number) | (child << shift)) >>> 0);
  return blockOf(value, block.length + bits);
}

/** What a rule allows of a block. */
interface Part {
  /** In order; null: all of it. */
  readonly ranges: readonly WordRange[] | null;
  /** Whether every other field allows whatever can reach the node: nothing passes the rule where the ranges hold. */
  readonly isFinal: boolean;
}

/** A bit for each field of which the rule does not allow all. */
function limitsOf({ ranges }: TreeRule, region: readonly Block[]): number {
  let limits = 0;
  for (const [field, block] of region.entries()) if (!covers(ranges[field] ?? null, block)) limits |= 1 << field;
  return limits;
}

function partsIn(rules: readonly TreeRule[], limits: readonly number[], field: number, block: Block): Part[] {
  return rules.map((rule, place) => {
    const isLimited = ((limits[place] as number) & (1 << field)) !== 0;
    const ranges = isLimited ? clipped(rule.ranges[field] ?? [], block) : null;
    return { ranges, isFinal: ((limits[place] as number) & ~(1 << field)) === 0 };
  });
}

function cutsOf(field: number, block: Block, parts: readonly Part[]): Cut[] {
  const word = block.length >> 5;
  const shared = sharedBlock(block, parts, (word + 1) * 32);
  if (shared === null) return [];
  const room = (word + 1) * 32 - shared.length;
  const skips = shared.length > block.length;
  const limited = parts.reduce((count, { ranges }) => count + (ranges === null ? 0 : 1), 0);
  const most = Math.min(room, CUT_BITS_MAX, Math.ceil(Math.log2(limited)) + 2);
  const cuts: Cut[] = [];
  for (let bits = most; bits > 0; bits -= 3) {
    cuts.push({ field, block: shared, skips, word, shift: room - bits, bits });
  }
  if (skips) cuts.push({ field, block: shared, skips, word, shift: 0, bits: 0 });
  return cuts;
}

/** The longest block, up to that length, that holds all parts but those that are all of it; null: there are no others. */
function sharedBlock(block: Block, parts: readonly Part[], lengthMax: number): Block | null {
  let low: Words | null = null;
  let high: Words = block.low;
  for (const { ranges } of parts) {
    if (ranges === null) continue;
    const [first, last] = [ranges[0] as WordRange, ranges.at(-1) as WordRange];
    if (low === null || compareWords(first.low, low) < 0) low = first.low;
    if (compareWords(last.high, high) > 0) high = last.high;
  }
  return low === null ? null : blockOf(low, Math.min(lengthMax, sharedBits(low, high)));
}

function sharedBits(a: Words, b: Words): number {
  const word = a.findIndex((value, i) => value !== b[i]);
  return word < 0 ? a.length * 32 : word * 32 + Math.clz32((a[word] as number) ^ (b[word] as number));
}

/** What a lookup has to do after the cut, on average over the rules, and how many references to rules and children there are. */
function weigh(cut: Cut, parts: readonly Part[]) {
  const counts = new Int32Array(2 ** cut.bits);
  let aside = 0;
  let copies = 0;
  distribute(cut, parts, (_place, child) => {
    if (child < 0) aside++;
    else {
      counts[child] = (counts[child] as number) + 1;
      copies++;
    }
  });
  let steps = 1 + counts.length / (4 * parts.length);
  for (const count of counts) if (count > 0) steps += (count / copies) * work(count);
  if (aside > 0) steps += 1 + work(aside);
  return { steps, aside, references: counts.length + copies + aside };
}

/** About how many steps it takes to find the one among so many. */
function work(rules: number): number {
  return rules <= 2 ? rules * 1.5 : 1.5 + 1.5 * Math.log2(rules);
}

/**
 * Says of each part, in order, which children it belongs to; -1: none, it stands aside. No later part belongs to a child of
 * which one that is final allows all.
 */
function distribute(cut: Cut, parts: readonly Part[], put: (place: number, child: number) => void): void {
  const open = new OpenChildren(2 ** cut.bits);
  for (const [place, { ranges, isFinal }] of parts.entries()) {
    if (ranges === null ? !isFinal || cut.skips : !isFinal && !isNarrow(cut, ranges)) {
      put(place, -1);
      continue;
    }
    for (const { first, last, firstWhole, lastWhole } of spansOf(cut, ranges)) {
      for (let child = open.from(first); child <= last; child = open.from(child + 1)) {
        put(place, child);
        if (isFinal && firstWhole <= child && child <= lastWhole) open.close(child);
      }
    }
  }
}

/** Children that a range belongs to, and those of which it allows all: none where the first is after the last. */
interface Span {
  readonly first: number;
  readonly last: number;
  readonly firstWhole: number;
  readonly lastWhole: number;
}

/** No child is in two of them. null: all of every child. */
function spansOf(cut: Cut, ranges: readonly WordRange[] | null): Span[] {
  const { block, word, shift } = cut;
  const end = 2 ** cut.bits - 1;
  if (ranges === null) return [{ first: 0, last: end, firstWhole: 0, lastWhole: end }];
  const spans: Span[] = [];
  let next = 0;
  for (const { low, high } of ranges) {
    const isFromStart = compareWords(low, block.low) <= 0;
    const isToEnd = compareWords(block.high, high) <= 0;
    const first = isFromStart ? 0 : ((low[word] as number) >>> shift) & end;
    const last = isToEnd ? end : ((high[word] as number) >>> shift) & end;
    const firstWhole = isFromStart || isEdge(cut, low, 0) ? first : first + 1;
    const lastWhole = isToEnd || isEdge(cut, high, 0xffff_ffff) ? last : last - 1;
    if (last >= next) spans.push({ first: Math.max(first, next), last, firstWhole, lastWhole });
    next = last + 1;
  }
  return spans;
}

/** Whether the bits after those that name the child are all 0, or all 1. */
function isEdge({ word, shift, bits }: Cut, value: Words, rest: 0 | 0xffff_ffff): boolean {
  const below = 2 ** shift - 1;
  return bits > 0 && ((value[word] as number) & below) === (rest & below) && isAll(value, word, rest);
}

/** Whether all words after that one are the same value. */
function isAll(words: Words, after: number, value: number): boolean {
  for (let i = after + 1; i < words.length; i++) if (words[i] !== value) return false;
  return true;
}

function isNarrow(cut: Cut, ranges: readonly WordRange[]): boolean {
  const children = spansOf(cut, ranges).reduce((count, { first, last }) => count + last - first + 1, 0);
  return children <= COPIES_MAX && (cut.bits === 0 || children < 2 ** cut.bits);
}

/** The children to which later rules may still belong. */
class OpenChildren {
  /** For each child itself, or for a closed one a child after it; at the end one that never closes. */
  readonly #next: Int32Array;

  constructor(count: number) {
    this.#next = Int32Array.from({ length: count + 1 }, (_, child) => child);
  }

  /** The first open child from there on; past the last: none. */
  from(child: number): number {
    const next = this.#next;
    let found = child;
    while (next[found] !== found) found = next[found] as number;
    for (let at = child; at !== found; ) {
      const after = next[at] as number;
      next[at] = found;
      at = after;
    }
    return found;
  }

  close(child: number): void {
    this.#next[child] = child + 1;
  }
}
