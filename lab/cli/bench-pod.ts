import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { programFile } from '../../engine/host/program.ts';
import type { BenchOrder, FromBench, ToBench } from '../bench/live/messages.ts';
import { POD_DESCRIPTORS, podCommand, withSystemPath } from '../drivers/netns/pod.ts';
import { machineCannot } from '../state/failure.ts';
import { RUN_VARIABLE } from '../state/process.ts';

const WORDS_OCTETS_MAX = 4096;

/**
 * Measures in a pod of its own, which ends with this process whatever becomes of it. `onMessage` hears what it says; `stop`, once,
 * lets it end the turn that runs, and a second time ends it on the spot. Resolves when the pod is gone.
 */
export async function runInPod(
  order: BenchOrder,
  onMessage: (message: FromBench) => void,
  onStop: (stop: () => void) => void,
): Promise<void> {
  const argv = [...podCommand(process.getuid?.() === 0), process.execPath, programFile('lab/bench/profiles/main')];
  const [program = '', ...rest] = argv;
  const child = spawn(program, rest, {
    // A group of its own: Ctrl-C is for us, who let it end in order.
    detached: true,
    stdio: ['ignore', 'ignore', 'pipe', ...POD_DESCRIPTORS, 'ipc'],
    env: { ...withSystemPath(process.env), [RUN_VARIABLE]: randomBytes(16).toString('hex') },
  });
  let [words, ended, stops] = ['', false, 0];
  child.stderr?.on('data', (chunk: Buffer) => (words = (words + chunk.toString()).slice(-WORDS_OCTETS_MAX)));
  child.on('message', (message: FromBench) => {
    if (message.kind === 'hello') send(child, { kind: 'start', order });
    if (message.kind === 'ended' || message.kind === 'failed') ended = true;
    onMessage(message);
  });
  onStop(() => {
    stops += 1;
    if (stops === 1) send(child, { kind: 'stop' });
    else child.kill('SIGKILL');
  });
  await new Promise<void>((resolve, reject) => {
    child.on('error', error => reject(machineCannot(`cannot start the bench: ${error.message}`, 'lab doctor')));
    child.on('close', resolve);
  });
  if (!ended && stops === 0)
    throw machineCannot(`the bench has ended before it was done: ${words.trim()}`, 'go on with --resume');
}

const send = (child: ChildProcess, message: ToBench): void => {
  if (child.connected) child.send(message, () => undefined); // one that has died is noticed by its end
};
