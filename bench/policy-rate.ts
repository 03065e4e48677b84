import { createSeededRandom } from '../lab/drivers/sim/seeded-random.ts';
import { type Flow, matches } from '../engine/ipsec/selector.ts';
import { type Policy, Spd } from '../engine/ipsec/spd.ts';
import { realisticFlow, realisticPolicies } from '../engine/ipsec/testing/random-policies.ts';

/** How fast an SPD of so many entries answers, and what it costs to have. */
export interface PolicyRate {
  readonly entries: number;
  /** Median. */
  readonly lookupsPerSecond: number;
  /** The same questions put to the ordered list, entry by entry. */
  readonly listLookupsPerSecond: number;
  readonly buildMs: number;
  /** Of the tables, besides the policies themselves. */
  readonly tableOctets: number;
}

const SIZES = [1, 100, 10_000];
const FLOWS = 4096;
const PASSES = 8;
/** Entries that the list is asked about, in all. */
const LIST_LOOKS = 4_000_000;

/**
 * Sites of a concentrator in IPv4 and IPv6: prefixes, ranges of addresses, protocols, ports. The flows are drawn from the largest
 * SPD, and the same for each size. All sizes take turns in so many rounds: a machine that is busy for a while is so for all.
 */
export function measurePolicies(rounds: number): PolicyRate[] {
  const random = createSeededRandom('policies');
  const draw = () => random.u32();
  const largest = realisticPolicies(Math.max(...SIZES), draw);
  const flows = Array.from({ length: FLOWS }, () => realisticFlow(largest, draw));
  const subjects = SIZES.map(entries => {
    const policies = entries === largest.length ? largest : realisticPolicies(entries, draw);
    const [spd, buildMs] = built(() => new Spd(policies));
    return { entries, spd, buildMs, rates: [] as number[] };
  });
  for (let round = 0; round < rounds; round++) {
    for (const { spd, rates } of subjects)
      rates.push(lookupsPerSecond(flow => spd.lookupOutbound(flow), flows, PASSES));
  }
  return subjects.map(({ entries, spd, buildMs, rates }) => {
    const inList = (flow: Flow) => spd.policies.find(({ selector }) => matches(selector, flow, 'outbound')) ?? null;
    const some = flows.slice(0, Math.ceil(LIST_LOOKS / entries));
    const passes = Math.ceil(LIST_LOOKS / entries / some.length);
    const listLookupsPerSecond = lookupsPerSecond(inList, some, passes);
    return { entries, lookupsPerSecond: median(rates), listLookupsPerSecond, buildMs, tableOctets: spd.memoryOctets };
  });
}

function built(build: () => Spd): [Spd, number] {
  const began = process.hrtime.bigint();
  const spd = build();
  return [spd, Number(process.hrtime.bigint() - began) / 1e6];
}

type LookUp = (flow: Flow) => Policy | null;

function lookupsPerSecond(lookUp: LookUp, flows: readonly Flow[], passes: number): number {
  const started = process.hrtime.bigint();
  let found = 0;
  for (let pass = 0; pass < passes; pass++) {
    for (const flow of flows) if (lookUp(flow) !== null) found++;
  }
  const seconds = Number(process.hrtime.bigint() - started) / 1e9;
  if (found > passes * flows.length) throw new Error('more was found than there is');
  return (passes * flows.length) / seconds;
}

function median(values: number[]): number {
  values.sort((a, b) => a - b);
  return values[values.length >> 1] ?? Number.NaN;
}
