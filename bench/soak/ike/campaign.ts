import { heapOctets, mebi } from '../heap.ts';
import type { Table } from '../report.ts';

/** What one trial has come to: findings, and how much was said. */
export interface Attempt {
  readonly findings: readonly string[];
  readonly messages: number;
  readonly octetsIn: number;
  readonly octetsOut: number;
}

/** One sort of attacker before one state of Bob's. */
export interface Attack {
  /** `stranger/half-open`. */
  readonly name: string;
  /** Trials of it in a row. */
  readonly round: number;
  /** The trial of that number; the same seed, the same trial. */
  attempt(seed: string, number: number): Attempt;
}

export interface CampaignOptions {
  /** Of `npm run soak`, for the command that brings a finding again. */
  readonly part: string;
  readonly title: string;
  readonly messages: number;
  readonly seed: string;
  readonly onProgress: (text: string) => void;
  /** One trial by its name, as a finding gives it. */
  readonly only: string | undefined;
}

interface Count {
  readonly attack: Attack;
  trials: number;
  messages: number;
  octetsIn: number;
  octetsOut: number;
  ms: number;
}

const GROWTH_MAX_OCTETS = 8 * 2 ** 20;
/** In less than this a heap is still warming up. */
const GROWTH_FROM = 200_000;
const REPORT_EVERY = 100_000;
const FINDINGS_MAX = 20;
/** A trial is done in a few hundredths of a second; this is no measurement. */
const TRIAL_MAX_MS = 20_000;

/** Round after round of all attacks, until so many messages were said: nothing may be found, thrown, or grow. */
export function wageCampaign(attacks: readonly Attack[], options: CampaignOptions): Table {
  const began = performance.now();
  const { part, messages, seed, onProgress, only } = options;
  const counts = attacks.map((attack): Count => ({ attack, trials: 0, messages: 0, octetsIn: 0, octetsOut: 0, ms: 0 }));
  const findings: string[] = [];
  if (only !== undefined) return tableOf(options, counts, [...replayed(counts, seed, only)], [0, 0], began);
  let [done, told, early] = [0, 0, 0];
  while (done < messages && findings.length < FINDINGS_MAX) {
    for (const count of counts) {
      for (let i = 0; i < count.attack.round && done < messages; i++) {
        const before = count.messages;
        for (const finding of oneTrial(count, count.trials, seed)) {
          const replay = `npm run soak -- ${part} --seed ${seed} --trial ${count.attack.name}/${count.trials}`;
          if (findings.length < FINDINGS_MAX) findings.push(`${finding}\n    replay: ${replay}`);
        }
        count.trials++;
        done += count.messages - before;
      }
    }
    if (early === 0 && done >= messages / 4) early = heapOctets();
    if (done - told >= REPORT_EVERY) onProgress(progressText((told = done), messages, began));
  }
  const late = heapOctets();
  if (messages >= GROWTH_FROM && late - early > GROWTH_MAX_OCTETS)
    findings.push(`memory grew by ${mebi(late - early)}`);
  return tableOf(options, counts, findings, [early, late], began);
}

/** What was found in one trial. */
function oneTrial(count: Count, number: number, seed: string): readonly string[] {
  const began = performance.now();
  try {
    const { findings, messages, octetsIn, octetsOut } = count.attack.attempt(
      `${seed}/${count.attack.name}/${number}`,
      number,
    );
    count.messages += messages;
    count.octetsIn += octetsIn;
    count.octetsOut += octetsOut;
    const ms = performance.now() - began;
    count.ms += ms;
    return ms > TRIAL_MAX_MS ? [...findings, `${messages} messages took ${(ms / 1000).toFixed(0)} s`] : findings;
  } catch (error) {
    count.messages++;
    return [`thrown: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`];
  }
}

function* replayed(counts: readonly Count[], seed: string, only: string): Generator<string> {
  const [, name, number] = /^(.*)\/(\d+)$/.exec(only) ?? [];
  const count = counts.find(({ attack }) => attack.name === name);
  if (count === undefined) yield `no trial is called ${only}: ${counts[0]?.attack.name ?? ''}/0 is one`;
  else yield* oneTrial(count, Number(number), seed);
}

function progressText(done: number, messages: number, began: number): string {
  const seconds = (performance.now() - began) / 1000;
  const left = (seconds / done) * (messages - done);
  return `${done} of ${messages} messages, ${(done / seconds).toFixed(0)}/s, ${left.toFixed(0)} s to go`;
}

function tableOf(
  { title }: CampaignOptions,
  counts: readonly Count[],
  findings: readonly string[],
  [early, late]: readonly [number, number],
  began: number,
): Table {
  const rows = counts
    .filter(({ messages }) => messages > 0)
    .map(({ attack, trials, messages, octetsIn, octetsOut, ms }) => [
      attack.name,
      String(messages),
      String(trials),
      (octetsOut / octetsIn).toFixed(3),
      `${((messages / ms) * 1000).toFixed(0)}/s`,
    ]);
  const total = counts.reduce((sum, { messages }) => sum + messages, 0);
  const seconds = (performance.now() - began) / 1000;
  return {
    title: `${title}: ${total} in ${seconds.toFixed(0)} s; memory ${mebi(early)} at 1/4, ${mebi(late)} at the end`,
    headings: ['from/in', 'messages', 'trials', 'octets out per octet in', 'rate'],
    rows,
    findings,
  };
}
