import type { TcpSocket } from './tcp/table.ts';
import type { Process, ProgramMain } from './process.ts';

const CONNECTIONS_MAX = 64;

/** The echo service, RFC 862, on one port until it is killed: what comes goes back. Ends with 1 where the port is taken. */
export function echoService(protocol: 'udp' | 'tcp', port: number): ProgramMain {
  return protocol === 'udp' ? process => echoDatagrams(process, port) : process => echoStreams(process, port);
}

function* echoDatagrams(process: Process, port: number): Generator<null, number, void> {
  const socket = process.stack.udp.bind(port, process.wake);
  if (socket === null) return 1;
  process.atEnd(() => socket.close());
  for (;;) {
    for (let datagram = socket.datagrams.take(); datagram !== null; datagram = socket.datagrams.take()) {
      // Two echo services that met would never stop, RFC 862 notwithstanding.
      if (datagram.from.port !== port) socket.sendTo(datagram.from, datagram.payload, { source: datagram.to });
    }
    yield null;
  }
}

function* echoStreams(process: Process, port: number): Generator<null, number, void> {
  const { tcp } = process.stack;
  const listener = tcp.listen(port, process.wake);
  if (listener === null) return 1;
  const open = new Set<TcpSocket>();
  process.atEnd(() => {
    listener.close();
    for (const { connection } of open) connection.release(process.now());
  });
  for (;;) {
    for (let socket = listener.accept(); socket !== null; socket = listener.accept()) {
      tcp.watch(socket, process.wake);
      if (open.size < CONNECTIONS_MAX) open.add(socket);
      else socket.connection.abort();
    }
    for (const socket of open) {
      echoSome(socket, process);
      if (socket.connection.state === 'closed') open.delete(socket);
    }
    yield null;
  }
}

/** Reads no more than it can write: the peer's window closes while it does not read its own echo. */
function echoSome({ connection }: TcpSocket, process: Process): void {
  for (let room = connection.writable; room > 0 && connection.readable > 0; room = connection.writable) {
    connection.write(connection.read(room), process.now());
  }
  if (connection.isAtEnd) connection.end(process.now());
}
