import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Reporter, TestCase, TestModule } from 'vitest/node';
import type { ClauseRecord, Environment, RunRecord } from '../reports/format.ts';
import { readClauseId } from './clause-id.ts';
import { suiteSettings } from './settings.ts';

/** Collects what the clauses found and leaves it as `results.json`; the pages are made from that file alone. */
export default class RecordReporter implements Reporter {
  private readonly startedAt = new Date();
  private judged = 0;

  onTestCaseResult(testCase: TestCase): void {
    if (testCase.result().state === 'skipped') return;
    this.judged += 1;
    if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${this.judged} judged: ${testCase.name}`);
  }

  onTestRunEnd(modules: readonly TestModule[]): void {
    if (process.stderr.isTTY) process.stderr.write('\r\u001b[K');
    const settings = suiteSettings();
    const cases = [...modules]
      .sort((a, b) => a.moduleId.localeCompare(b.moduleId))
      .flatMap(module => [...module.children.allTests()]);
    for (const module of modules)
      for (const error of module.errors()) process.stderr.write(`${error.stack ?? error.message}\n`);
    const run: RunRecord = {
      format: 1,
      startedAt: this.startedAt.toISOString(),
      durationMs: Date.now() - this.startedAt.getTime(),
      dut: settings.dut,
      driver: settings.driver,
      seed: settings.seed,
      ...(settings.shard === null ? {} : { shard: settings.shard }),
      environment: environment(),
      clauses: cases.filter(testCase => testCase.result().state !== 'skipped').map(recordOf),
    };
    mkdirSync(settings.report, { recursive: true });
    writeFileSync(join(settings.report, 'results.json'), `${JSON.stringify(run, null, 2)}\n`);
  }
}

/** A test that left no record ended in a bug of ours: it is reported as inconclusive with the exception, never dropped. */
function recordOf(testCase: TestCase): ClauseRecord {
  const record = testCase.meta().clause;
  if (record !== undefined) return record;
  const errors = testCase.result().errors ?? [];
  const { rfc, section } = readClauseId(testCase.name) ?? { rfc: '', section: '' };
  return {
    id: testCase.name,
    suite: testCase.module.relativeModuleId.split('/')[1] ?? '',
    rfc,
    section,
    level: 'MUST',
    text: '',
    scenario: '',
    outcome: 'inconclusive',
    reason: errors.map(error => error.stack ?? error.message).join('\n') || 'the clause did not run to its end',
    durationMs: testCase.diagnostic()?.duration ?? 0,
    evidence: [],
    pcapng: null,
    controls: [],
    replay: `lab test --only '${testCase.name}'`,
  };
}

function environment(): Environment {
  const root = join(import.meta.dirname, '..');
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
  return {
    version,
    commit: commit(root),
    node: process.versions.node,
    openssl: process.versions.openssl,
    platform: `${process.platform} ${process.arch}`,
  };
}

function commit(root: string): string {
  try {
    return execFileSync('git', ['-C', root, 'rev-parse', 'HEAD'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  } catch {
    return ''; // an unpacked archive has no commit
  }
}
