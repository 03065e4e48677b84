import { isatty } from 'node:tty';
import { ExitCode } from '../state/failure.ts';
import type { Standard } from './terminal.ts';

/**
 * Our own standard output (1) or error (2). The stream is made when it is first asked for, and not before: Node.js makes a
 * pipe non-blocking for everybody who shares it, and a command on a node would find its output failing.
 */
export function standard(descriptor: 1 | 2): Standard {
  return { isTTY: isatty(descriptor), stream: descriptor === 1 ? standardOutput : standardError };
}

export const standardOutput = (): NodeJS.WriteStream => watched(process.stdout);
export const standardError = (): NodeJS.WriteStream => watched(process.stderr);

const isWatched = new WeakSet<NodeJS.WriteStream>();

function watched(stream: NodeJS.WriteStream): NodeJS.WriteStream {
  if (!isWatched.has(stream)) stream.on('error', endQuietlyOnBrokenPipe);
  isWatched.add(stream);
  return stream;
}

/** `lab capture wan | head` is an end as good as any. */
function endQuietlyOnBrokenPipe(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error;
  process.exit(ExitCode.GOOD);
}
