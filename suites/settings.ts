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
}

export const SETTINGS_VARIABLE = 'IPSEC_LAB_SUITE';

/** The settings of this run; running vitest on the suites by hand judges the engine in the simulator. */
export function suiteSettings(): SuiteSettings {
  const defaults: SuiteSettings = { dut: 'engine', driver: 'sim', seed: '1', report: 'report', only: null };
  const given = process.env[SETTINGS_VARIABLE];
  return given === undefined ? defaults : { ...defaults, ...(JSON.parse(given) as Partial<SuiteSettings>) };
}

/** The command that judges one clause again. */
export function replayCommand(suite: string, id: string, settings: SuiteSettings): string {
  const dut = settings.dut === 'engine' ? '' : ` --dut ${settings.dut}`;
  return `lab test ${suite} --only '${id}'${dut} --driver ${settings.driver} --seed ${settings.seed}`;
}
