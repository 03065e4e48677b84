import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RunRecord } from '../reports/format.ts';

/** The suites as their users run them: the built command, its exit status, and what it leaves. */
const ROOT = join(import.meta.dirname, '..');

export interface SuiteRun {
  readonly status: number | null;
  readonly run: RunRecord;
  readonly text: string;
  /** The folder of its report. */
  readonly report: string;
}

/** Runs `lab test` to its end; `use` gets what it left before that is removed. */
export async function labTest<T>(args: readonly string[], use: (run: SuiteRun) => T): Promise<T> {
  const report = mkdtempSync(join(tmpdir(), 'ipsec-lab-report-'));
  try {
    const { status, stdout, stderr } = await runLab(['test', '--report', report, ...args]);
    const results = join(report, 'results.json');
    if (!existsSync(results)) throw new Error(`no record: ${stdout}${stderr}`);
    return use({ status, run: JSON.parse(readFileSync(results, 'utf8')) as RunRecord, text: stdout, report });
  } finally {
    rmSync(report, { recursive: true, force: true });
  }
}

export const notPassed = (run: RunRecord): string[] =>
  run.clauses.filter(clause => clause.outcome !== 'passed').map(clause => `${clause.id}: ${clause.reason}`);

interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function runLab(args: readonly string[]): Promise<Ended> {
  const child = spawn(process.execPath, [join(ROOT, 'bin/lab.js'), ...args], {
    env: { ...process.env, VITEST: undefined, NODE_ENV: undefined },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', status => resolve({ status, stdout, stderr }));
  });
}
