import type { Instant } from '../../../../engine/wire/instant.ts';
import { silenceUntil } from './nc-silence.ts';
import type { NcOptions } from './nc-options.ts';
import type { Process, Program } from './process.ts';
import { describeTcpError } from './tcp-error-text.ts';
import type { TcpSocket } from './tcp/table.ts';

const READ_OCTETS = 65_536;

/** Standard input to the connection, and the connection to standard output, until both have ended (of a server: the latter). */
export function* exchangeStream(process: Process, { connection }: TcpSocket, options: NcOptions): Program {
  let unsent = new Uint8Array(0);
  let inputEndedAt: Instant | null = null;
  let lastHeardAt = process.now();
  for (;;) {
    for (let read = connection.read(READ_OCTETS); read.length > 0; read = connection.read(READ_OCTETS)) {
      process.write(read);
      lastHeardAt = process.now();
    }
    if (connection.state === 'closed') break;
    while (connection.writable > 0) {
      if (unsent.length === 0) unsent = new Uint8Array(process.stdin.read() ?? []);
      if (unsent.length === 0) break;
      unsent = unsent.subarray(connection.write(unsent, process.now()));
      lastHeardAt = process.now();
    }
    if (inputEndedAt === null && process.stdin.isAtEnd && unsent.length === 0) {
      inputEndedAt = process.now();
      if (options.shutsDown) connection.end(process.now());
    }
    if (connection.isAtEnd && (inputEndedAt !== null || options.mode === 'listen')) break;
    const until = silenceUntil(options, lastHeardAt, inputEndedAt);
    if (until !== null && process.now() >= until) break;
    yield until;
  }
  if (connection.error === null) return 0;
  process.complain(`nc: ${describeTcpError(connection.error)}`);
  return 1;
}
