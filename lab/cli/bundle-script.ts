import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { badInput } from '../state/failure.ts';
import { saveBundle } from './bundle-file.ts';
import type { CommandContext } from './command.ts';
import { runScript, type ScriptRun } from './script-run.ts';
import { collectTopology } from '../bundle/topology-files.ts';

const SCRIPT = 'script.lab';

/** `lab up --script … --bundle FILE`: plays it, and keeps all that plays it again; whether it went well or not. */
export async function runBundled(
  run: ScriptRun,
  file: string,
  protectedFlows: readonly string[],
  context: CommandContext,
): Promise<void> {
  const source = collectTopology(run.topology.file);
  if (typeof source === 'string') throw badInput(`nothing to bundle: ${source}`, 'name a topology that can be read');
  const folder = mkdtempSync(join(tmpdir(), 'lab-bundle-'));
  try {
    const captureFile = run.captureFile ?? join(folder, 'all.pcapng');
    const verdicts = await runScript({ ...run, captureFile }, context);
    const files = [
      ...source.files,
      { name: SCRIPT, octets: readFileSync(run.scriptFile) },
      { name: 'captures/all.pcapng', octets: readFileSync(captureFile) },
    ];
    const { seed } = run;
    const bundled = { kind: 'script', topology: source.name, script: SCRIPT, seed, protected: protectedFlows } as const;
    saveBundle(file, bundled, verdicts, files);
    context.terminal.note(`${file} plays it again: lab open ${file} --run`);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
