import { type Address, parseAddress } from '../../../../engine/wire/address.ts';
import { getopt } from './getopt.ts';

export interface PingOptions {
  readonly destination: Address;
  /** As the user wrote it. */
  readonly name: string;
  /** null: until interrupted. */
  readonly count: number | null;
  readonly intervalMs: number;
  /** Of ICMP payload. */
  readonly sizeOctets: number;
  /** -W: how long to wait for answers after the last request while none has come. */
  readonly lingerMs: number;
  /** -w: when to end whatever has come; null: never. */
  readonly deadlineMs: number | null;
  readonly isQuiet: boolean;
  readonly hopLimit: number | null;
  /** -I: an interface's name or an address; null: as routed. */
  readonly from: string | null;
  readonly fragment: 'allowed' | 'never';
}

export type PingArguments =
  | { readonly kind: 'options'; readonly options: PingOptions }
  | { readonly kind: 'error'; readonly message: string; readonly status: number };

const KNOWN = '46c:i:s:W:w:qnI:M:t:';
const USAGE =
  'Usage\n  ping [-46nq] [-c count] [-i interval] [-I interface] [-M do|dont|want] [-s size] [-t ttl] [-W timeout] [-w deadline] destination';

/** Reads the arguments as iputils' ping does, and complains in its words. */
export function parsePing(args: readonly string[]): PingArguments {
  const parsed = getopt(args, KNOWN);
  if (parsed.kind === 'invalid') return failure(`ping: invalid option -- '${parsed.option}'\n\n${USAGE}`, 2);
  if (parsed.kind === 'missingValue') {
    return failure(`ping: option requires an argument -- '${parsed.option}'\n\n${USAGE}`, 2);
  }
  const { values, operands } = parsed;
  const name = operands.at(-1);
  if (name === undefined) return failure('ping: usage error: Destination address required', 1);
  const problems: string[] = [];
  const whole = (option: string, least: number, most: number): number | null => {
    const text = values.get(option);
    return text === undefined ? null : numberIn(text, least, most, true, problems);
  };
  const seconds = (option: string, most: number): number | null => {
    const text = values.get(option);
    return text === undefined ? null : numberIn(text, 0, most, false, problems);
  };
  const count = whole('c', 1, Number.MAX_SAFE_INTEGER);
  const interval = seconds('i', 2_147_483);
  const size = whole('s', 0, 65_507);
  const linger = seconds('W', 2_147_483);
  const deadline = whole('w', 0, 2_147_483_647);
  const hopLimit = whole('t', 0, 255);
  const discovery = values.get('M') ?? 'want';
  if (!['do', 'dont', 'want', 'probe'].includes(discovery)) problems.push(`ping: invalid -M argument: ${discovery}`);
  const [problem] = problems;
  if (problem !== undefined) return failure(problem, 1);
  const destination = parseAddress(name);
  if (destination === null) return failure(`ping: ${name}: Name or service not known`, 2);
  if ((values.has('4') && destination.length !== 4) || (values.has('6') && destination.length !== 16)) {
    return failure(`ping: ${name}: Address family for hostname not supported`, 2);
  }
  const options: PingOptions = {
    destination,
    name,
    count,
    intervalMs: Math.max(MIN_INTERVAL_MS, (interval ?? 1) * 1000),
    sizeOctets: size ?? 56,
    lingerMs: (linger ?? 10) * 1000,
    deadlineMs: deadline === null || deadline === 0 ? null : deadline * 1000,
    isQuiet: values.has('q'),
    hopLimit,
    from: values.get('I') ?? null,
    fragment: discovery === 'do' || discovery === 'probe' ? 'never' : 'allowed',
  };
  return { kind: 'options', options };
}

/** -i 0 of a real ping waits for the answer or so long. */
const MIN_INTERVAL_MS = 2;

function numberIn(text: string, least: number, most: number, isWhole: boolean, problems: string[]): number {
  const value = Number(text);
  if (text.trim() === '' || Number.isNaN(value) || (isWhole && !Number.isInteger(value))) {
    problems.push(`ping: invalid argument: '${text}'`);
  } else if (value < least || value > most) {
    problems.push(`ping: invalid argument: '${text}': out of range: ${least} <= value <= ${most}`);
  }
  return value;
}

const failure = (message: string, status: number): PingArguments => ({ kind: 'error', message, status });
