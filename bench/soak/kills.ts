import { createSeededRandom } from '../../lab/drivers/sim/seeded-random.ts';
import { interruptRound } from './interrupt-round.ts';
import { killRound, PHASES } from './kill-round.ts';
import type { Table } from './report.ts';
import { measurePace, type Pace, type RoundResult, type Subject } from './round.ts';

export interface KillsOptions {
  readonly kills: number;
  readonly interrupts: number;
  readonly seed: string;
  /** Called after each round. */
  readonly onRound: (text: string) => void;
}

/** Random kills and interrupts of labs, for each subject one row of the table, and what was left behind. */
export async function soakKills(subjects: readonly Subject[], options: KillsOptions): Promise<Table> {
  const rows: string[][] = [];
  const findings: string[] = [];
  for (const subject of subjects) {
    const name = `${subject.driver} as ${subject.person.name}`;
    await measurePace(subject); // the first lab is slow: files are read for the first time
    const { pace, findings: undisturbed } = await measurePace(subject);
    findings.push(...undisturbed.map(finding => `${name}, undisturbed: ${finding}`));
    if (undisturbed.length > 0) continue; // what cannot even come up says nothing when it is killed
    for (const [kind, count] of Object.entries({ kill: options.kills, interrupt: options.interrupts })) {
      const results: RoundResult[] = [];
      for (let hits = 0; hits < count && results.length < 3 * count; ) {
        const label = `${name}, ${kind} ${hits + 1} of ${count}, seed ${options.seed}`;
        const result = await round(kind, hits, subject, pace, `${options.seed}/${name}/${kind}/${results.length}`);
        results.push(result);
        if (result.isHit) hits += 1;
        findings.push(...result.findings.map(finding => `${label}, ${result.what}: ${finding}`));
        options.onRound([`${label}: ${result.what}`, ...result.findings].join('\n  FOUND: '));
      }
      rows.push(rowOf(name, kind, results));
    }
  }
  return { title: 'labs killed and interrupted', headings: HEADINGS, rows, findings };
}

const HEADINGS = ['labs', 'what', 'hits', 'too late', 'with a finding', 'longest until nothing was left', 'at what'];

function round(kind: string, index: number, subject: Subject, pace: Pace, seed: string): Promise<RoundResult> {
  const random = createSeededRandom(seed);
  if (kind === 'interrupt') return interruptRound(subject, pace, random);
  const phase = PHASES[index % PHASES.length] ?? 'up';
  return killRound({ subject, phase, isBesideAnother: index % 5 === 4, pace, random });
}

function rowOf(name: string, kind: string, results: readonly RoundResult[]): string[] {
  const counts = new Map<string, number>();
  for (const { what } of results) counts.set(what, (counts.get(what) ?? 0) + 1);
  const slowest = Math.max(0, ...results.map(result => result.settledMs));
  return [
    name,
    kind,
    String(results.filter(({ isHit }) => isHit).length),
    String(results.filter(({ isHit }) => !isHit).length),
    String(results.filter(result => result.findings.length > 0).length),
    `${slowest.toFixed(0)} ms`,
    [...counts]
      .map(([what, count]) => `${what} ${count}`)
      .sort()
      .join('; '),
  ];
}
