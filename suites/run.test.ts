import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { whyNotLive } from '../lab/cli/machine/live-capabilities.ts';
import type { RunRecord } from '../reports/format.ts';

/** The suites as their users run them: the built command, its exit status, and what it leaves. */
const ROOT = join(import.meta.dirname, '..');
const reports = mkdtempSync(join(tmpdir(), 'ipsec-lab-reports-'));
afterAll(() => rmSync(reports, { recursive: true, force: true }));

function labTest(
  name: string,
  args: readonly string[],
): { readonly status: number | null; readonly run: RunRecord; readonly text: string } {
  const report = join(reports, name);
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [join(ROOT, 'bin/lab.js'), 'test', '--report', report, ...args],
    {
      encoding: 'utf8',
      env: { ...process.env, VITEST: undefined, NODE_ENV: undefined },
    },
  );
  if (!existsSync(join(report, 'results.json'))) throw new Error(`no record: ${stdout}${stderr}`);
  return { status, run: JSON.parse(readFileSync(join(report, 'results.json'), 'utf8')) as RunRecord, text: stdout };
}

/** What the suites are for: each of these has clauses that name it. */
const RFCS = [
  'adversary',
  'rfc3948',
  'rfc4106',
  'rfc4301',
  'rfc4302',
  'rfc4303',
  'rfc4555',
  'rfc6989',
  'rfc7296',
  'rfc7383',
  'rfc7427',
  'rfc7634',
  'rfc8019',
  'rfc8221',
  'rfc9242',
  'rfc9370',
];

test('the engine passes every clause of every suite, and every clause catches its broken subject', {
  timeout: 600_000,
}, () => {
  const { status, run, text } = labTest('engine', ['--seed', '7']);
  expect(notPassed(run)).toEqual([]);
  expect(status).toBe(0);
  for (const rfc of RFCS) expect(run.clauses.filter(clause => clause.rfc === rfc).length, rfc).toBeGreaterThan(0);
  expect(run.clauses.filter(clause => RFCS.includes(clause.rfc)).length).toBeGreaterThanOrEqual(150);
  expect(new Set(run.clauses.map(({ id }) => id)).size).toBe(run.clauses.length);
  expect(run.clauses.flatMap(clause => clause.controls).filter(control => !control.caught)).toEqual([]);
  expect(run.clauses.every(clause => clause.controls.length === 1)).toBe(true);
  expect(run.clauses.filter(({ evidence }) => evidence.length === 0).map(({ id }) => id)).toEqual([]);
  expect(text).toContain(`${run.clauses.length} passed, 0 failed`);
  expect(text).toMatch(/legacy: 3des-sha1: .*RFC 8221/);
  for (const file of ['index.html', 'junit.xml', run.clauses[0]?.pcapng ?? 'none']) {
    expect(existsSync(join(reports, 'engine', file)), file).toBe(true);
  }
});

test.skipIf(whyNotLive() !== null).each([
  ['every clause of encryption', ['encryption']],
  ['a sample of all clauses', ['--sample', '24']],
])(
  'live gateways pass %s, and each clause catches a live gateway that is broken (needs what lab doctor names)',
  { timeout: 900_000 },
  (what, args) => {
    const { status, run } = labTest(`live ${what}`, [...args, '--driver', 'netns']);
    expect(notPassed(run).filter(line => !line.endsWith('has no virtual-time'))).toEqual([]);
    expect(run.clauses.every(clause => clause.controls.every(control => control.caught))).toBe(true);
    expect(status).toBe(0);
  },
);

const notPassed = (run: RunRecord): string[] =>
  run.clauses.filter(clause => clause.outcome !== 'passed').map(clause => `${clause.id}: ${clause.reason}`);

test.each([
  ['skips-encryption', 'rfc4303-3.1-confidentiality'],
  ['reuses-iv', 'rfc4303-2.3-iv-unique'],
  ['skips-icv-check', 'rfc4303-3.4.4.1-icv-check'],
  ['ignores-replays', 'rfc4303-3.4.3-replay'],
])('a gateway that %s is caught: exit status 1, and %s failed', { timeout: 300_000 }, (dut, clause) => {
  const { status, run } = labTest(dut, ['encryption', '--dut', dut]);
  expect(status).toBe(1);
  expect(run.clauses.filter(({ outcome }) => outcome === 'failed').map(({ id }) => id)).toContainEqual(
    expect.stringContaining(clause),
  );
});

test('a subject that does not exist is no verdict about anything', { timeout: 300_000 }, () => {
  const { status, run } = labTest('nobody', ['encryption', '--dut', 'nobody', '--only', 'replay']);
  expect(status).not.toBe(0);
  expect(run.clauses.every(clause => clause.outcome === 'inconclusive')).toBe(true);
});
