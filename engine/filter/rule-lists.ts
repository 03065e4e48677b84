import { CompiledRule } from './compiled-rule.ts';
import type { FilterRule } from './rule.ts';
import { type Candidates, indexOf, type RuleIndex } from './rule-index.ts';

/** A rule in a list, and the list of the group that it is the head of. */
export interface ListedRule {
  readonly compiled: CompiledRule;
  readonly inner: RuleList | null;
}

/** Rules in their order, and a way to the few of them that may match a packet. */
export interface RuleList {
  readonly rules: readonly ListedRule[];
  readonly all: Candidates;
  readonly index: RuleIndex | null;
}

/** The rules that can match a packet: those that decide and those that count, each in their order. */
export interface RuleLists {
  readonly deciding: RuleList;
  readonly counting: RuleList;
  /** Only rules that name the packet's protocol. */
  readonly isByName: boolean;
}

/**
 * All rules of a filter, and for each place where a packet can be (direction, interface, family) the few that concern it,
 * put together when the first packet is there.
 */
export class RuleTable {
  /** In the order of the configuration. */
  readonly rules: readonly CompiledRule[];
  readonly #in = new Map<string, RuleLists[]>();
  readonly #out = new Map<string, RuleLists[]>();

  constructor(rules: readonly FilterRule[]) {
    const lengths = new Map<string, number>();
    this.rules = rules.map((rule, index) => {
      const key = `${rule.direction} ${rule.action.kind === 'count'} ${rule.group ?? ''}`;
      const at = lengths.get(key) ?? 0;
      lengths.set(key, at + 1);
      return new CompiledRule(rule, at, index);
    });
  }

  /** `byName`: only rules that name this protocol; null: all. */
  listsFor(direction: 'in' | 'out', interfaceName: string, version: 4 | 6, byName: number | null): RuleLists {
    const places = direction === 'in' ? this.#in : this.#out;
    let lists = places.get(interfaceName);
    if (lists === undefined) {
      lists = [];
      places.set(interfaceName, lists);
    }
    const slot = (version === 4 ? 0 : 1) + (byName === null ? 0 : 2);
    return (lists[slot] ??= this.#build(direction, interfaceName, version, byName));
  }

  #build(direction: 'in' | 'out', interfaceName: string, version: 4 | 6, byName: number | null): RuleLists {
    const concerned = this.rules.filter(
      each => each.rule.direction === direction && each.concerns(interfaceName, version, byName),
    );
    return {
      deciding: listOf(byGroup(concerned.filter(each => !counts(each))), null, version, new Map()),
      counting: listOf(byGroup(concerned.filter(counts)), null, version, new Map()),
      isByName: byName !== null,
    };
  }
}

type Groups = ReadonlyMap<string | null, readonly CompiledRule[]>;

function counts({ rule }: CompiledRule): boolean {
  return rule.action.kind === 'count';
}

function byGroup(rules: readonly CompiledRule[]): Groups {
  const groups = new Map<string | null, CompiledRule[]>();
  for (const compiled of rules) {
    const list = groups.get(compiled.rule.group);
    if (list === undefined) groups.set(compiled.rule.group, [compiled]);
    else list.push(compiled);
  }
  return groups;
}

/** Groups that several heads share are one list. A group inside of itself is a contradiction of the configuration. */
function listOf(groups: Groups, group: string | null, version: 4 | 6, known: Map<string, RuleList | null>): RuleList {
  const own = groups.get(group) ?? [];
  const rules = own.map(compiled => {
    const { head } = compiled.rule;
    if (head === null) return { compiled, inner: null };
    let inner = known.get(head);
    if (inner === null) throw new Error(`filter: group ${head} leads back to itself`);
    if (inner === undefined) {
      known.set(head, null);
      inner = listOf(groups, head, version, known);
      known.set(head, inner);
    }
    return { compiled, inner };
  });
  const all = { specific: Int32Array.from(own.keys()), common: new Int32Array(0) };
  return { rules, all, index: indexOf(own, version) };
}
