import { bestCut, childBlock, type Cut, share } from './decision-tree-cut.ts';
import type { FieldRanges, KeyField } from './flow-key.ts';
import { type Block, covers, leadingBits, wholeField } from './word-block.ts';

/** A rule of a tree: its place in the ordered list, and the values that it allows. */
export interface TreeRule {
  readonly index: number;
  readonly ranges: FieldRanges;
}

/**
 * A decision tree as numbers. A reference is 0 (nothing), a node (positive: where it begins in `nodes`) or a leaf (negative:
 * one rule, `SINGLE` less its index; or where its list begins in `lists`). A list is a count and then rules, in order.
 */
export interface DecisionTree {
  readonly root: number;
  readonly nodes: Int32Array;
  readonly children: Int32Array;
  readonly lists: Int32Array;
  /** Nodes on the longest way down. */
  readonly depth: number;
}

/**
 * The words of a node. A key whose word `WORD`, masked by `TEST_MASK`, is `TEST_VALUE` goes on to the child that its bits name;
 * every key also goes to `ASIDE`, where the rules are that too many children would have shared. No rule of the node or
 * below comes before `FIRST`.
 */
export const Node = {
  FIRST: 0,
  WORD: 1,
  TEST_MASK: 2,
  TEST_VALUE: 3,
  SHIFT: 4,
  CUT_MASK: 5,
  CHILDREN: 6,
  ASIDE: 7,
  WORDS: 8,
} as const;

/** References up to this are leaves of one rule; no index and no list reaches as far as 2^30. */
export const SINGLE = -0x4000_0000;
export const DEPTH_MAX = 64;
/** A list this short is not worth cutting. */
const LEAF_RULES = 2;
/** References and entries of lists for each rule, past which lists stay as long as they are. */
const MEMORY_PER_RULE = 40;

/** `rules` in order, those first that decide first. Memory is at most proportional to their number, whatever they are. */
export function buildTree(rules: readonly TreeRule[], fields: readonly KeyField[]): DecisionTree {
  return new TreeBuilder(fields, rules.length).build(rules);
}

/** What is known of the keys that reach a node, field by field. */
type Region = readonly Block[];

interface Open {
  readonly rules: readonly TreeRule[];
  readonly region: Region;
  readonly depth: number;
  readonly put: (reference: number) => void;
}

/**
 * A tree in which a lookup meets few rules. It is decorrelation as far as that pays (RFC 4301 App. B): where a rule covers all
 * that can reach a node, those after it are left out. When memory is used up, what is left stays lists. The same rules always
 * make the same tree.
 */
class TreeBuilder {
  readonly #fields: readonly KeyField[];
  readonly #nodes: number[] = Array.from({ length: Node.WORDS }, () => 0);
  readonly #children: number[] = [0];
  readonly #lists: number[] = [0];
  readonly #queue: Open[] = [];
  #lastLeaf = { content: '', reference: 0 };
  #memoryLeft: number;
  #depth = 1;

  constructor(fields: readonly KeyField[], ruleCount: number) {
    this.#fields = fields;
    this.#memoryLeft = ruleCount * MEMORY_PER_RULE + 256;
  }

  build(rules: readonly TreeRule[]): DecisionTree {
    let root = 0;
    const put = (reference: number) => {
      root = reference;
    };
    this.#open({ rules, region: this.#fields.map(wholeField), depth: 1, put });
    // Breadth first: when memory ends, it ends for all branches alike.
    for (let i = 0; i < this.#queue.length; i++) this.#close(this.#queue[i] as Open);
    return {
      root,
      nodes: Int32Array.from(this.#nodes),
      children: Int32Array.from(this.#children),
      lists: Int32Array.from(this.#lists),
      depth: this.#depth,
    };
  }

  #open(open: Open): void {
    const rules = uncovered(open.rules, open.region);
    this.#depth = Math.max(this.#depth, open.depth);
    if (rules.length === 0) return;
    if (rules.length <= LEAF_RULES || open.depth === DEPTH_MAX) open.put(this.#leaf(rules));
    else this.#queue.push({ ...open, rules });
  }

  #close({ rules, region, depth, put }: Open): void {
    const cut = bestCut(rules, region, this.#memoryLeft);
    put(cut === null ? this.#leaf(rules) : this.#node(rules, region, depth, cut));
  }

  /** Neighbours with the same list share it. */
  #leaf(rules: readonly TreeRule[]): number {
    const [only] = rules;
    if (only !== undefined && rules.length === 1) return SINGLE - only.index;
    const content = rules.length <= LEAF_RULES ? rules.map(rule => rule.index).join() : '';
    if (content !== '' && content === this.#lastLeaf.content) return this.#lastLeaf.reference;
    const reference = -this.#lists.length;
    this.#lists.push(rules.length);
    for (const rule of rules) this.#lists.push(rule.index);
    this.#lastLeaf = { content, reference };
    return reference;
  }

  #node(rules: readonly TreeRule[], region: Region, depth: number, cut: Cut): number {
    const at = this.#nodes.length;
    const base = this.#children.length;
    const word = (this.#fields[cut.field] as KeyField).firstWord + cut.word;
    const testMask = leadingBits(cut.block.length - cut.word * 32);
    const testValue = (cut.block.low[cut.word] as number) & testMask;
    this.#nodes.push(rules[0]?.index ?? 0, word, testMask, testValue, cut.shift, 2 ** cut.bits - 1, base, 0);
    for (let child = 0; child < 2 ** cut.bits; child++) this.#children.push(0);
    const { aside, inside } = share(rules, region, cut);
    this.#memoryLeft -= 2 ** cut.bits + aside.length - rules.length;
    const putAside = (reference: number) => {
      this.#nodes[at + Node.ASIDE] = reference;
    };
    this.#open({ rules: aside, region, depth: depth + 1, put: putAside });
    for (const [child, list] of inside) {
      this.#memoryLeft -= list.length;
      const put = (reference: number) => {
        this.#children[base + child] = reference;
      };
      this.#open({ rules: list, region: region.with(cut.field, childBlock(cut, child)), depth: depth + 1, put });
    }
    return at;
  }
}

/** Without what comes after a rule that everything matches. */
function uncovered(rules: readonly TreeRule[], region: Region): readonly TreeRule[] {
  const last = rules.findIndex(rule => region.every((block, field) => covers(rule.ranges[field] ?? null, block)));
  return last < 0 ? rules : rules.slice(0, last + 1);
}
