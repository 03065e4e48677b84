import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'vitest';
import { writePcapng } from '../lab/capture/pcapng-file.ts';
import type { Capability } from '../lab/drivers/driver.ts';
import type { CapturedPacket } from '../lab/capture/packet.ts';
import type { RunningLab } from '../lab/drivers/driver.ts';
import { findSubject } from '../lab/subjects/all-subjects.ts';
import type { Subject } from '../lab/subjects/subject.ts';
import { type LoadResult, loadTopology } from '../lab/topology/load.ts';
import { topologiesDirectory } from '../lab/topology/shipped.ts';
import type { ClauseRecord, EvidenceRecord, Outcome } from '../reports/format.ts';
import { readClauseId } from './clause-id.ts';
import { legacyReason } from './tester/crypto/legacy.ts';
import { Inconclusive, JudgementFailed, Unsupported } from './tester/judgement.ts';
import { type Bench, type BenchPlan, openBench } from './tester/bench.ts';
import { openScene, type Scene } from './tester/scene.ts';
import { isWanted, replayCommand, type SuiteSettings, suiteSettings } from './settings.ts';

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

/** A clause about a gateway between good neighbours, on topologies/site-to-site-manual.yaml. */
export interface ClauseAbout extends About {
  /** ESP suite that the gateways are keyed with; AES-256-GCM when absent. */
  readonly esp?: string;
  /** Alice's and Bob's side of the policy that they share; everything when absent. */
  readonly selectors?: readonly [string, string];
}

/** A clause about a gateway alone with its tester, who plays everybody else. */
export interface BenchClauseAbout extends About {
  readonly alice: BenchPlan;
  /** What besides the suites of its SAs it used and nobody should use any more, each with the reason; asked when all is judged. */
  readonly legacy?: () => readonly string[];
}

/** What every scene leaves to the report. */
interface Stage {
  readonly lab: RunningLab;
  packets(): readonly CapturedPacket[];
  evidence(): readonly EvidenceRecord[];
  comments(): ReadonlyMap<number, string>;
  citeAll(): void;
}

/** A clause about what must not be set up at all. */
export interface RefusalClauseAbout extends About {
  /** What is wrong with each, by a name for the report; all else about it is right. */
  readonly refused: Readonly<Record<string, BenchPlan>>;
}

/** A clause about what a topology may not ask for. */
export interface DocumentClauseAbout extends About {
  /** What stands in the place of `esp: [aes256gcm16]` in topologies/site-to-site-manual.yaml. */
  readonly protect: string;
  /** What one of the diagnostics must say. */
  readonly says: RegExp;
}

interface Judgement {
  readonly id: string;
  /** The algorithms that its SAs use. */
  readonly suites: readonly string[];
  readonly legacy?: () => readonly string[];
  readonly about: About;
  readonly settings: SuiteSettings;
  readonly judge: (subject: Subject, captureName: string) => Promise<Judged>;
}

declare module 'vitest' {
  interface TaskMeta {
    clause?: ClauseRecord;
  }
}

/**
 * Declares one clause of a suite. `id` is `rfcNNNN-SECTION-slug` (of a draft `xauth-…` or `modecfg-…`), or `adversary-NUMBER-slug` for
 * what attackers have done, with the algorithm in brackets where it is judged for several.
 * The clause runs a second time against the subject that `brokenBy` names, and must fail there: a clause that cannot fail
 * judges nothing.
 */
export function clause(id: string, about: ClauseAbout, body: (scene: Scene) => Promise<void>): void {
  const settings = suiteSettings();
  const open = (subject: Subject) => openScene({ subject, about, settings });
  declare({
    id,
    suites: about.esp === undefined ? [] : [about.esp],
    about,
    settings,
    judge: (...of) => judgeOnStage({ about, settings, open, body }, ...of),
  });
}

/** The same for a clause whose scene is the bench. */
export function benchClause(id: string, about: BenchClauseAbout, body: (bench: Bench) => Promise<void>): void {
  const settings = suiteSettings();
  const needing = { ...about, needs: [...new Set<Capability>(['inject', ...(about.needs ?? [])])] };
  const open = (subject: Subject) => openBench({ subject, plan: about.alice, settings });
  declare({
    id,
    suites: about.alice.sas.map(({ suite }) => suite ?? ''),
    ...(about.legacy === undefined ? {} : { legacy: about.legacy }),
    about: needing,
    settings,
    judge: (...of) => judgeOnStage({ about: needing, settings, open, body }, ...of),
  });
}

/** The same for what an implementation must refuse when it is set up. */
export function refusalClause(id: string, about: RefusalClauseAbout): void {
  const settings = suiteSettings();
  declare({ id, suites: [], about, settings, judge: subject => judgeRefusals(about, subject, settings) });
}

/** The same for what is refused while a topology is loaded, before there is any lab. */
export function documentClause(id: string, about: DocumentClauseAbout): void {
  const settings = suiteSettings();
  // oxlint-disable-next-line typescript/require-await -- others have to wait
  declare({ id, suites: [], about, settings, judge: async subject => judgeDocument(about, subject) });
}

function declare(judgement: Judgement): void {
  const { id, settings } = judgement;
  test.runIf(isWanted(id, settings))(id, { timeout: 120_000 }, async ({ task }) => {
    const suite = task.file.name.split('/')[1] ?? 'suite';
    const record = await judgeClause(suite, judgement);
    task.meta.clause = record;
    if (record.outcome === 'failed') throw new Error(record.reason);
  });
}

