import { type Address, formatAddress, parseAddress } from '../../../../engine/wire/address.ts';
import { type Instant, NS_PER_MS } from '../../../../engine/wire/instant.ts';
import { octetsEqual } from '../../../../engine/wire/octets.ts';
import type { Probe, ProbeResult } from '../../driver.ts';
import { describeIcmpError, type IcmpError, isLocal } from './icmp-error.ts';
import type { Process, Program, ProgramMain } from './process.ts';
import { describeTcpError } from './tcp-error-text.ts';
import { UDP_PAYLOAD_MAX } from './udp-sockets.ts';

type Report = (result: ProbeResult) => void;

/** `RunningLab.probe` as a program on the node that asks; what it finds goes to `report`, once. */
export function probeProgram(probe: Probe, report: Report): ProgramMain {
  return function* run(process: Process): Program {
    const destination = parseAddress(probe.to);
    if (destination === null) throw new Error(`probe to ${probe.to}, which is not an address`);
    const source = process.stack.ip.sourceFor(destination);
    if (source === null) report(refused(`${probe.from} has no route to ${probe.to}`));
    else report(yield* attempt(process, probe, source, destination));
    return 0;
  };
}

type Attempt = Generator<Instant | null, ProbeResult, void>;

function attempt(process: Process, probe: Probe, source: Address, destination: Address): Attempt {
  switch (probe.with) {
    case 'icmp':
      return attemptEcho(process, probe, source, destination);
    case 'udp':
      return attemptUdp(process, probe, probe.port, source, destination);
    case 'tcp':
      return attemptTcp(process, probe, probe.port, source, destination);
  }
}

function* attemptEcho(
  process: Process,
  probe: Probe & { with: 'icmp' },
  source: Address,
  destination: Address,
): Attempt {
  const socket = process.stack.echo.open(process.wake);
  if (socket === null) return refused('too many probes at once');
  process.atEnd(() => socket.close());
  const fragment = probe.dontFragment ? 'never' : 'allowed';
  const data = payloadOf(process, probe);
  const startedAt = process.now();
  socket.send({ source, destination, sequence: 1, data, fragment });
  const until = startedAt + probe.timeoutMs * NS_PER_MS;
  for (; process.now() < until; yield until) {
    const reply = socket.replies.take();
    if (reply !== null && octetsEqual(reply.data, data)) return answered(startedAt, reply.at);
    const item = socket.errors.take();
    if (item !== null && isDecisive(item.error, fragment)) return refusedBy(item.error, source);
  }
  return { kind: 'timeout' };
}

function* attemptUdp(process: Process, probe: Probe, port: number, source: Address, destination: Address): Attempt {
  const socket = process.stack.udp.bind(0, process.wake);
  if (socket === null) return refused('too many sockets are open');
  process.atEnd(() => socket.close());
  const data = payloadOf(process, probe);
  const startedAt = process.now();
  socket.sendTo({ address: destination, port }, data, { source });
  const until = startedAt + probe.timeoutMs * NS_PER_MS;
  for (; process.now() < until; yield until) {
    const datagram = socket.datagrams.take();
    if (datagram !== null && octetsEqual(datagram.payload, data)) return answered(startedAt, process.now());
    const error = socket.errors.take();
    if (error !== null && isDecisive(error, 'allowed')) return refusedBy(error, source);
  }
  return { kind: 'timeout' };
}

function* attemptTcp(process: Process, probe: Probe, port: number, source: Address, destination: Address): Attempt {
  const socket = process.stack.tcp.connect(source, { address: destination, port }, 0, process.wake);
  if (socket === null) return refused('too many connections are open');
  const { connection } = socket;
  const data = payloadOf(process, probe);
  const startedAt = process.now();
  const until = startedAt + probe.timeoutMs * NS_PER_MS;
  let unsent = data;
  let echoed = 0;
  for (; process.now() < until; yield until) {
    unsent = unsent.subarray(connection.write(unsent, process.now()));
    const read = connection.read(data.length - echoed);
    const isSame = octetsEqual(read, data.subarray(echoed, echoed + read.length));
    echoed += read.length;
    if (!isSame) {
      connection.abort();
      return refused('what came back is not what was sent');
    }
    if (connection.isOpen && echoed === data.length) {
      connection.release(process.now());
      return answered(startedAt, process.now());
    }
    if (connection.state === 'closed' || connection.isAtEnd) {
      connection.release(process.now());
      return refused(`${formatAddress(destination)} port ${port}: ${describeTcpError(connection.error)}`);
    }
  }
  connection.abort();
  return { kind: 'timeout' };
}

/** Random, so that nothing but an echo of this probe is taken for its answer. */
function payloadOf(process: Process, { sizeOctets }: Probe): Uint8Array {
  return process.stack.randomOctets(Math.min(sizeOctets, UDP_PAYLOAD_MAX));
}

/** A packet that may be cut is only told how: that is no refusal. */
function isDecisive(error: IcmpError, fragment: 'allowed' | 'never'): boolean {
  return error.kind !== 'tooBig' || fragment === 'never';
}

function answered(startedAt: Instant, at: Instant): ProbeResult {
  return { kind: 'answered', rttMs: (at - startedAt) / NS_PER_MS };
}

function refused(why: string): ProbeResult {
  return { kind: 'refused', why, mtu: null };
}

function refusedBy(error: IcmpError, source: Address): ProbeResult {
  const from = formatAddress(isLocal(error) ? source : error.from);
  return { kind: 'refused', why: `${from}: ${describeIcmpError(error)}`, mtu: error.mtu };
}
