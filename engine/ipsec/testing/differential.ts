import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

/** One packet under one SA, in both directions, against another implementation. */
export interface Trial {
  /** What the table of results is made by: the algorithm. */
  readonly group: string;
  readonly title: string;
  /** To the peer, in JSON; it answers each with a packet in hexadecimal, or with an error in words. */
  readonly questions: readonly object[];
  /** What differs, in words; null: nothing. */
  judge(answers: readonly string[]): string | null;
}

/** What a run found. */
export interface Differences {
  /** Packets by group: two a trial, one in each direction. */
  readonly packets: ReadonlyMap<string, number>;
  readonly found: readonly string[];
}

const PYTHON = '/usr/bin/python3';
export const NEEDS_SCAPY = '(needs scapy: apt-get install python3-scapy python3-cryptography)';
const TRIALS_AT_ONCE = 1000;

export function hasScapy(): boolean {
  return spawnSync(PYTHON, ['-c', 'import scapy.layers.ipsec, cryptography']).status === 0;
}

/** Puts the questions of all trials to `script`, a Python program in this folder, and has the answers judged. */
export function runTrials(script: string, trials: readonly Trial[], onProgress?: (done: number) => void): Differences {
  const packets = new Map<string, number>();
  const found: string[] = [];
  for (let from = 0; from < trials.length; from += TRIALS_AT_ONCE) {
    const some = trials.slice(from, from + TRIALS_AT_ONCE);
    const answers = ask(
      script,
      some.flatMap(({ questions }) => questions),
    );
    let at = 0;
    for (const trial of some) {
      const difference = trial.judge(answers.slice(at, (at += trial.questions.length)));
      if (difference !== null) found.push(`${trial.title}: ${difference}`);
      packets.set(trial.group, (packets.get(trial.group) ?? 0) + 2);
    }
    onProgress?.(from + some.length);
  }
  return { packets, found };
}

function ask(script: string, questions: readonly object[]): string[] {
  const peer = spawnSync(PYTHON, ['-B', join(SOURCES, script)], {
    input: questions.map(question => `${JSON.stringify(question)}\n`).join(''),
    encoding: 'utf8',
    maxBuffer: 1 << 29,
  });
  const lines = peer.stdout.trim().split('\n');
  if (lines.length !== questions.length) {
    throw new Error(`${script} answered ${lines.length} of ${questions.length}: ${peer.stderr}`);
  }
  return lines.map(line => {
    const { packet, error } = JSON.parse(line) as { packet?: string; error?: string };
    return packet ?? error ?? 'no answer';
  });
}

/** The build compiles TypeScript and leaves Python where it is. */
const SOURCES = import.meta.dirname.replace(/[\\/]dist(?=[\\/]engine[\\/]ipsec[\\/]testing$)/, '');
