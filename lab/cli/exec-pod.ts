import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { isatty } from 'node:tty';
import { nsenterCommand, withSystemPath } from '../drivers/netns/pod.ts';
import { childrenOf, RUN_VARIABLE, signalProcess } from '../state/process.ts';
import { machineCannot } from '../state/failure.ts';
import { type ExecResult, Kept } from './exec-result.ts';

/**
 * nsenter stands between us and the command, in the same process group, and would die of the Ctrl-C that is meant for the
 * command, and with it the exit status. `env` of coreutils makes it deaf, and lets the command hear again.
 */
const DEAF = ['env', '--ignore-signal=INT,QUIT'];
const HEARING = ['env', '--default-signal=INT,QUIT'];

/** Ours to pass on; the terminal sends SIGINT, SIGQUIT and SIGTSTP to the command by itself, being in our process group. */
const PASSED_ON = ['SIGTERM', 'SIGHUP', 'SIGUSR1', 'SIGUSR2'] as const;
const FROM_TERMINAL = ['SIGINT', 'SIGQUIT'] as const;

/** A real program inside the pod, with our own terminal or pipes, and with this besides our environment: it is a child like any other. */
export async function execInPod(
  pod: number,
  runId: string,
  node: string,
  argv: readonly string[],
  keep: boolean,
  environment: Readonly<Record<string, string>>,
): Promise<ExecResult> {
  const [program = '', ...rest] = [...DEAF, ...nsenterCommand(pod, node, [...HEARING, ...argv])];
  const child = spawn(program, rest, {
    stdio: keep ? ['inherit', 'pipe', 'pipe'] : 'inherit',
    env: { ...withSystemPath(process.env), ...environment, [RUN_VARIABLE]: runId },
  });
  const [stdout, stderr] = [new Kept(), new Kept()];
  child.stdout?.on('data', (chunk: Buffer) => stdout.push(chunk));
  child.stderr?.on('data', (chunk: Buffer) => stderr.push(chunk));
  const release = passSignals(child.pid ?? 0);
  try {
    const status = await new Promise<number>((resolve, reject) => {
      child.on('error', () => reject(machineCannot(`cannot run ${program}`, 'lab doctor')));
      child.on('close', (code, signal) => resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal])));
    });
    return { status, stdout: stdout.octets(), stderr: stderr.octets() };
  } finally {
    release();
  }
}

const leaveToTerminal = (): void => undefined;

/** nsenter waits for the command and dies of a signal without telling it: the signal goes to its child instead. */
function passSignals(nsenter: number): () => void {
  const pass = (signal: NodeJS.Signals): void => {
    for (const command of childrenOf(nsenter)) signalProcess(command, signal);
  };
  for (const signal of PASSED_ON) process.on(signal, pass);
  // isatty(), because process.stdin would be made non-blocking for the command as well.
  const onInterrupt = isatty(0) ? leaveToTerminal : pass;
  for (const signal of FROM_TERMINAL) process.on(signal, onInterrupt);
  return () => {
    for (const signal of PASSED_ON) process.off(signal, pass);
    for (const signal of FROM_TERMINAL) process.off(signal, onInterrupt);
  };
}
