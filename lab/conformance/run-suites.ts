import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import type { RunRecord } from '../../reports/format.ts';
import { readRun, renderRun } from '../../reports/render.ts';

export interface SuiteOrder {
  /** Names of folders in suites/; none: all. */
  readonly suites: readonly string[];
  readonly dut: string;
  readonly driver: 'sim' | 'netns';
  readonly seed: string;
  /** Only clauses whose id contains this. */
  readonly only: string | null;
  /** The folder for results.json, junit.xml, index.html and pcap/; what an earlier run left in it is removed. */
  readonly report: string;
  /** Put before the command, to run it inside the namespaces of a live lab; empty for the simulator. */
  readonly prefix: readonly string[];
}

export type SuiteRun =
  | { readonly kind: 'judged'; readonly record: RunRecord; readonly summary: string }
  /** The runner itself did not get to a record: what it printed. */
  | { readonly kind: 'broken'; readonly output: string };

/** The suites of a checkout at `root`, by name. */
export function suiteNames(root: string): string[] {
  const folder = join(root, 'suites');
  const hasTests = (name: string): boolean => readdirSync(join(folder, name)).some(file => file.endsWith('.test.ts'));
  return readdirSync(folder, { withFileTypes: true })
    .filter(entry => entry.isDirectory() && hasTests(entry.name))
    .map(entry => entry.name)
    .sort();
}

/**
 * Judges a subject: vitest runs the suites in a process of its own (they are found by path, so that no layer below them
 * imports them), leaves the record, and the pages are made of that.
 */
export async function runSuites(root: string, order: SuiteOrder, signal?: AbortSignal): Promise<SuiteRun> {
  const report = resolve(order.report);
  clearReport(report);
  const vitest = join(createRequire(import.meta.url).resolve('vitest/package.json'), '..', 'vitest.mjs');
  const filters = order.suites.map(suite => `suites/${suite}/`);
  const command = [
    ...order.prefix,
    process.execPath,
    vitest,
    'run',
    '--config',
    join(root, 'suites/vitest.config.ts'),
    ...filters,
  ];
  const { dut, driver, seed, only } = order;
  const settings = JSON.stringify({ dut, driver, seed, only, report });
  const output = await runToEnd(command, root, { ...process.env, IPSEC_LAB_SUITE: settings }, signal);
  if (!existsSync(join(report, 'results.json'))) return { kind: 'broken', output };
  const summary = renderRun(report);
  return { kind: 'judged', record: readRun(report), summary };
}

/** Removes only what a run leaves: the folder may hold other things of its owner's. */
function clearReport(report: string): void {
  mkdirSync(report, { recursive: true });
  for (const name of ['results.json', 'junit.xml', 'index.html', 'pcap'])
    rmSync(join(report, name), { recursive: true, force: true });
}

function runToEnd(
  command: readonly string[],
  cwd: string,
  env: NodeJS.ProcessEnv,
  signal?: AbortSignal,
): Promise<string> {
  const [file = '', ...args] = command;
  return new Promise((resolved, rejected) => {
    const child = spawn(file, args, {
      cwd,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
      ...(signal === undefined ? {} : { signal }),
    });
    const chunks: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      if (process.stderr.isTTY) process.stderr.write(chunk);
    });
    child.on('error', rejected);
    child.on('close', () => resolved(Buffer.concat(chunks).toString('utf8')));
  });
}
