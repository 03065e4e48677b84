import { type Address, parseAddress } from '../../../../engine/wire/address.ts';
import { getopt } from './getopt.ts';

export interface NcOptions {
  readonly mode: 'connect' | 'listen' | 'scan';
  readonly protocol: 'tcp' | 'udp';
  /** null when listening on every address. */
  readonly address: Address | null;
  /** As the user wrote it. */
  readonly name: string;
  readonly firstPort: number;
  readonly lastPort: number;
  readonly localPort: number;
  readonly localAddress: Address | null;
  readonly family: 4 | 6 | null;
  /** -w: for the connection, and for silence after it; null: for ever. */
  readonly timeoutMs: number | null;
  /** -q: after the end of input; null: for ever. */
  readonly quitAfterMs: number | null;
  /** -W: datagrams; null: no limit. */
  readonly datagramsMax: number | null;
  readonly isVerbose: boolean;
  readonly shutsDown: boolean;
  readonly keepsListening: boolean;
}

const KNOWN = '46klNnuvzdp:q:s:w:W:';

const NC_USAGE =
  'usage: nc [-46dkNnuvz] [-p source_port] [-q seconds] [-s sourceaddr] [-W recvlimit] [-w timeout] destination port\n       nc -l [-46dkNnuv] [-q seconds] [-W recvlimit] [-w timeout] [address] port';

/** Reads the arguments as OpenBSD's netcat does; a message when it cannot. */
export function parseNc(args: readonly string[]): NcOptions | string {
  const parsed = getopt(args, KNOWN);
  if (parsed.kind === 'invalid') return `nc: invalid option -- '${parsed.option}'\n${NC_USAGE}`;
  if (parsed.kind === 'missingValue') return `nc: option requires an argument -- '${parsed.option}'\n${NC_USAGE}`;
  const { values, operands } = parsed;
  const listens = values.has('l');
  if (operands.length > 2 || operands.length === 0)
    return operands.length === 0 && listens ? 'nc: missing port number' : NC_USAGE;
  const [host, portText] =
    operands.length === 2 ? operands : listens ? [undefined, operands[0]] : [operands[0], undefined];
  if (portText === undefined) return 'nc: missing port number';
  const ports = portRange(portText);
  if (ports === null) return `nc: port number invalid: ${portText}`;
  const address = host === undefined ? null : parseAddress(host);
  if (host !== undefined && address === null) {
    return `nc: getaddrinfo for host "${host}" port ${portText}: Name or service not known`;
  }
  const family = values.has('4') ? 4 : values.has('6') ? 6 : null;
  if (address !== null && family !== null && (family === 4) !== (address.length === 4)) {
    return `nc: getaddrinfo for host "${host}" port ${portText}: Address family for hostname not supported`;
  }
  const numbers = numbersOf(values);
  if (typeof numbers === 'string') return numbers;
  const sourceText = values.get('s');
  const localAddress = sourceText === undefined ? null : parseAddress(sourceText);
  if (sourceText !== undefined && localAddress === null) return `nc: getaddrinfo: Name or service not known`;
  return {
    mode: listens ? 'listen' : values.has('z') ? 'scan' : 'connect',
    protocol: values.has('u') ? 'udp' : 'tcp',
    address,
    name: host ?? '',
    ...ports,
    ...numbers,
    localAddress,
    family,
    isVerbose: values.has('v'),
    shutsDown: values.has('N'),
    keepsListening: values.has('k'),
  };
}

function numbersOf(values: ReadonlyMap<string, string>) {
  const numbers = { w: null, q: null, W: null, p: null } as Record<string, number | null>;
  for (const option of Object.keys(numbers)) {
    const text = values.get(option);
    if (text === undefined) continue;
    const value = Number(text);
    if (!/^[0-9]+$/.test(text) || value > 2_147_483) return `nc: ${NUMBER_NAMES[option] ?? option} invalid: ${text}`;
    numbers[option] = value;
  }
  const { w, q, W, p } = numbers;
  if ((p ?? 0) > 65_535) return `nc: port number too large: ${p ?? ''}`;
  return {
    timeoutMs: w === null || w === undefined ? null : w * 1000,
    quitAfterMs: q === null || q === undefined ? null : q * 1000,
    datagramsMax: W ?? null,
    localPort: p ?? 0,
  };
}

const NUMBER_NAMES: Readonly<Record<string, string>> = {
  w: 'timeout',
  q: 'quit timer',
  W: 'receive limit',
  p: 'port number',
};

function portRange(text: string): { readonly firstPort: number; readonly lastPort: number } | null {
  const match = /^([0-9]{1,5})(?:-([0-9]{1,5}))?$/.exec(text);
  if (match === null) return null;
  const ports = [Number(match[1]), Number(match[2] ?? match[1])].sort((a, b) => a - b);
  const [firstPort = 0, lastPort = 0] = ports;
  return firstPort >= 1 && lastPort <= 65_535 ? { firstPort, lastPort } : null;
}
