import { type Address, addressKey, formatAddress, parseAddress } from '../../../../engine/wire/address.ts';
import { type Instant, NS_PER_MS } from '../../../../engine/wire/instant.ts';
import type { EchoReply, EchoSocket } from './echo-sockets.ts';
import { describeIcmpError, type IcmpError, isLocal } from './icmp-error.ts';
import { parsePing, type PingOptions } from './ping-options.ts';
import { PingStatistics, roundTripText } from './ping-statistics.ts';
import type { Process, Program } from './process.ts';

/** ICMP echo as iputils' ping does it, output and exit status included: 0 answered, 1 not, 2 it could not start. */
export function* ping(process: Process): Program {
  const parsed = parsePing(process.argv.slice(1));
  if (parsed.kind === 'error') {
    process.complain(parsed.message);
    return parsed.status;
  }
  const { options } = parsed;
  const source = sourceOf(process, options);
  if (typeof source === 'string') {
    process.complain(source);
    return 2;
  }
  const socket = process.stack.echo.open(process.wake);
  if (socket === null) {
    process.complain('ping: socket: No buffer space available');
    return 2;
  }
  process.atEnd(() => socket.close());
  process.handlesInterrupt = true;
  process.print(headline(options, source));
  const run = new PingRun(process, options, source, socket);
  while (!run.isDone()) yield run.step();
  for (const line of run.statistics.summary(options.name)) process.print(line);
  const { received } = run.statistics;
  const isShort = options.deadlineMs !== null && options.count !== null && received < options.count;
  return received === 0 || isShort ? 1 : 0;
}

class PingRun {
  readonly statistics = new PingStatistics();
  readonly #process: Process;
  readonly #options: PingOptions;
  readonly #source: Address;
  readonly #socket: EchoSocket;
  readonly #startedAt: Instant;
  readonly #payload: Uint8Array;
  #nextSendAt: Instant;
  /** All requests are out: how long to wait for the rest. */
  #lingerUntil: Instant | null = null;

  constructor(process: Process, options: PingOptions, source: Address, socket: EchoSocket) {
    this.#process = process;
    this.#options = options;
    this.#source = source;
    this.#socket = socket;
    this.#startedAt = process.now();
    this.#nextSendAt = this.#startedAt;
    this.#payload = Uint8Array.from({ length: options.sizeOctets }, (_, index) => index & 0xff);
  }

  isDone(): boolean {
    this.#takeReplies();
    const { count, deadlineMs } = this.#options;
    const { received, errors } = this.statistics;
    const now = this.#process.now();
    if (this.#process.isInterrupted) return true;
    if (count !== null && received + errors >= count) return true;
    if (deadlineMs !== null && (errors > 0 || now >= this.#startedAt + deadlineMs * NS_PER_MS)) return true;
    return this.#lingerUntil !== null && now >= this.#lingerUntil;
  }

  /** Sends what is due; when to come back at the latest. */
  step(): Instant {
    const { count, deadlineMs, intervalMs } = this.#options;
    const now = this.#process.now();
    const isAllSent = count !== null && this.statistics.transmitted >= count && deadlineMs === null;
    if (!isAllSent && now >= this.#nextSendAt) {
      this.#send(now);
      this.#nextSendAt = now + intervalMs * NS_PER_MS;
    }
    if (count !== null && this.statistics.transmitted >= count && deadlineMs === null) {
      // With the first answers in, twice the longest round trip; without any, what the user said.
      const expected = Math.max(2 * this.statistics.longestNs, intervalMs * NS_PER_MS);
      this.#lingerUntil ??= now + (this.statistics.received > 0 ? expected : this.#options.lingerMs * NS_PER_MS);
    }
    const wakeAt = this.#lingerUntil ?? this.#nextSendAt;
    return deadlineMs === null ? wakeAt : Math.min(wakeAt, this.#startedAt + deadlineMs * NS_PER_MS);
  }

  #send(now: Instant): void {
    const { destination, sizeOctets, fragment, hopLimit } = this.#options;
    const sequence = this.statistics.sending(now);
    const headers = destination.length === 4 ? 28 : 48;
    const mtu = this.#process.stack.ip.pathMtu(this.#source, destination);
    if (fragment === 'never' && sizeOctets + headers > mtu) {
      this.#localError(mtu);
      return;
    }
    this.#socket.send({
      source: this.#source,
      destination,
      sequence,
      data: this.#payload,
      fragment,
      ...(hopLimit === null ? {} : { hopLimit }),
    });
  }

  #takeReplies(): void {
    for (let reply = this.#socket.replies.take(); reply !== null; reply = this.#socket.replies.take()) {
      this.#takeReply(reply);
    }
    for (let item = this.#socket.errors.take(); item !== null; item = this.#socket.errors.take()) {
      this.#takeError(item.error, item.sequence);
    }
  }

  #takeReply(reply: EchoReply): void {
    const result = this.statistics.answered(reply.sequence, reply.at);
    if (result === null || this.#options.isQuiet) return;
    const timing = this.#options.sizeOctets >= 16 ? ` time=${roundTripText(result.roundTripNs)} ms` : '';
    const head = `${reply.data.length + 8} bytes from ${formatAddress(reply.from)}: icmp_seq=${result.sequence}`;
    this.#process.print(`${head} ttl=${reply.hopLimit}${timing}${result.isDuplicate ? ' (DUP!)' : ''}`);
  }

  #takeError(error: IcmpError, sequence: number): void {
    if (error.kind === 'tooBig' && isLocal(error)) {
      this.#localError(error.mtu ?? 0);
      return;
    }
    this.statistics.failed();
    if (this.#options.isQuiet) return;
    const from = formatAddress(isLocal(error) ? this.#source : error.from);
    this.#process.print(`From ${from} icmp_seq=${sequence} ${describeIcmpError(error)}`);
  }

  #localError(mtu: number): void {
    this.statistics.failed();
    const separator = this.#source.length === 4 ? '=' : ': ';
    if (!this.#options.isQuiet) this.#process.complain(`ping: local error: message too long, mtu${separator}${mtu}`);
  }
}

/** The address to send from, or why there is none. */
function sourceOf(process: Process, { destination, from }: PingOptions): Address | string {
  const routed = process.stack.ip.sourceFor(destination);
  if (from === null) return routed ?? 'ping: connect: Network is unreachable';
  const address = parseAddress(from);
  if (address !== null) {
    return process.stack.ip.owns(address) ? address : 'ping: bind: Cannot assign requested address';
  }
  const device = process.host.status().interfaces.find(entry => entry.name === from);
  if (device === undefined) return `ping: SO_BINDTODEVICE ${from}: No such device`;
  const own = device.addresses.map(text => parseAddress(text.split('/')[0] ?? '')).filter(entry => entry !== null);
  if (routed !== null && own.some(entry => addressKey(entry) === addressKey(routed))) return routed;
  return own.find(entry => entry.length === destination.length) ?? 'ping: connect: Network is unreachable';
}

function headline({ destination, name, sizeOctets, from }: PingOptions, source: Address): string {
  const address = formatAddress(destination);
  const device = from === null || parseAddress(from) !== null ? '' : from;
  const origin = from === null ? '' : ` from ${formatAddress(source)} ${device}:`;
  return destination.length === 4
    ? `PING ${name} (${address})${origin} ${sizeOctets}(${sizeOctets + 28}) bytes of data.`
    : `PING ${name}(${address})${origin} ${sizeOctets} data bytes`;
}