async function judgeClause(suite: string, judgement: Judgement): Promise<ClauseRecord> {
  const { id, about, settings } = judgement;
  const started = process.hrtime.bigint();
  const judged = await judgeSubject(settings.dut, id, judgement);
  const isProvable = settings.dut === 'engine' && judged.outcome !== 'unsupported';
  const controls = isProvable ? [await judgeControl(judgement)] : [];
  const missed = controls.find(control => !control.caught);
  const isUnproven = judged.outcome === 'passed' && missed !== undefined;
  const named = readClauseId(id);
  const reasons = [...new Set(judgement.suites)].map(legacyReason).filter(reason => reason !== null);
  const legacy = [...reasons, ...(judgement.legacy?.() ?? [])];
  if (named === null) throw new Error(`clause id ${id} is of no form that clause-id.ts knows`);
  return {
    id,
    suite,
    ...named,
    level: about.level,
    text: about.text,
    scenario: about.scenario,
    ...(legacy.length === 0 ? {} : { legacy }),
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

const NO_PROOF = { evidence: [], pcapng: null };

async function judgeSubject(dut: string, captureName: string, judgement: Judgement): Promise<Judged> {
  const subject = findSubject(dut);
  if (subject === null) return { outcome: 'inconclusive', reason: `there is no subject ${dut}`, ...NO_PROOF };
  return judgement.judge(subject, captureName);
}

interface StageDirections<S extends Stage> {
  readonly about: About;
  readonly settings: SuiteSettings;
  readonly open: (subject: Subject) => Promise<S>;
  readonly body: (stage: S) => Promise<void>;
}

async function judgeOnStage<S extends Stage>(
  { about, settings, open, body }: StageDirections<S>,
  subject: Subject,
  captureName: string,
): Promise<Judged> {
  const opened = await open(subject).catch((error: unknown) => asError(error));
  if (opened instanceof Unsupported) return { outcome: 'unsupported', reason: opened.message, ...NO_PROOF };
  if (opened instanceof Error)
    return { outcome: 'inconclusive', reason: `the lab did not come up: ${opened.message}`, ...NO_PROOF };
  const missing = (about.needs ?? []).filter(capability => !opened.lab.capabilities.has(capability));
  if (missing.length > 0) {
    await opened.lab.down();
    return {
      outcome: 'unsupported',
      reason: `the ${settings.driver} driver has no ${missing.join(', ')}`,
      ...NO_PROOF,
    };
  }
  const thrown = await body(opened).then(
    () => null,
    (error: unknown) => asError(error),
  );
  await opened.lab.down();
  const verdict = thrown === null ? { outcome: 'passed' as const, reason: '' } : outcomeOf(thrown);
  if (opened.evidence().length === 0) opened.citeAll();
  return { ...verdict, evidence: opened.evidence(), pcapng: keepCapture(captureName, opened, settings) };
}

/** Fails for each that comes up, and for none else: why it does not is the subject's business. */
async function judgeRefusals(about: RefusalClauseAbout, subject: Subject, settings: SuiteSettings): Promise<Judged> {
  if (subject.implementation !== undefined) return notJudged(subject);
  const taken: string[] = [];
  const evidence: EvidenceRecord[] = [];
  for (const [what, plan] of Object.entries(about.refused)) {
    const bench = await openBench({ subject, plan, settings }).catch((error: unknown) => asError(error));
    if (bench instanceof Error) {
      evidence.push({ frame: null, link: '', line: bench.message, says: `refused: ${what}` });
      continue;
    }
    taken.push(what);
    await bench.lab.down();
  }
  return taken.length === 0
    ? { outcome: 'passed', reason: '', evidence, pcapng: null }
    : { outcome: 'failed', reason: `was set up with ${taken.join(', ')}`, evidence, pcapng: null };
}

function judgeDocument({ protect, says }: DocumentClauseAbout, subject: Subject): Judged {
  const { load = loadTopology } = subject;
  if (subject.implementation !== undefined) return notJudged(subject);
  const file = join(topologiesDirectory(), 'site-to-site-manual.yaml');
  const text = readFileSync(file, 'utf8').replaceAll('esp: [aes256gcm16]', protect);
  const { topology, diagnostics }: LoadResult = load(file, text);
  if (topology !== null) return { outcome: 'failed', reason: `${protect} was loaded without a word`, ...NO_PROOF };
  const found = diagnostics.find(({ message, fix }) => says.test(`${message} ${fix}`));
  return found === undefined
    ? { outcome: 'failed', reason: `refused, but for: ${diagnostics[0]?.message ?? 'no reason'}`, ...NO_PROOF }
    : { outcome: 'passed', reason: '', evidence: [evidenceOf(found)], pcapng: null };
}

const evidenceOf = ({ message, fix }: LoadResult['diagnostics'][number]): EvidenceRecord => ({
  frame: null,
  link: '',
  line: message,
  says: `fix: ${fix}`,
});

const notJudged = ({ name }: Subject): Judged => ({
  outcome: 'unsupported',
  reason: `${name} is configured by other means`,
  ...NO_PROOF,
});

const asError = (error: unknown): Error => (error instanceof Error ? error : new Error(String(error)));

function outcomeOf(error: Error): { readonly outcome: Outcome; readonly reason: string } {
  if (error instanceof JudgementFailed) return { outcome: 'failed', reason: error.message };
  if (error instanceof Inconclusive) return { outcome: 'inconclusive', reason: error.message };
  if (error instanceof Unsupported) return { outcome: 'unsupported', reason: error.message };
  throw error;
}

/** Runs the clause against its broken subject, and says how that was told from a good one. */
async function judgeControl(judgement: Judgement): Promise<ClauseRecord['controls'][number]> {
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
