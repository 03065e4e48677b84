import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const LAB = join(ROOT, 'bin/lab.js');

/** Tests of the program as such need it built, which `npm test` does. */
export const isBuilt = existsSync(join(ROOT, 'dist/lab/cli/main.js'));

export interface Finished {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The program with a state directory of its own, so that no test sees another's labs, nor the user's. */
export class LabProgram {
  readonly state = mkdtempSync(join(tmpdir(), 'lab-cli-'));

  start(args: readonly string[], env: Readonly<Record<string, string>> = {}): ChildProcess {
    return spawn(process.execPath, [LAB, ...args], {
      env: { ...process.env, IPSEC_LAB_STATE: this.state, NO_COLOR: '', FORCE_COLOR: '', ...env },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
  }

  async run(
    args: readonly string[],
    options: { input?: string; env?: Record<string, string> } = {},
  ): Promise<Finished> {
    const child = this.start(args, options.env);
    child.stdin?.on('error', () => undefined); // it may end without reading
    child.stdin?.end(options.input ?? '');
    return finished(child);
  }

  /** Removes whatever a test left. */
  async dispose(): Promise<void> {
    await this.run(['down', '--all']);
    rmSync(this.state, { recursive: true, force: true });
  }
}

export async function finished(child: ChildProcess): Promise<Finished> {
  const [stdout, stderr] = [collect(child.stdout), collect(child.stderr)];
  await once(child, 'close');
  return { status: child.exitCode, stdout: stdout(), stderr: stderr() };
}

/** Resolves when the stream has said this; rejects when it ends without. */
export function said(stream: NodeJS.ReadableStream | null, text: string): Promise<void> {
  let seen = '';
  return new Promise((resolve, reject) => {
    stream?.on('data', (chunk: Buffer) => {
      seen += chunk.toString();
      if (seen.includes(text)) resolve();
    });
    stream?.on('end', () => reject(new Error(`the stream ended without "${text}": ${seen}`)));
  });
}

function collect(stream: NodeJS.ReadableStream | null): () => string {
  const chunks: Buffer[] = [];
  stream?.on('data', (chunk: Buffer) => chunks.push(chunk));
  return () => Buffer.concat(chunks).toString('utf8');
}
