import type { Duplex } from 'node:stream';
import { badInput } from '../state/failure.ts';
import type { ExecRequest } from '../supervisor/api.ts';
import { encodeExecFrame, type ExecFrame, ExecFrameReader, ExecFrameType } from '../supervisor/exec-protocol.ts';
import type { LabClient } from './client.ts';
import { type ExecResult, Kept } from './exec-result.ts';
import { standardError, standardOutput } from './standard.ts';

/**
 * A command on a simulated node: our streams through the lab's socket. The first Ctrl-C stops the command, which then
 * says what it has to say (ping its statistics); the second one ends us.
 */
export async function execThroughSocket(
  client: Pick<LabClient, 'exec'>,
  request: ExecRequest,
  keep: boolean,
): Promise<ExecResult> {
  // From before the command begins, or a Ctrl-C that comes while the lab's answer is on its way would end us and not the command.
  const interruption = new AbortController();
  const interrupt = (): void => {
    forgetSignals();
    interruption.abort();
  };
  const forgetSignals = (): void => {
    process.removeListener('SIGINT', interrupt);
    process.removeListener('SIGTERM', interrupt);
  };
  process.on('SIGINT', interrupt);
  process.on('SIGTERM', interrupt);
  try {
    const { socket, head } = await client.exec(request);
    return await streamsThrough(socket, head, interruption.signal, keep);
  } finally {
    forgetSignals();
  }
}

/** Until the command has ended. */
async function streamsThrough(
  socket: Duplex,
  head: Buffer,
  interruption: AbortSignal,
  keep: boolean,
): Promise<ExecResult> {
  const stopSending = sendStdin(socket);
  const passOn = (): void => void socket.write(encodeExecFrame(ExecFrameType.INTERRUPT, NONE));
  if (interruption.aborted) passOn();
  else interruption.addEventListener('abort', passOn, { once: true });
  const [stdout, stderr] = [new Kept(), new Kept()];
  const status = await new Promise<number>((resolve, reject) => {
    const reader = new ExecFrameReader();
    let exit: number | null = null;
    const take = (chunk: Buffer): void => {
      for (const frame of reader.push(chunk)) {
        if (frame.type === ExecFrameType.STDOUT && keep) stdout.push(frame.payload);
        else if (frame.type === ExecFrameType.STDOUT) standardOutput().write(copyOf(frame));
        else if (frame.type === ExecFrameType.STDERR && keep) stderr.push(frame.payload);
        else if (frame.type === ExecFrameType.STDERR) standardError().write(copyOf(frame));
        else if (frame.type === ExecFrameType.EXIT) exit = frame.payload[0] ?? 0;
      }
      // The last frame. The lab reads no more, and what we were still sending would keep the connection for ever.
      if (exit !== null) socket.destroy();
    };
    socket.on('data', take);
    // The command may have ended while we were still sending: what counts is whether its status came.
    socket.on('error', () => undefined);
    socket.on('close', () => (exit === null ? reject(labEnded()) : resolve(exit)));
    take(head);
  }).finally(() => {
    stopSending();
    interruption.removeEventListener('abort', passOn);
  });
  return { status, stdout: stdout.octets(), stderr: stderr.octets() };
}

const labEnded = (): Error => badInput('the lab ended while the command ran', 'lab status');

const NONE = new Uint8Array(0);

const copyOf = (frame: ExecFrame): Buffer => Buffer.from(frame.payload);

/** Our stdin as frames, no faster than the lab takes them. Returns how to let go of stdin, or it would keep us alive. */
function sendStdin(socket: Duplex): () => void {
  const { stdin } = process;
  const onData = (chunk: Buffer): void => {
    if (socket.write(encodeExecFrame(ExecFrameType.STDIN, chunk))) return;
    stdin.pause();
    socket.once('drain', () => stdin.resume());
  };
  const onEnd = (): void => void socket.write(encodeExecFrame(ExecFrameType.STDIN_END, NONE));
  stdin.on('data', onData);
  stdin.on('end', onEnd);
  stdin.on('error', onEnd);
  return () => {
    stdin.off('data', onData);
    stdin.off('end', onEnd);
    stdin.destroy();
  };
}
