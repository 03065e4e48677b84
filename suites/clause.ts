import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'vitest';
import { writePcapng } from '../lab/capture/pcapng-file.ts';
import type { Capability } from '../lab/drivers/driver.ts';
import type { CapturedPacket } from '../lab/capture/packet.ts';
import type { RunningLab } from '../lab/drivers/driver.ts';
import { findSubject } from '../lab/subjects/all-subjects.ts';
import type { Subject } from '../lab/subjects/subject.ts';
import type { ClauseRecord, EvidenceRecord, Outcome } from '../reports/format.ts';
import { Inconclusive, JudgementFailed } from './tester/judgement.ts';
import { type Bench, type BenchPlan, openBench } from './tester/bench.ts';
import { openScene, type Scene } from './tester/scene.ts';
import { replayCommand, type SuiteSettings, suiteSettings } from './settings.ts';

interface About {
  readonly level: ClauseRecord['level'];
  /** What the standard asks, in our words. */
  readonly text: string;
  /** What the tester does to find out. */
  readonly scenario: string;
  /** The subject, broken on purpose, that this clause must catch (lab/subjects/broken.ts). */
  readonly brokenBy: string;
  readonly needs?: readonly Capability[];
}

/** A clause about a gateway between good neighbours, on topologies/site-to-site.yaml. */
export interface ClauseAbout extends About {
  /** ESP suite that the gateways are keyed with; AES-256-GCM when absent. */
  readonly esp?: string;
  /** Alice's and Bob's side of the policy that they share; everything when absent. */
  readonly selectors?: readonly [string, string];
}

/** A clause about a gateway alone with its tester, who plays everybody else. */
export interface BenchClauseAbout extends About {
  readonly alice: BenchPlan;
}

/** What every scene leaves to the report. */
interface Stage {
  readonly lab: RunningLab;
  packets(): readonly CapturedPacket[];
  evidence(): readonly EvidenceRecord[];
  comments(): ReadonlyMap<number, string>;
}

/** How one subject is judged: the lab that it is put into, and what is asked of it there. */
interface Judgement<S extends Stage> {
  readonly id: string;
  readonly about: About;
  readonly open: (subject: Subject) => Promise<S>;
  readonly body: (stage: S) => Promise<void>;
  readonly settings: SuiteSettings;
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
  declare({ id, about, body, settings, open: subject => openScene({ subject, about, settings }) });
}

/** The same for a clause whose scene is the bench. */
export function benchClause(id: string, about: BenchClauseAbout, body: (bench: Bench) => Promise<void>): void {
  const settings = suiteSettings();
  const needs = [...new Set<Capability>(['inject', ...(about.needs ?? [])])];
  const open = (subject: Subject) => openBench({ subject, plan: about.alice, settings });
  declare({ id, about: { ...about, needs }, body, settings, open });
}

function declare<S extends Stage>(judgement: Judgement<S>): void {
  const { id, settings } = judgement;
  const isWanted = settings.only === null || id.includes(settings.only);
  test.runIf(isWanted)(id, { timeout: 120_000 }, async ({ task }) => {
    const suite = task.file.name.split('/')[1] ?? 'suite';
    const record = await judgeClause(suite, judgement);
    task.meta.clause = record;
    if (record.outcome === 'failed') throw new Error(record.reason);
  });
}

async function judgeClause<S extends Stage>(suite: string, judgement: Judgement<S>): Promise<ClauseRecord> {
  const { id, about, settings } = judgement;
  const started = process.hrtime.bigint();
  const judged = await judgeSubject(settings.dut, id, judgement);
  const controls = settings.dut === 'engine' ? [await judgeControl(judgement)] : [];
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

async function judgeSubject<S extends Stage>(
  dut: string,
  captureName: string,
  { about, open, body, settings }: Judgement<S>,
): Promise<Judged> {
  const subject = findSubject(dut);
  const nothing = { evidence: [], pcapng: null };
  if (subject === null) return { outcome: 'inconclusive', reason: `there is no subject ${dut}`, ...nothing };
  const opened = await open(subject).catch((error: unknown) => asError(error));
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
  return { ...verdict, evidence: opened.evidence(), pcapng: keepCapture(captureName, opened, settings) };
}

const asError = (error: unknown): Error => (error instanceof Error ? error : new Error(String(error)));

function outcomeOf(error: Error): { readonly outcome: Outcome; readonly reason: string } {
  if (error instanceof JudgementFailed) return { outcome: 'failed', reason: error.message };
  if (error instanceof Inconclusive) return { outcome: 'inconclusive', reason: error.message };
  throw error;
}

/** Runs the clause against its broken subject, and says how that was told from a good one. */
async function judgeControl<S extends Stage>(judgement: Judgement<S>): Promise<ClauseRecord['controls'][number]> {
  const { id, about } = judgement;
  const judged = await judgeSubject(about.brokenBy, `${id}.control`, judgement);
  return {
    subject: about.brokenBy,
    caught: judged.outcome === 'failed',
    how: judged.reason === '' ? judged.outcome : judged.reason,
  };
}

function keepCapture(id: string, scene: Stage, settings: SuiteSettings): string | null {
  const packets = scene.packets();
  if (packets.length === 0) return null;
  const path = join('pcap', `${id.replaceAll(/[^\w.-]+/g, '_')}.pcapng`);
  mkdirSync(join(settings.report, 'pcap'), { recursive: true });
  writeFileSync(join(settings.report, path), writePcapng(packets, scene.comments()));
  return path;
}
