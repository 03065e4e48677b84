import type { RunningLab } from '../drivers/driver.ts';
import type { Script, ScriptStep } from './parse.ts';

export interface StepResult {
  readonly step: ScriptStep;
  /** Exit status of a command; 0 for a sleep. */
  readonly status: number;
}

export interface ScriptOutput {
  readonly stdout: (node: string, octets: Uint8Array) => void;
  readonly stderr: (node: string, octets: Uint8Array) => void;
}

/** Plays the steps in order and, at the end, waits for what is still in the background. Results in the order of the file. */
export async function playScript(
  lab: RunningLab,
  script: Script,
  output: ScriptOutput,
  signal: AbortSignal | null = null,
): Promise<StepResult[]> {
  const results = new Map<ScriptStep, Promise<StepResult>>();
  for (const step of script.steps) {
    if (signal?.aborted) break;
    const result = playStep(lab, step, output, signal);
    results.set(step, result);
    if (step.kind === 'sleep' || !step.isBackground) await result;
  }
  return Promise.all(results.values());
}

async function playStep(
  lab: RunningLab,
  step: ScriptStep,
  output: ScriptOutput,
  signal: AbortSignal | null,
): Promise<StepResult> {
  if (step.kind === 'sleep') {
    await lab.sleep(step.durationMs);
    return { step, status: 0 };
  }
  const { node, argv } = step;
  const stdout = (octets: Uint8Array): void => output.stdout(node, octets);
  const stderr = (octets: Uint8Array): void => output.stderr(node, octets);
  return { step, status: await lab.exec(node, argv, { stdin: null, stdout, stderr, signal }) };
}
