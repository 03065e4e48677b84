import type { Duplex } from 'node:stream';
import { PassThrough } from 'node:stream';
import type { RunningLab } from '../drivers/driver.ts';
import type { ExecRequest } from './api.ts';
import type { ExecFrame } from './exec-protocol.ts';
import { encodeExecFrame, ExecFrameReader, ExecFrameType } from './exec-protocol.ts';

/** Runs one command for the client at the other end of `socket`; the command is stopped when the client goes away. */
export async function serveExec(lab: RunningLab, request: ExecRequest, socket: Duplex, head: Buffer): Promise<void> {
  const stdin = new PassThrough();
  const stop = new AbortController();
  const reader = new ExecFrameReader();
  const take = (chunk: Buffer): void => {
    try {
      for (const frame of reader.push(chunk)) obey(frame, stdin, stop);
    } catch (error) {
      // A client that talks nonsense loses its command, not everybody the lab.
      socket.destroy(error instanceof Error ? error : new Error(String(error)));
    }
    if (stdin.writableNeedDrain) socket.pause();
  };
  stdin.on('drain', () => socket.resume());
  socket.on('data', take);
  socket.on('error', () => stop.abort()); // the client died: 'close' follows
  socket.on('end', () => stop.abort());
  socket.on('close', () => stop.abort());
  take(head);
  const status = await lab.exec(request.node, request.argv, {
    stdin: request.stdin ? stdin : null,
    stdout: octets => send(socket, ExecFrameType.STDOUT, octets),
    stderr: octets => send(socket, ExecFrameType.STDERR, octets),
    signal: stop.signal,
  });
  send(socket, ExecFrameType.EXIT, Uint8Array.of(status & 0xff));
  socket.end();
}

function obey(frame: ExecFrame, stdin: PassThrough, stop: AbortController): void {
  switch (frame.type) {
    case ExecFrameType.STDIN:
      if (!stdin.writableEnded) stdin.write(frame.payload);
      return;
    case ExecFrameType.STDIN_END:
      stdin.end();
      return;
    case ExecFrameType.INTERRUPT:
      stop.abort();
      return;
    default:
      throw new Error(`exec frame of type ${frame.type} from a client`);
  }
}

function send(socket: Duplex, type: ExecFrameType, payload: Uint8Array): void {
  if (socket.writable) socket.write(encodeExecFrame(type, payload));
}
