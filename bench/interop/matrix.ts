import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { podCommand, withSystemPath } from '../../lab/drivers/netns/pod.ts';
import { interopCases } from './cases.ts';
import type { TrialResult } from './trial.ts';

const PROGRAM = fileURLToPath(new URL('main.js', import.meta.url));

/**
 * Plays every `step`-th case of the matrix, beginning with `first`, in a pod of their own. Rejects when the pod ends before it has
 * said something of each.
 */
export async function playMatrix(
  step: number,
  first: number,
  onResult: (result: TrialResult) => void,
  program = PROGRAM,
): Promise<TrialResult[]> {
  const chosen = interopCases().flatMap((_, index) => (index % step === first % step ? [String(index)] : []));
  const argv = [...podCommand(process.getuid?.() === 0), process.execPath, program, ...chosen];
  const child = spawn('env', argv, {
    env: { ...withSystemPath(process.env), IPSEC_LAB_RUN: randomBytes(16).toString('hex') },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const results: TrialResult[] = [];
  const ended = new Promise<number | null>(resolve => void child.on('close', resolve));
  for await (const line of createInterface({ input: child.stdout })) {
    const result = JSON.parse(line) as TrialResult;
    results.push(result);
    onResult(result);
  }
  const status = await ended;
  if (results.length < chosen.length) {
    throw new Error(`status ${status} after ${results.length} of ${chosen.length} cases`);
  }
  return results;
}
