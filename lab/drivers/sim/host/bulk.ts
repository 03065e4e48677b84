import { createHash } from 'node:crypto';
import { formatAddress, parseAddress } from '../../../../engine/wire/address.ts';
import { type Instant, NS_PER_S } from '../../../../engine/wire/instant.ts';
import { getopt } from './getopt.ts';
import type { Process, Program } from './process.ts';
import { describeTcpError } from './tcp-error-text.ts';

const CHUNK_OCTETS = 65_536;
const SEND_USAGE = 'usage: send [-r octets-per-second] ADDRESS PORT OCTETS';
const SINK_USAGE = 'usage: sink [-46] PORT';

/**
 * `send ADDRESS PORT OCTETS`: so many random octets over TCP to a `sink`, then the SHA-256 of them, once the peer has all. With
 * -r no faster than that.
 */
export function* send(process: Process): Program {
  const parsed = getopt(process.argv.slice(1), 'r:');
  const operands = parsed.kind === 'options' ? parsed.operands : [];
  const [addressText = '', portText = '', octetsText = ''] = operands;
  const address = parseAddress(addressText);
  const [port, octets] = [wholeNumber(portText, 65_535), wholeNumber(octetsText, 2 ** 40)];
  const rateText = parsed.kind === 'options' ? parsed.values.get('r') : '';
  const rate = rateText === undefined ? Number.POSITIVE_INFINITY : wholeNumber(rateText, 2 ** 40);
  if (address === null || port === null || octets === null || rate === null || rate === 0 || operands.length !== 3) {
    process.complain(SEND_USAGE);
    return 2;
  }
  const source = process.stack.ip.sourceFor(address);
  const socket = source === null ? null : process.stack.tcp.connect(source, { address, port }, 0, process.wake);
  if (socket === null) {
    process.complain(`send: ${addressText} port ${port}: Network is unreachable`);
    return 1;
  }
  const { connection } = socket;
  process.atEnd(() => connection.release(process.now()));
  while (!connection.isOpen && connection.state !== 'closed') yield null;
  const startedAt = process.now();
  const hash = createHash('sha256');
  let chunk = new Uint8Array(0);
  let allowed = rate;
  let nextShareAt = startedAt + NS_PER_S;
  for (let written = 0; written < octets && connection.state !== 'closed'; ) {
    if (written >= allowed) {
      while (process.now() < nextShareAt) yield nextShareAt;
      allowed += rate;
      nextShareAt += NS_PER_S;
    }
    if (chunk.length === 0) {
      chunk = process.stack.randomOctets(Math.min(CHUNK_OCTETS, octets - written));
      hash.update(chunk);
    }
    const count = connection.write(chunk.subarray(0, Math.min(CHUNK_OCTETS, allowed - written)), process.now());
    chunk = chunk.subarray(count);
    written += count;
    if (count === 0) yield null;
  }
  connection.end(process.now());
  while (!connection.isDelivered && connection.state !== 'closed') yield null;
  if (!connection.isDelivered) {
    process.complain(`send: ${addressText} port ${port}: ${describeTcpError(connection.error)}`);
    return 1;
  }
  process.print(`sent ${octets} octets in ${secondsText(startedAt, process.now())}, sha256 ${hash.digest('hex')}`);
  return 0;
}

/** `sink PORT`: takes one connection, reads all that comes, prints how much it was and its SHA-256. */
export function* sink(process: Process): Program {
  const [portText = ''] = process.argv.slice(1);
  const port = wholeNumber(portText, 65_535);
  if (port === null || process.argv.length !== 2) {
    process.complain(SINK_USAGE);
    return 2;
  }
  const listener = process.stack.tcp.listen(port, process.wake);
  if (listener === null) {
    process.complain(`sink: port ${port}: Address already in use`);
    return 1;
  }
  process.atEnd(() => listener.close());
  let socket = listener.accept();
  for (; socket === null; socket = listener.accept()) yield null;
  listener.close();
  const { connection, remote } = socket;
  process.stack.tcp.watch(socket, process.wake);
  process.atEnd(() => connection.release(process.now()));
  const startedAt = process.now();
  const hash = createHash('sha256');
  let octets = 0;
  for (;;) {
    for (let read = connection.read(CHUNK_OCTETS); read.length > 0; read = connection.read(CHUNK_OCTETS)) {
      hash.update(read);
      octets += read.length;
    }
    if (connection.isAtEnd || connection.state === 'closed') break;
    yield null;
  }
  const isWhole = connection.isAtEnd;
  connection.end(process.now());
  if (!isWhole) {
    process.complain(`sink: ${formatAddress(remote.address)}: ${describeTcpError(connection.error)}`);
    return 1;
  }
  process.print(`received ${octets} octets in ${secondsText(startedAt, process.now())}, sha256 ${hash.digest('hex')}`);
  return 0;
}

function secondsText(from: Instant, to: Instant): string {
  return `${((to - from) / NS_PER_S).toFixed(3)} s`;
}

function wholeNumber(text: string, most: number): number | null {
  return /^[0-9]{1,15}$/.test(text) && Number(text) <= most ? Number(text) : null;
}
