import { type Answer, decorrelate } from '../../engine/ipsec/decorrelate.ts';
import { diffPolicies, type PolicyChange } from '../../engine/ipsec/policy-diff.ts';
import { regionHas } from '../../engine/ipsec/selector-space.ts';
import { type Direction, type Flow, matches } from '../../engine/ipsec/selector.ts';
import { type Policy, Spd } from '../../engine/ipsec/spd.ts';
import {
  confusedFlow,
  confusedPolicies,
  type Draw,
  pick,
  realisticFlow,
  realisticPolicies,
} from '../../engine/ipsec/testing/random-policies.ts';
import { createSeededRandom } from '../../lab/drivers/sim/seeded-random.ts';
import type { Table } from './report.ts';

const FINDINGS_MAX = 20;

/** A kind of SPD, and its share of the packets. */
interface Kind {
  readonly title: string;
  readonly share: number;
  readonly packetsPerSpd: number;
  readonly entries: readonly number[];
  readonly policies: (count: number, draw: Draw) => Policy[];
  /** Whether what is decorrelated, and a diff with another SPD, are compared too: where there are few enough regions. */
  readonly hasRegions: boolean;
}

const KINDS: readonly Kind[] = [
  {
    title: 'overlapping in every way, regions and diffs too',
    share: 0.25,
    packetsPerSpd: 1000,
    entries: [0, 1, 2, 3, 5, 8, 12],
    policies: confusedPolicies,
    hasRegions: true,
  },
  {
    title: 'overlapping in every way',
    share: 0.6,
    packetsPerSpd: 1000,
    entries: [10, 20, 50, 100, 200, 400],
    policies: confusedPolicies,
    hasRegions: false,
  },
  {
    title: 'a concentrator',
    share: 0.14,
    packetsPerSpd: 1000,
    entries: [1, 10, 100, 1000],
    policies: realisticPolicies,
    hasRegions: false,
  },
  {
    title: 'a large concentrator',
    share: 0.01,
    packetsPerSpd: 5000,
    entries: [10_000],
    policies: realisticPolicies,
    hasRegions: false,
  },
];

/**
 * Random packets, each in both directions, against random SPDs: the fast lookup, the decorrelated regions and the diff of two SPDs
 * must say what the ordered list says.
 */
export function soakPolicies(packets: number, seed: string, onProgress: (text: string) => void): Table {
  const rows: string[][] = [];
  const findings: string[] = [];
  for (const kind of KINDS) {
    const began = performance.now();
    const random = createSeededRandom(`${seed}/${kind.title}`);
    const draw = () => random.u32();
    const count = Math.ceil(packets * kind.share);
    let [done, spds] = [0, 0];
    while (done < count && findings.length < FINDINGS_MAX) {
      const size = kind.entries[spds % kind.entries.length] ?? 1;
      const policies = kind.policies(size, draw);
      const other = kind.hasRegions ? kind.policies(size, draw) : null;
      const judge = createJudge(policies, other);
      const batch = Math.min(kind.packetsPerSpd, count - done);
      for (let i = 0; i < batch; i++) {
        const flow = flowFor(kind, policies, draw, i);
        const problem = judge(flow, 'outbound') ?? judge(flow, 'inbound');
        if (problem !== null) findings.push(`${kind.title}, seed ${seed}, SPD ${spds}, packet ${i}: ${problem}`);
        if (problem !== null) break;
      }
      done += batch;
      spds += 1;
      if (spds % 100 === 0) onProgress(`${kind.title}: ${done} packets`);
    }
    const seconds = `${((performance.now() - began) / 1000).toFixed(0)} s`;
    rows.push([kind.title, String(spds), `${Math.max(...kind.entries)}`, String(done), seconds]);
  }
  return {
    title: 'policy lookups against the ordered list, each packet in both directions',
    headings: ['SPDs', 'number', 'entries at most', 'packets', 'time'],
    rows,
    findings,
  };
}

function flowFor({ policies: kind }: Kind, policies: readonly Policy[], draw: Draw, index: number): Flow {
  if (policies.length === 0) return confusedFlow(draw);
  if (kind === realisticPolicies && index % 4 > 0) return realisticFlow(policies, draw);
  return confusedFlow(draw, index % 3 === 0 ? null : pick(policies, draw).selector);
}

/** What is wrong with the answers for a flow; null: nothing. */
function createJudge(policies: readonly Policy[], other: readonly Policy[] | null) {
  const spd = new Spd(policies);
  const regions = other === null ? null : decorrelate(policies);
  const changes = other === null ? null : diffPolicies(sideOf(policies), sideOf(other));
  return (flow: Flow, direction: Direction): string | null => {
    const ordered = firstOf(policies, flow, direction);
    const found = direction === 'outbound' ? spd.lookupOutbound(flow) : spd.lookupInbound(flow);
    if (found !== ordered) return `${direction}: the lookup finds ${nameOf(found)}, the list has ${nameOf(ordered)}`;
    const problem = regions === null ? null : judgeRegions(regions, ordered, flow, direction);
    if (problem !== null || changes === null || other === null) return problem;
    return judgeChanges(changes, verdictOf(ordered), verdictOf(firstOf(other, flow, direction)), flow, direction);
  };
}

function judgeRegions(
  regions: readonly Answer<Policy | null>[],
  ordered: Policy | null,
  flow: Flow,
  direction: Direction,
): string | null {
  const own = regions.filter(({ region }) => regionHas(region, flow, direction)).map(({ value }) => value);
  if (own.length === 1 && own[0] === ordered) return null;
  return `${direction}: decorrelated, ${own.map(nameOf).join(' and ') || 'no region'}; the list has ${nameOf(ordered)}`;
}

function judgeChanges(
  changes: readonly PolicyChange[],
  before: string,
  after: string,
  flow: Flow,
  direction: Direction,
): string | null {
  const own = changes.filter(({ region }) => regionHas(region, flow, direction));
  const told = own.map(change => `${change.before} to ${change.after}`).join(' and ');
  const due = before === after ? '' : `${before} to ${after}`;
  return told === due ? null : `${direction}: the diff says ${told || 'nothing'}, it is ${due || 'nothing'}`;
}

function firstOf(policies: readonly Policy[], flow: Flow, direction: Direction): Policy | null {
  const found = policies.find(
    policy =>
      (policy.direction === 'both' || policy.direction === direction) && matches(policy.selector, flow, direction),
  );
  return found ?? null;
}

const sideOf = (policies: readonly Policy[]) => ({ policies, verdictOf, otherwise: 'discard' });
const verdictOf = (policy: Policy | null): string => policy?.action.kind ?? 'discard';
const nameOf = (policy: Policy | null): string => policy?.name ?? 'none';
