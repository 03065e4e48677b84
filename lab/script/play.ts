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

/**
 * Plays the steps in order. What is still in the background when the last step has ended is interrupted, as a shell's jobs
 * are when it goes; that counts as status 0. Results in the order of the file.
 */
export async function playScript(lab: RunningLab, script: Script, output: ScriptOutput): Promise<StepResult[]> {
  const end = new AbortController();
  const results: Promise<StepResult>[] = [];
  for (const step of script.steps) {
    const result = playStep(lab, step, output, end.signal);
    results.push(result);
    if (step.kind === 'sleep' || !step.isBackground) await result;
  }
  end.abort();
  return Promise.all(results);
}

async function playStep(
  lab: RunningLab,
  step: ScriptStep,
  output: ScriptOutput,
  end: AbortSignal,
): Promise<StepResult> {
  if (step.kind === 'sleep') {
    await lab.sleep(step.durationMs);
    return { step, status: 0 };
  }
  const { node, argv, isBackground } = step;
  const stdout = (octets: Uint8Array): void => output.stdout(node, octets);
  const stderr = (octets: Uint8Array): void => output.stderr(node, octets);
  const signal = isBackground ? end : null;
  const status = await lab.exec(node, argv, { stdin: null, stdout, stderr, signal });
  return { step, status: isBackground && end.aborted ? 0 : status };
}
