import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'vitest';
import { writePcapng } from '../lab/capture/pcapng-file.ts';
import type { Capability } from '../lab/drivers/driver.ts';
import { findSubject } from '../lab/subjects/all-subjects.ts';
import type { ClauseRecord, EvidenceRecord, Outcome } from '../reports/format.ts';
import { Inconclusive, JudgementFailed } from './tester/judgement.ts';
import { openScene, type Scene } from './tester/scene.ts';
import { replayCommand, type SuiteSettings, suiteSettings } from './settings.ts';

export interface ClauseAbout {
  readonly level: ClauseRecord['level'];
  /** What the standard asks, in our words. */
  readonly text: string;
  /** What the tester does to find out. */
  readonly scenario: string;
  /** The subject, broken on purpose, that this clause must catch (lab/subjects/broken.ts). */
  readonly brokenBy: string;
  /** ESP suite that the gateways are keyed with; AES-256-GCM when absent. */
  readonly esp?: string;
  /** Alice's and Bob's side of the policy that they share; everything when absent. */
  readonly selectors?: readonly [string, string];
  readonly needs?: readonly Capability[];
}

declare module 'vitest' {
  interface TaskMeta {
    clause?: ClauseRecord;
  }
}

/**
 * Declares one clause of a suite. `id` is `rfcNNNN-SECTION-slug`, with the algorithm in brackets where it is judged for several.
 * The clause runs a second time against the subject that `brokenBy` names, and must fail there: a clause that cannot fail
 * judges nothing.
 */
export function clause(id: string, about: ClauseAbout, body: (scene: Scene) => Promise<void>): void {
  const settings = suiteSettings();
  const isWanted = settings.only === null || id.includes(settings.only);
  test.runIf(isWanted)(id, { timeout: 120_000 }, async ({ task }) => {
    const suite = task.file.name.split('/')[1] ?? 'suite';
    const record = await judgeClause(suite, id, about, body, settings);
    task.meta.clause = record;
    if (record.outcome === 'failed') throw new Error(record.reason);
  });
}

async function judgeClause(
  suite: string,
  id: string,
  about: ClauseAbout,
  body: (scene: Scene) => Promise<void>,
  settings: SuiteSettings,
): Promise<ClauseRecord> {
  const started = process.hrtime.bigint();
  const judged = await judgeSubject(settings.dut, id, about, body, settings);
  const controls = settings.dut === 'engine' ? [await judgeControl(id, about, body, settings)] : [];
  const missed = controls.find(control => !control.caught);
  const isUnproven = judged.outcome === 'passed' && missed !== undefined;
  const [, rfc = '', section = ''] = /^(rfc\d+)-([\dA-Z.]+)-/.exec(id) ?? [];
  if (rfc === '') throw new Error(`clause id ${id} is not of the form rfcNNNN-SECTION-slug`);
  return {
    id,
    suite,
    rfc,
    section,
    level: about.level,
    text: about.text,
    scenario: about.scenario,
    outcome: isUnproven ? 'failed' : judged.outcome,
    reason: isUnproven
      ? `the clause proves nothing: it did not catch ${missed.subject} (${missed.how})`
      : judged.reason,
    durationMs: Number(process.hrtime.bigint() - started) / 1e6,
    evidence: judged.evidence,
    pcapng: judged.pcapng,
    controls,
    replay: replayCommand(suite, id, settings),
  };
}

interface Judged {
  readonly outcome: Outcome;
  readonly reason: string;
  readonly evidence: readonly EvidenceRecord[];
  readonly pcapng: string | null;
}

async function judgeSubject(
  dut: string,
  id: string,
  about: ClauseAbout,
  body: (scene: Scene) => Promise<void>,
  settings: SuiteSettings,
): Promise<Judged> {
  const subject = findSubject(dut);
  const nothing = { evidence: [], pcapng: null };
  if (subject === null) return { outcome: 'inconclusive', reason: `there is no subject ${dut}`, ...nothing };
  const opened = await openScene({ subject, about, settings }).catch((error: unknown) => asError(error));
  if (opened instanceof Error)
    return { outcome: 'inconclusive', reason: `the lab did not come up: ${opened.message}`, ...nothing };
  const missing = (about.needs ?? []).filter(capability => !opened.lab.capabilities.has(capability));
  if (missing.length > 0) {
    await opened.lab.down();
    return { outcome: 'unsupported', reason: `the ${settings.driver} driver has no ${missing.join(', ')}`, ...nothing };
  }
  const verdict = await body(opened).then(
    () => ({ outcome: 'passed' as const, reason: '' }),
    (error: unknown) => outcomeOf(asError(error)),
  );
  await opened.lab.down();
  return { ...verdict, evidence: opened.evidence(), pcapng: keepCapture(id, opened, settings) };
}

const asError = (error: unknown): Error => (error instanceof Error ? error : new Error(String(error)));

function outcomeOf(error: Error): { readonly outcome: Outcome; readonly reason: string } {
  if (error instanceof JudgementFailed) return { outcome: 'failed', reason: error.message };
  if (error instanceof Inconclusive) return { outcome: 'inconclusive', reason: error.message };
  throw error;
}

/** Runs the clause against its broken subject, and says how that was told from a good one. */
async function judgeControl(
  id: string,
  about: ClauseAbout,
  body: (scene: Scene) => Promise<void>,
  settings: SuiteSettings,
): Promise<ClauseRecord['controls'][number]> {
  const judged = await judgeSubject(about.brokenBy, `${id}.control`, about, body, settings);
  return {
    subject: about.brokenBy,
    caught: judged.outcome === 'failed',
    how: judged.reason === '' ? judged.outcome : judged.reason,
  };
}

function keepCapture(id: string, scene: Scene, settings: SuiteSettings): string | null {
  const packets = scene.packets();
  if (packets.length === 0) return null;
  const path = join('pcap', `${id.replaceAll(/[^\w.-]+/g, '_')}.pcapng`);
  mkdirSync(join(settings.report, 'pcap'), { recursive: true });
  writeFileSync(join(settings.report, path), writePcapng(packets, scene.comments()));
  return path;
}
