import { type Address, addressesEqual } from '../../../../engine/wire/address.ts';
import { type Instant, NS_PER_S } from '../../../../engine/wire/instant.ts';
import type { NcOptions } from './nc-options.ts';
import { silenceUntil } from './nc-silence.ts';
import type { Endpoint } from './network.ts';
import type { Process, Program } from './process.ts';
import type { UdpSocket } from './udp-sockets.ts';

/** The other end, and the address that we send from. */
export interface UdpPeer {
  readonly endpoint: Endpoint;
  readonly source: Address;
}

/** What netcat reads at a time, and so the largest datagram that it sends. */
const DATAGRAM_OCTETS = 16_384;

/**
 * Each read of standard input becomes a datagram, each datagram goes to standard output. `peer` null: whoever sends first (with
 * -k: whoever sends). Ends by -w, -q, -W, an interrupt, or an ICMP error; not by the end of input, as the peer may still answer.
 */
export function* exchangeDatagrams(
  process: Process,
  socket: UdpSocket,
  peer: UdpPeer | null,
  options: NcOptions,
): Program {
  let connected = peer;
  let inputEndedAt: Instant | null = null;
  let lastHeardAt = process.now();
  let left = options.datagramsMax ?? Number.POSITIVE_INFINITY;
  for (;;) {
    for (let datagram = socket.datagrams.take(); datagram !== null; datagram = socket.datagrams.take()) {
      if (!isFamily(datagram.to, options)) continue;
      if (connected === null) connected = { endpoint: datagram.from, source: datagram.to };
      else if (!options.keepsListening && !isSame(connected.endpoint, datagram.from)) continue;
      process.write(datagram.payload);
      lastHeardAt = process.now();
      if (--left <= 0) return 0;
    }
    if (connected !== null && hasFailed(socket)) return 1;
    if (connected !== null && sendInput(process, socket, connected)) lastHeardAt = process.now();
    if (process.stdin.isAtEnd) inputEndedAt ??= process.now();
    const until: Instant | null = connected === null ? null : silenceUntil(options, lastHeardAt, inputEndedAt);
    if (until !== null && process.now() >= until) return 0;
    yield until;
  }
}

/** -z: 0 unless a probe brings an ICMP error within -w, or a second. */
export function* scanDatagrams(process: Process, socket: UdpSocket, peer: UdpPeer, options: NcOptions): Program {
  socket.sendTo(peer.endpoint, Uint8Array.of(0x58), { source: peer.source });
  const until = process.now() + (options.timeoutMs === null ? NS_PER_S : options.timeoutMs * (NS_PER_S / 1000));
  while (process.now() < until) {
    yield until;
    if (hasFailed(socket)) return 1;
  }
  return 0;
}

/** All input that there is; whether there was any. */
function sendInput(process: Process, socket: UdpSocket, { endpoint, source }: UdpPeer): boolean {
  let isSent = false;
  for (let octets = process.stdin.read(); octets !== null; octets = process.stdin.read()) {
    for (let at = 0; at < octets.length; at += DATAGRAM_OCTETS) {
      socket.sendTo(endpoint, octets.subarray(at, at + DATAGRAM_OCTETS), { source });
    }
    isSent = true;
  }
  return isSent;
}

/** Too big is no failure: the next datagram is cut. */
function hasFailed(socket: UdpSocket): boolean {
  for (let error = socket.errors.take(); error !== null; error = socket.errors.take()) {
    if (error.kind === 'unreachable') return true;
  }
  return false;
}

function isSame(a: Endpoint, b: Endpoint): boolean {
  return a.port === b.port && addressesEqual(a.address, b.address);
}

function isFamily(address: Address, { family }: NcOptions): boolean {
  return family === null || (family === 4) === (address.length === 4);
}
