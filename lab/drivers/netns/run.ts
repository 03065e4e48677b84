import { spawn } from 'node:child_process';
import { failedProgram } from '../process-killed.ts';
import { withSystemPath } from './pod.ts';

/** Runs a program to its end with `input` on its standard input; what it printed. Throws with its words when it fails. */
export function run(argv: readonly string[], input = ''): Promise<string> {
  const [program = '', ...rest] = argv;
  return new Promise((resolve, reject) => {
    const child = spawn(program, rest, { env: withSystemPath(process.env), stdio: ['pipe', 'pipe', 'pipe'] });
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
    child.on('error', reject);
    child.on('close', (status, signal) => {
      if (status === 0) resolve(Buffer.concat(stdout).toString());
      else reject(failedProgram(argv, { status, signal }, Buffer.concat(stderr).toString()));
    });
    // A program that ends before it has read everything is judged by its status.
    child.stdin.on('error', () => undefined);
    child.stdin.end(input);
  });
}

/** Lines for one process of `ip`; the first that fails is the last. */
export const ipBatch = (lines: readonly string[]): Promise<string> =>
  run(['ip', '-batch', '-'], `${lines.join('\n')}\n`);

/** Runs a shell script in a network namespace to its end; what it printed. Throws with its words when it fails. */
export type Shell = (netns: string, script: string) => Promise<string>;

/** In one of this machine (the file systems stay as they are). */
export const runScript: Shell = (netns, script) => run(['nsenter', `--net=/run/netns/${netns}`, 'sh'], script);
