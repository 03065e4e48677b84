import { disagreement } from '../../engine/filter/testing/compare.ts';
import { createSeededRandom } from '../../lab/drivers/sim/seeded-random.ts';
import type { Table } from './report.ts';

const FINDINGS_MAX = 20;
const KINDS = [
  { title: 'few rules', share: 0.7, rulesMax: 40, packetsPerFilter: 50 },
  { title: 'many rules', share: 0.3, rulesMax: 2000, packetsPerFilter: 500 },
] as const;

/** Random packets through random rules: verdicts, explanations and counters must be those of the naive reference. */
export function soakFilter(packets: number, seed: string, onProgress: (text: string) => void): Table {
  const rows: string[][] = [];
  const findings: string[] = [];
  for (const { title, share, rulesMax, packetsPerFilter } of KINDS) {
    const began = performance.now();
    const random = createSeededRandom(`${seed}/${title}`);
    const filters = Math.ceil((packets * share) / packetsPerFilter);
    for (let i = 0; i < filters && findings.length < FINDINGS_MAX; i++) {
      const found = disagreement(random.u32(), rulesMax, packetsPerFilter);
      if (found !== null) findings.push(`${title}: ${found}`);
      if (i % 1000 === 999) onProgress(`${title}: ${(i + 1) * packetsPerFilter} packets`);
    }
    const seconds = `${((performance.now() - began) / 1000).toFixed(0)} s`;
    rows.push([title, String(filters), String(rulesMax), String(filters * packetsPerFilter), seconds]);
  }
  return {
    title: 'verdicts of the IP filter against a naive reference',
    headings: ['rules', 'filters', 'rules at most', 'packets', 'time'],
    rows,
    findings,
  };
}
