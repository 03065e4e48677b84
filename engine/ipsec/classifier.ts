import { buildTree, DEPTH_MAX, type DecisionTree, Node, SINGLE, type TreeRule } from './decision-tree.ts';
import {
  compareWords,
  type FieldRanges,
  fieldRanges,
  KEY_WORDS_MAX,
  type KeyField,
  keyFields,
  type WordRange,
  writeKey,
} from './flow-key.ts';
import type { Direction, Flow, Selector } from './selector.ts';

/**
 * Finds the first of many selectors that a flow matches, in about the time that it takes for one. It means the same as to try
 * `matches` on each of them in order. One of these must not be asked while it answers: a lookup uses its scratch memory.
 */
export class Classifier {
  readonly #key = new Uint32Array(KEY_WORDS_MAX);
  readonly #asides = new Int32Array(DEPTH_MAX);
  readonly #ipv4: Half;
  readonly #ipv6: Half;

  constructor(selectors: readonly Selector[]) {
    this.#ipv4 = halfOf(selectors, 4);
    this.#ipv6 = halfOf(selectors, 6);
  }

  /** The place of the selector in the list; -1: none matches. */
  first(flow: Flow, direction: Direction): number {
    const half = writeKey(this.#key, flow, direction) === 4 ? this.#ipv4 : this.#ipv6;
    const { root, nodes, children } = half.tree;
    const key = this.#key;
    const asides = this.#asides;
    let asideCount = 0;
    let best = NONE;
    let reference = root;
    for (;;) {
      while (reference > 0 && (nodes[reference] as number) < best) {
        const aside = nodes[reference + Node.ASIDE] as number;
        if (aside !== 0) asides[asideCount++] = aside;
        const word = key[nodes[reference + Node.WORD] as number] as number;
        if ((word & (nodes[reference + Node.TEST_MASK] as number)) !== nodes[reference + Node.TEST_VALUE]) {
          reference = 0;
          break;
        }
        const bits =
          (word >>> (nodes[reference + Node.SHIFT] as number)) & (nodes[reference + Node.CUT_MASK] as number);
        reference = children[(nodes[reference + Node.CHILDREN] as number) + bits] as number;
      }
      if (reference < 0) best = firstOf(half, reference, key, best);
      if (asideCount === 0) return best === NONE ? -1 : (half.records[best] as number);
      reference = asides[--asideCount] as number;
    }
  }

  /** Octets of the tables. */
  get memoryOctets(): number {
    return memoryOf(this.#ipv4) + memoryOf(this.#ipv6);
  }
}

const NONE = 0x7fff_ffff;

/** The selectors that can match one version of IP. */
interface Half {
  readonly tree: DecisionTree;
  /**
   * A record for each selector, in order; the tree's rules are where they begin. Its place in the list of selectors, a bit for
   * each word of the key that has a condition, and from the highest bit on the word's lowest value, and how much higher it may be.
   */
  readonly records: Uint32Array;
  /** The ranges of those selectors of which the conditions do not say all. */
  readonly loose: ReadonlyMap<number, FieldRanges>;
  readonly fields: readonly KeyField[];
}

/** Among the bits of conditions: `loose` has to be asked as well. */
const LOOSE = 0x1_0000;

interface Condition {
  readonly word: number;
  readonly low: number;
  readonly span: number;
}

function halfOf(selectors: readonly Selector[], version: 4 | 6): Half {
  const fields = keyFields(version);
  const rules: TreeRule[] = [];
  const records: number[] = [];
  const loose = new Map<number, FieldRanges>();
  for (const [place, selector] of selectors.entries()) {
    const ranges = fieldRanges(selector, version);
    if (ranges === null) continue;
    const index = records.length;
    rules.push({ index, ranges });
    const conditions = ranges.flatMap((list, i) => (list === null ? [] : conditionsOf(list, fields[i] as KeyField)));
    const isLoose = ranges.some(list => list !== null && !isTight(list));
    if (isLoose) loose.set(index, ranges);
    records.push(
      place,
      conditions.reduce((bits, { word }) => bits | (1 << word), isLoose ? LOOSE : 0),
    );
    for (const { low, span } of conditions.toSorted((a, b) => b.word - a.word)) records.push(low, span);
  }
  return { tree: buildTree(rules, fields), records: Uint32Array.from(records), loose, fields };
}

/** The first rule of a leaf that the key matches and that comes before `best`; else `best`. */
function firstOf(half: Half, leaf: number, key: Uint32Array, best: number): number {
  if (leaf <= SINGLE) {
    const rule = SINGLE - leaf;
    return rule < best && isMatch(half, rule, key) ? rule : best;
  }
  const { lists } = half.tree;
  const end = (lists[-leaf] as number) - leaf;
  for (let i = 1 - leaf; i <= end; i++) {
    const rule = lists[i] as number;
    if (rule >= best) return best;
    if (isMatch(half, rule, key)) return rule;
  }
  return best;
}

function isMatch(half: Half, rule: number, key: Uint32Array): boolean {
  const { records } = half;
  const bits = records[rule + 1] as number;
  let at = rule + 2;
  for (let left = bits & (LOOSE - 1); left !== 0; at += 2) {
    const word = 31 - Math.clz32(left);
    if (((key[word] as number) - (records[at] as number)) >>> 0 > (records[at + 1] as number)) return false;
    left ^= 1 << word;
  }
  return bits < LOOSE || isInRanges(half, rule, key);
}

/** What conditions cannot say: holes between ranges, and ranges of long addresses that are no prefixes. */
function isInRanges({ loose, fields }: Half, rule: number, key: Uint32Array): boolean {
  const ranges = loose.get(rule) ?? [];
  return ranges.every((list, i) => {
    if (list === null || isTight(list)) return true;
    const { firstWord, words } = fields[i] as KeyField;
    const value = Array.from(key.subarray(firstWord, firstWord + words));
    return list.some(({ low, high }) => compareWords(low, value) <= 0 && compareWords(value, high) <= 0);
  });
}

/** Whether a key is in the ranges if it meets `conditionsOf`. */
function isTight(ranges: readonly WordRange[]): boolean {
  const [range, ...more] = ranges;
  if (range === undefined || more.length > 0) return false;
  const { low, high } = range;
  const first = low.findIndex((word, i) => word !== high[i]);
  return first < 0 || low.every((word, i) => i <= first || (word === 0 && high[i] === 0xffff_ffff));
}

/** Of the words up to the first in which the lowest and the highest value differ. */
function conditionsOf(ranges: readonly WordRange[], { firstWord }: KeyField): Condition[] {
  const low = ranges[0]?.low ?? [];
  const high = ranges.at(-1)?.high ?? [];
  const conditions: Condition[] = [];
  for (const [i, from] of low.entries()) {
    const to = high[i] ?? from;
    if (from > 0 || to < 0xffff_ffff) conditions.push({ word: firstWord + i, low: from, span: to - from });
    if (from !== to) break;
  }
  return conditions;
}

function memoryOf({ tree: { nodes, children, lists }, records }: Half): number {
  return [nodes, children, lists, records].reduce((sum, { byteLength }) => sum + byteLength, 0);
}
