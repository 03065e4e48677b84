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
}

export const SETTINGS_VARIABLE = 'IPSEC_LAB_SUITE';

/** The settings of this run; running vitest on the suites by hand judges the engine in the simulator. */
export function suiteSettings(): SuiteSettings {
  const defaults: SuiteSettings = { dut: 'engine', driver: 'sim', seed: '1', report: 'report', only: null, sample: 1 };
  const given = process.env[SETTINGS_VARIABLE];
  return given === undefined ? defaults : { ...defaults, ...(JSON.parse(given) as Partial<SuiteSettings>) };
}

/** Whether this run judges the clause. The same seed always chooses the same ones. */
export function isWanted(id: string, { only, sample, seed }: SuiteSettings): boolean {
  if (only !== null && !id.includes(only)) return false;
  return sample <= 1 || createHash('sha256').update(`${seed} ${id}`).digest().readUInt32BE(0) % sample === 0;
}

/** The command that judges one clause again. */
export function replayCommand(suite: string, id: string, settings: SuiteSettings): string {
  const dut = settings.dut === 'engine' ? '' : ` --dut ${settings.dut}`;
  return `lab test ${suite} --only '${id}'${dut} --driver ${settings.driver} --seed ${settings.seed}`;
}
