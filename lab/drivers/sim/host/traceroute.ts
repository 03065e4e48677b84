import { type Address, addressKey, formatAddress, parseAddress } from '../../../../engine/wire/address.ts';
import { type Instant, NS_PER_MS, NS_PER_S } from '../../../../engine/wire/instant.ts';
import { u16At } from '../../../../engine/wire/octets.ts';
import { getopt } from './getopt.ts';
import { type IcmpError, isLocal } from './icmp-error.ts';
import type { Process, Program } from './process.ts';

interface TracerouteOptions {
  readonly destination: Address;
  readonly name: string;
  readonly hopsMax: number;
  readonly queries: number;
  readonly waitMs: number;
  readonly probe: 'udp' | 'echo';
}

/** What came back for one probe. */
interface Answer {
  readonly from: Address;
  readonly at: Instant;
  /** Such as ` !H`; empty for a router on the way, and for the destination. */
  readonly remark: string;
  /** Nothing lies behind it. */
  readonly isLast: boolean;
}

interface SentProbe {
  readonly number: number;
  readonly sentAt: Instant;
  answer: Answer | null;
}

/** Sends probes and turns what comes back into answers by probe number. */
interface Prober {
  send(number: number, hopLimit: number): void;
  take(): { readonly number: number; readonly answer: Answer } | null;
}

const FIRST_PORT = 33_434;
const PACKET_OCTETS = { 4: 60, 6: 80 } as const;

/** The routers on the way, as traceroute(8) shows them; a hop's probes leave together. 0 unless it could not start. */
export function* traceroute(process: Process): Program {
  const options = parse(process.argv.slice(1));
  if (typeof options === 'string') {
    process.complain(options);
    return 2;
  }
  const { destination, name, hopsMax, queries, waitMs } = options;
  const octets = PACKET_OCTETS[destination.length === 4 ? 4 : 6];
  const address = formatAddress(destination);
  process.print(`traceroute to ${name} (${address}), ${hopsMax} hops max, ${octets} byte packets`);
  const source = process.stack.ip.sourceFor(destination);
  const prober = source === null ? null : openProber(process, options, source);
  if (prober === null) {
    process.complain('connect: Network is unreachable');
    return 1;
  }
  for (let hop = 1, next = 0; hop <= hopsMax; hop++) {
    const probes: SentProbe[] = [];
    for (let query = 0; query < queries; query++, next++) {
      probes.push({ number: next, sentAt: process.now(), answer: null });
      prober.send(next, hop);
    }
    const until = process.now() + waitMs * NS_PER_MS;
    while (probes.some(probe => probe.answer === null) && process.now() < until) {
      yield until;
      for (let item = prober.take(); item !== null; item = prober.take()) {
        const probe = probes.find(candidate => candidate.number === item?.number);
        if (probe !== undefined) probe.answer ??= item.answer;
      }
    }
    process.print(hopLine(hop, probes));
    if (probes.some(probe => probe.answer?.isLast === true)) break;
  }
  return 0;
}

function openProber(process: Process, { destination, probe }: TracerouteOptions, source: Address): Prober | null {
  const octets = PACKET_OCTETS[destination.length === 4 ? 4 : 6] - (destination.length === 4 ? 28 : 48);
  const data = new Uint8Array(octets).fill(0x40);
  const isDestination = (from: Address) => addressKey(from) === addressKey(destination);
  if (probe === 'udp') {
    const socket = process.stack.udp.bind(0, process.wake);
    if (socket === null) return null;
    process.atEnd(() => socket.close());
    return {
      send: (number, hopLimit) =>
        socket.sendTo({ address: destination, port: FIRST_PORT + number }, data, { source, hopLimit }),
      take: () => {
        const error = socket.errors.take();
        if (error === null) return null;
        const number = u16At(error.quoted.upper, 2) - FIRST_PORT;
        return { number, answer: answerOf(error, process.now(), source, isDestination) };
      },
    };
  }
  const socket = process.stack.echo.open(process.wake);
  if (socket === null) return null;
  process.atEnd(() => socket.close());
  return {
    send: (number, hopLimit) =>
      socket.send({ source, destination, sequence: number + 1, data, hopLimit, fragment: 'allowed' }),
    take: () => {
      const reply = socket.replies.take();
      if (reply !== null) {
        return { number: reply.sequence - 1, answer: { from: reply.from, at: reply.at, remark: '', isLast: true } };
      }
      const item = socket.errors.take();
      if (item === null) return null;
      return { number: item.sequence - 1, answer: answerOf(item.error, item.at, source, isDestination) };
    },
  };
}

function answerOf(error: IcmpError, at: Instant, source: Address, isDestination: (from: Address) => boolean): Answer {
  const { kind, code, version } = error;
  const from = isLocal(error) ? source : error.from;
  if (kind === 'timeExceeded') return { from, at, remark: '', isLast: false };
  if (kind === 'tooBig') return { from, at, remark: ` !F-${error.mtu ?? 0}`, isLast: true };
  const isPort = kind === 'unreachable' && code === (version === 4 ? 3 : 4);
  const remark = isPort && isDestination(from) ? '' : (REMARKS[version][code] ?? ` !<${code}>`);
  return { from, at, remark, isLast: true };
}

const REMARKS: Readonly<Record<4 | 6, Readonly<Record<number, string>>>> = {
  4: { 0: ' !N', 1: ' !H', 2: ' !P', 13: ' !X' },
  6: { 0: ' !N', 1: ' !X', 3: ' !H' },
};

function hopLine(hop: number, probes: readonly SentProbe[]): string {
  let line = `${String(hop).padStart(2)} `;
  let last = '';
  for (const { sentAt, answer } of probes) {
    if (answer === null) {
      line += ' *';
      continue;
    }
    const from = formatAddress(answer.from);
    if (from !== last) line += ` ${from}`;
    last = from;
    line += `  ${((answer.at - sentAt) / NS_PER_MS).toFixed(3)} ms${answer.remark}`;
  }
  return line;
}

function parse(args: readonly string[]): TracerouteOptions | string {
  const parsed = getopt(args, '46nIUm:q:w:');
  if (parsed.kind === 'invalid') return `Bad option \`-${parsed.option}' (argc 1)`;
  if (parsed.kind === 'missingValue') return `Option \`-${parsed.option}' (argc 1) requires an argument`;
  const { values, operands } = parsed;
  const [name] = operands;
  if (name === undefined) {
    return 'Usage:\n  traceroute [ -46nIU ] [ -m max_ttl ] [ -q nqueries ] [ -w waittime ] host';
  }
  const destination = parseAddress(name);
  const wanted = values.has('4') ? 4 : values.has('6') ? 16 : (destination?.length ?? 0);
  if (destination === null || destination.length !== wanted) {
    return `${name}: Name or service not known\nCannot handle "host" cmdline arg \`${name}' on position 1 (argc 1)`;
  }
  const hopsMax = Number(values.get('m') ?? 30);
  const queries = Number(values.get('q') ?? 3);
  const waitMs = Number(values.get('w') ?? 5) * 1000;
  if (!Number.isInteger(hopsMax) || hopsMax < 1 || hopsMax > 255) return 'max hops cannot be more than 255';
  if (!Number.isInteger(queries) || queries < 1 || queries > 10) return 'no more than 10 probes per hop';
  if (!(waitMs > 0 && waitMs <= 60 * (NS_PER_S / NS_PER_MS))) return `bad wait seconds \`${values.get('w') ?? ''}'`;
  return { destination, name, hopsMax, queries, waitMs, probe: values.has('I') ? 'echo' : 'udp' };
}
