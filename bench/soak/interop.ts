import { whyNotLive } from '../../lab/cli/machine/live-capabilities.ts';
import { libreswan, strongswan } from '../../lab/cli/machine/other-implementations.ts';
import { interopCases } from '../interop/cases.ts';
import { type Played, playMatrix, sampleOf } from '../interop/matrix.ts';
import type { Table } from './report.ts';

/** The engine against strongSwan, and libreswan where it is, live: `sample` cases of the matrix, or all. Counted by what they are about. */
export async function soakInterop(sample: number | null, progress: (text: string) => void): Promise<Table> {
  const cases = interopCases();
  const hasLibreswan = libreswan().ok;
  const numbers = sampleOf(sample ?? Number.POSITIVE_INFINITY).filter(
    number => hasLibreswan || cases[number]?.other !== 'libreswan',
  );
  const others = hasLibreswan ? 'strongSwan and libreswan' : 'strongSwan';
  const title = `interoperation with ${others}: ${numbers.length} of ${cases.length} cases`;
  const headings = ['what', 'passed', 'seconds'];
  const needed = [whyNotLive(), strongswan()].find(capability => capability !== null && !capability.ok);
  if (needed !== undefined && needed !== null) {
    const finding = `${needed.name}: ${needed.detail}; fix: ${needed.fix ?? 'none known'}`;
    return { title, headings, rows: [], findings: [finding] };
  }
  const all = await playMatrix(numbers, ({ result: { name, findings, milliseconds } }) => {
    progress(`${findings.length === 0 ? 'ok ' : 'BAD'} ${name} (${(milliseconds / 1000).toFixed(1)} s)`);
    for (const finding of findings) progress(`      ${finding}`);
  });
  const bad = all.filter(({ result }) => result.findings.length > 0);
  return {
    title,
    headings,
    rows: [...rowsOf(all, ({ one }) => one.group), ...rowsOf(all, ({ one }) => `begun by ${one.initiator}`)],
    findings: bad.map(({ result: { name, findings } }) => `${name}: ${findings[0]}`),
  };
}

function rowsOf(all: readonly Played[], keyOf: (played: Played) => string): string[][] {
  return [...new Set(all.map(keyOf))].map(key => {
    const these = all.filter(played => keyOf(played) === key);
    const passed = these.filter(({ result }) => result.findings.length === 0).length;
    const seconds = these.reduce((sum, { result }) => sum + result.milliseconds / 1000, 0);
    return [key, `${passed} of ${these.length}`, seconds.toFixed(0)];
  });
}
