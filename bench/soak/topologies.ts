import { readFileSync } from 'node:fs';
import { shippedTopologies } from '../../lab/topology/shipped.ts';
import { EVERYTHING } from '../../lab/topology/testing/everything.ts';
import { mutateYaml, seededUniform } from '../../lab/topology/testing/mutate.ts';
import { outcomeOf } from '../../lab/topology/testing/mutation-outcome.ts';
import type { Table } from './report.ts';

const FINDINGS_MAX = 20;

/** Mutated topologies through the loader: each is accepted, and means something, or is diagnosed; nothing throws. */
export function soakTopologies(count: number, firstSeed: number, onProgress: (text: string) => void): Table {
  const texts = [EVERYTHING, ...shippedTopologies().map(({ file }) => readFileSync(file, 'utf8'))];
  const findings: string[] = [];
  const began = performance.now();
  let [accepted, done] = [0, 0];
  for (; done < count && findings.length < FINDINGS_MAX; done += 1) {
    const seed = firstSeed + done;
    const outcome = outcomeOf(mutateYaml(texts[done % texts.length] ?? '', texts, seededUniform(seed)));
    if (outcome.problem !== null) findings.push(`mutation ${seed}: ${outcome.problem}`);
    if (outcome.accepted) accepted += 1;
    if ((done + 1) % 10_000 === 0) onProgress(`${done + 1} topologies`);
  }
  const seconds = `${((performance.now() - began) / 1000).toFixed(0)} s`;
  return {
    title: 'mutated topologies',
    headings: ['mutations', 'accepted', 'diagnosed', 'wrong', 'time'],
    rows: [
      [String(done), String(accepted), String(done - accepted - findings.length), String(findings.length), seconds],
    ],
    findings,
  };
}
