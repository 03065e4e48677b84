import type { DriverName } from '../../lab/drivers/driver.ts';
import type { SeededRandom } from '../../lab/drivers/sim/seeded-random.ts';
import { Arena, type Ended } from './arena.ts';
import { settle } from './machine.ts';
import type { Person } from './person.ts';

/** One driver, used by one person: what a row of the table is about. */
export interface Subject {
  readonly driver: DriverName;
  readonly person: Person;
}

/** How long an undisturbed lab of a subject takes: random moments are spread over these. Milliseconds. */
export interface Pace {
  readonly up: number;
  readonly checks: number;
  readonly down: number;
}

export interface RoundResult {
  /** What was done, for the table: `up: supervisor`. */
  readonly what: string;
  /** The lab was there to be disturbed: else the moment came too late, and the round proves nothing. */
  readonly isHit: boolean;
  readonly findings: readonly string[];
  /** Until nothing was left, after the last command had ended. */
  readonly settledMs: number;
}

/** How long the kernel may take to take namespaces apart, and killed labs' clients to notice. */
export const SETTLE_MS = 10_000;

export const LAB = 'site-to-site-manual';

/** `topology`: its name or file. */
export const upArguments = (topology: string, driver: DriverName, ...more: readonly string[]): string[] => [
  'up',
  topology,
  '--driver',
  driver,
  ...more,
];

/** A lab that nobody disturbs: it must come up, go down and leave nothing. Tells how long that takes. */
export async function measurePace(subject: Subject): Promise<{ pace: Pace; findings: string[] }> {
  const arena = new Arena(subject.person);
  try {
    const began = performance.now();
    const coming = arena.start(upArguments(LAB, subject.driver), 'up');
    let checks = 0;
    while (checks === 0 && (await Promise.race([coming.ended, pause(5)])) === undefined) {
      arena.processes('up');
      if (hasComeUp(coming.output())) checks = performance.now();
    }
    const up = await coming.ended;
    const done = performance.now();
    const down = await arena.run(['down', '--all'], 'down');
    const gone = performance.now();
    const { left } = await settle(() => arena.leftovers(), SETTLE_MS);
    return {
      pace: { up: checks - began, checks: done - checks, down: gone - done },
      findings: [...complaints('lab up', up, [0]), ...complaints('lab down --all', down, [0]), ...left.map(leftBehind)],
    };
  } finally {
    arena.dispose();
  }
}

/** The lab stands, and its checks begin. */
export const hasComeUp = (output: string): boolean => /^checks$/m.test(output);

/** What is wrong with how a command ended. `statuses`: the good ones; null: any that is no fault of ours. */
export function complaints(command: string, ended: Ended, statuses: readonly (number | null)[] | null): string[] {
  const said = `\n${ended.output.trimEnd().replace(/^/gm, '    ')}`;
  if (ended.hung) return [`${command} hung${said}`];
  const isWrong = statuses !== null && !statuses.includes(ended.status);
  return [
    ...(isWrong ? [`${command} ended with ${ended.status ?? ended.signal ?? 'nothing'}${said}`] : []),
    ...stackTraces(command, ended.output),
  ];
}

/** Nobody who uses the lab should ever see one, whatever was killed. */
export function stackTraces(where: string, text: string): string[] {
  const isOne = /^\s+at .+:\d+:\d+\)?$|a fault in ipsec-lab|ERR_UNHANDLED/m.test(text);
  return isOne ? [`a stack trace of ${where}:\n${text.trimEnd().replace(/^/gm, '    ')}`] : [];
}

export const leftBehind = (what: string): string => `left behind: ${what}`;

export const upTo = (limit: number, random: SeededRandom): number => random.uniform() * limit;

export function pick<T>(items: readonly T[], random: SeededRandom): T | undefined {
  return items[Math.floor(random.uniform() * items.length)];
}

export const pause = (ms: number): Promise<undefined> =>
  new Promise(resolve => {
    setTimeout(() => resolve(undefined), ms);
  });
