import { type Address, formatAddress } from '../../../../engine/wire/address.ts';
import { NS_PER_MS } from '../../../../engine/wire/instant.ts';
import { exchangeDatagrams, scanDatagrams } from './nc-datagrams.ts';
import { type NcOptions, parseNc } from './nc-options.ts';
import { exchangeStream } from './nc-stream.ts';
import type { Process, Program } from './process.ts';
import { describeTcpError } from './tcp-error-text.ts';
import type { TcpSocket } from './tcp/table.ts';

/** netcat, as far as a lab needs it, with OpenBSD's options, words and exit status. */
export function* nc(process: Process): Program {
  const options = parseNc(process.argv.slice(1));
  if (typeof options === 'string') {
    process.complain(options);
    return 1;
  }
  if (options.mode === 'listen')
    return yield* options.protocol === 'udp' ? listenUdp(process, options) : listenTcp(process, options);
  let status = 1;
  for (let port = options.firstPort; port <= options.lastPort; port++) {
    const result = yield* options.protocol === 'udp'
      ? connectUdp(process, options, port)
      : connectTcp(process, options, port);
    if (result === 0) status = 0;
  }
  return status;
}

function* connectTcp(process: Process, options: NcOptions, port: number): Program {
  const { name, timeoutMs, isVerbose, mode } = options;
  const failed = (why: string) => {
    if (isVerbose) process.complain(`nc: connect to ${name} port ${port} (tcp) ${why}`);
    return 1;
  };
  const source = sourceOf(process, options);
  if (typeof source === 'string') return failed(`failed: ${source}`);
  const remote = { address: options.address ?? source, port };
  const socket = process.stack.tcp.connect(source, remote, options.localPort, process.wake);
  if (socket === null) return failed('failed: Address already in use');
  process.atEnd(() => socket.connection.release(process.now()));
  const until = timeoutMs === null ? null : process.now() + timeoutMs * NS_PER_MS;
  while (!socket.connection.isOpen && socket.connection.state !== 'closed') {
    if (until !== null && process.now() >= until) {
      socket.connection.abort();
      return failed('timed out: Operation now in progress');
    }
    yield until;
  }
  if (!socket.connection.isOpen) return failed(`failed: ${describeTcpError(socket.connection.error)}`);
  if (isVerbose) process.complain(`Connection to ${name} ${port} port [tcp/*] succeeded!`);
  if (mode === 'connect') return yield* exchangeStream(process, socket, options);
  socket.connection.release(process.now());
  return 0;
}

function* listenTcp(process: Process, options: NcOptions): Program {
  const { tcp } = process.stack;
  const listener = tcp.listen(options.firstPort, process.wake);
  if (listener === null) {
    process.complain('nc: Address already in use');
    return 1;
  }
  process.atEnd(() => listener.close());
  if (options.isVerbose) process.complain(`Listening on ${listeningText(options)} ${options.firstPort}`);
  for (;;) {
    let socket = listener.accept();
    for (; socket === null || !isWanted(socket, options); socket = listener.accept()) {
      if (socket === null) yield null;
      else socket.connection.abort();
    }
    const { connection, remote } = socket;
    tcp.watch(socket, process.wake);
    process.atEnd(() => connection.release(process.now()));
    if (!options.keepsListening) listener.close();
    if (options.isVerbose) {
      process.complain(`Connection received on ${formatAddress(remote.address)} ${remote.port}`);
    }
    const status = yield* exchangeStream(process, socket, options);
    connection.release(process.now());
    if (!options.keepsListening) return status;
  }
}

function* connectUdp(process: Process, options: NcOptions, port: number): Program {
  const source = sourceOf(process, options);
  const socket = process.stack.udp.bind(options.localPort, process.wake);
  if (typeof source === 'string' || socket === null) {
    const why = typeof source === 'string' ? source : 'Address already in use';
    if (options.isVerbose) process.complain(`nc: connect to ${options.name} port ${port} (udp) failed: ${why}`);
    return 1;
  }
  process.atEnd(() => socket.close());
  const peer = { endpoint: { address: options.address ?? source, port }, source };
  if (options.mode === 'connect') return yield* exchangeDatagrams(process, socket, peer, options);
  const status = yield* scanDatagrams(process, socket, peer, options);
  if (status === 0 && options.isVerbose) {
    process.complain(`Connection to ${options.name} ${port} port [udp/*] succeeded!`);
  }
  socket.close();
  return status;
}

function* listenUdp(process: Process, options: NcOptions): Program {
  const socket = process.stack.udp.bind(options.firstPort, process.wake);
  if (socket === null) {
    process.complain('nc: Address already in use');
    return 1;
  }
  process.atEnd(() => socket.close());
  if (options.isVerbose) process.complain(`Bound on ${listeningText(options)} ${options.firstPort}`);
  return yield* exchangeDatagrams(process, socket, null, options);
}

function sourceOf(process: Process, { address, localAddress }: NcOptions): Address | string {
  if (localAddress !== null)
    return process.stack.ip.owns(localAddress) ? localAddress : 'Cannot assign requested address';
  return (address === null ? null : process.stack.ip.sourceFor(address)) ?? 'Network is unreachable';
}

function isWanted({ local }: TcpSocket, { family }: NcOptions): boolean {
  return family === null || (family === 4) === (local.address.length === 4);
}

function listeningText({ address, family }: NcOptions): string {
  return address === null ? (family === 6 ? '::' : '0.0.0.0') : formatAddress(address);
}
