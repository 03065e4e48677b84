import { createHash } from 'node:crypto';

/** What `lab test` asks of the suites; it crosses into vitest's workers as one environment variable, in JSON. */
export interface SuiteSettings {
  /** An adapter's name: `engine`, or one of the subjects that lab/subjects/broken.ts breaks on purpose. */
  readonly dut: string;
  readonly driver: 'sim' | 'netns';
  readonly seed: string;
  /** Where results.json and the captures go. */
  readonly report: string;
  /** Judge only clauses whose id contains this; null: all. */
  readonly only: string | null;
  /** Judge one clause in so many; the seed chooses which. 1: all. */
  readonly sample: number;
  /** Judge only one part of so many, and name it in the record; null: all in one run. */
  readonly shard: Shard | null;
}

/** One part of a run that machines share. */
export interface Shard {
  /** From 1. */
  readonly index: number;
  readonly count: number;
}

export const SETTINGS_VARIABLE = 'IPSEC_LAB_SUITE';

/** The settings of this run; running vitest on the suites by hand judges the engine in the simulator. */
export function suiteSettings(): SuiteSettings {
  const defaults: SuiteSettings = {
    dut: 'engine',
    driver: 'sim',
    seed: '1',
    report: 'report',
    only: null,
    sample: 1,
    shard: null,
  };
  const given = process.env[SETTINGS_VARIABLE];
  return given === undefined ? defaults : { ...defaults, ...(JSON.parse(given) as Partial<SuiteSettings>) };
}

/** Whether this run judges the clause. The same seed always chooses the same ones. */
export function isWanted(id: string, { only, sample, seed, shard }: SuiteSettings): boolean {
  if (only !== null && !id.includes(only)) return false;
  if (shard !== null && shardOf(id, shard.count) !== shard.index) return false;
  return sample <= 1 || hashed(`${seed} ${id}`) % sample === 0;
}

/** The shard of a clause follows from its name alone: whichever clauses come or go, and whatever the seed, it stays in its own. */
const shardOf = (id: string, count: number): number => (hashed(`shard ${id}`) % count) + 1;

const hashed = (text: string): number => createHash('sha256').update(text).digest().readUInt32BE(0);

/** The command that judges one clause again. */
export function replayCommand(suite: string, id: string, settings: SuiteSettings): string {
  const dut = settings.dut === 'engine' ? '' : ` --dut ${settings.dut}`;
  return `lab test ${suite} --only '${id}'${dut} --driver ${settings.driver} --seed ${settings.seed}`;
}
