import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import type { ExecIo } from '../driver.ts';
import { nodeCommand, withSystemPath } from './pod.ts';

/** Runs a command in a node's namespace; its exit status, 128 + the signal's number when one ended it, 127 when there is none such. */
export async function execInNamespace(
  netns: string,
  argv: readonly string[],
  io: ExecIo,
  runId: string,
  environment: Readonly<Record<string, string>> = {},
): Promise<number> {
  const [program = '', ...rest] = nodeCommand(netns, argv, process.cwd());
  const child = spawn(program, rest, {
    env: { ...withSystemPath(process.env), ...environment, IPSEC_LAB_RUN: runId },
    stdio: [io.stdin === null ? 'ignore' : 'pipe', 'pipe', 'pipe'],
  });
  const stop = () => child.kill('SIGTERM');
  io.signal?.addEventListener('abort', stop);
  if (io.signal?.aborted === true) stop();
  child.stdout?.on('data', (chunk: Buffer) => io.stdout(chunk));
  child.stderr?.on('data', (chunk: Buffer) => io.stderr(chunk));
  if (io.stdin !== null) void feed(child.stdin, io.stdin);
  try {
    return await new Promise<number>((resolve, reject) => {
      child.on('error', reject);
      child.on('close', (status, signal) => resolve(status ?? 128 + signalNumber(signal)));
    });
  } finally {
    io.signal?.removeEventListener('abort', stop);
  }
}

/** Gives a command its input, as fast as it reads. It may end without reading everything, which is its own affair. */
export async function feed(stdin: NodeJS.WritableStream | null, input: AsyncIterable<Uint8Array>): Promise<void> {
  if (stdin === null) return;
  let closed = false;
  stdin.on('error', () => (closed = true));
  stdin.on('close', () => (closed = true));
  for await (const chunk of input) {
    if (closed) return;
    if (!stdin.write(chunk)) await new Promise<void>(resolve => stdin.once('drain', resolve).once('close', resolve));
  }
  stdin.end();
}

const signalNumber = (name: NodeJS.Signals | null): number => (name === null ? 0 : constants.signals[name]);
