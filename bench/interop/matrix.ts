import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { createInterface } from 'node:readline';
import { programFile } from '../../engine/host/program.ts';
import { podCommand, withSystemPath } from '../../lab/drivers/netns/pod.ts';
import type { InteropCase } from './case.ts';
import { interopCases } from './cases.ts';
import type { TrialResult } from './trial.ts';

export interface Played {
  readonly one: InteropCase;
  readonly result: TrialResult;
}

/**
 * Plays the cases of those numbers, one after the other, in a pod of their own. Rejects when the pod ends before it has said
 * something of each.
 */
export async function playMatrix(
  numbers: readonly number[],
  onResult: (played: Played) => void = () => undefined,
  program = programFile('bench/interop/main'),
): Promise<Played[]> {
  const argv = [...podCommand(process.getuid?.() === 0), process.execPath, program, ...numbers.map(String)];
  const child = spawn('env', argv, {
    env: { ...withSystemPath(process.env), IPSEC_LAB_RUN: randomBytes(16).toString('hex') },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = new Promise<number | null>(resolve => void child.on('close', resolve));
  const cases = interopCases();
  const all: Played[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    const one = cases[numbers[all.length] ?? -1];
    if (one === undefined) break;
    const played = { one, result: JSON.parse(line) as TrialResult };
    all.push(played);
    onResult(played);
  }
  const status = await ended;
  if (all.length < numbers.length) throw new Error(`status ${status} after ${all.length} of ${numbers.length} cases`);
  return all;
}

/** So many numbers of cases, spread evenly over the matrix; all of them where there are no more. */
export function sampleOf(count: number): number[] {
  const { length } = interopCases();
  if (count >= length) return Array.from({ length }, (_, index) => index);
  return Array.from({ length: count }, (_, index) => Math.floor((index * length) / count));
}
