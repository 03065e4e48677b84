/** A topology of Mininet's, as read-topo.py writes it. The code of the user ran in the same process: nothing of it can be relied on. */
export interface MininetTopo {
  readonly topo: string;
  readonly nodes: readonly MininetNode[];
  readonly links: readonly MininetTopoLink[];
}

export interface MininetNode {
  readonly name: string;
  /** In the file; 0: elsewhere. */
  readonly line: number;
  readonly isSwitch: boolean;
  /** Of its first interface; without a prefix length it is /8. */
  readonly ip: string | null;
  readonly mac: string | null;
  /** As `ip route add default` takes it. */
  readonly defaultRoute: string | null;
  /** Its class turns forwarding on. */
  readonly forwards: boolean;
  /** A NAT of Mininet's, out into the machine's network. */
  readonly isNat: boolean;
}

export interface MininetTopoLink {
  readonly line: number;
  readonly ends: readonly [MininetTopoEnd, MininetTopoEnd];
  /** Mbit/s. */
  readonly bw: number | null;
  /** As `tc` takes them. */
  readonly delay: string | null;
  readonly jitter: string | null;
  /** Percent. */
  readonly loss: number | null;
  readonly queue: number | null;
}

export interface MininetTopoEnd {
  readonly node: string;
  readonly interface: string;
  readonly port: number;
  readonly ip: string | null;
  readonly mac: string | null;
}

/** Why there is none, in words for the user. */
export interface MininetWrong {
  readonly wrong: { readonly line: number; readonly message: string; readonly fix: string | null };
}

/** null: neither. */
export function parseAnswer(text: string): MininetTopo | MininetWrong | null {
  let answer: unknown;
  try {
    answer = JSON.parse(text);
  } catch {
    return null;
  }
  if (isTopo(answer)) return answer;
  return isWrong(answer) ? answer : null;
}

type Kind = (value: unknown) => boolean;

const isText: Kind = value => typeof value === 'string';
const isLine: Kind = value => Number.isSafeInteger(value) && Number(value) >= 0;
const isFlag: Kind = value => typeof value === 'boolean';
const isAmount: Kind = value => typeof value === 'number' && value >= 0;
const orNull =
  (kind: Kind): Kind =>
  value =>
    value === null || kind(value);
const listOf =
  (kind: Kind): Kind =>
  value =>
    Array.isArray(value) && value.every(kind);
const record =
  (fields: Readonly<Record<string, Kind>>): Kind =>
  value =>
    typeof value === 'object' &&
    value !== null &&
    Object.entries(fields).every(([name, kind]) => kind((value as Readonly<Record<string, unknown>>)[name]));

const isNode = record({
  name: isText,
  line: isLine,
  isSwitch: isFlag,
  ip: orNull(isText),
  mac: orNull(isText),
  defaultRoute: orNull(isText),
  forwards: isFlag,
  isNat: isFlag,
});

const isEnds = listOf(
  record({ node: isText, interface: isText, port: isAmount, ip: orNull(isText), mac: orNull(isText) }),
);

const isLink = record({
  line: isLine,
  ends: value => isEnds(value) && (value as readonly unknown[]).length === 2,
  bw: orNull(isAmount),
  delay: orNull(isText),
  jitter: orNull(isText),
  loss: orNull(isAmount),
  queue: orNull(isAmount),
});

const hasTopo = record({ topo: isText, nodes: listOf(isNode), links: listOf(isLink) });
const hasWrong = record({ wrong: record({ line: isLine, message: isText, fix: orNull(isText) }) });

const isTopo = (value: unknown): value is MininetTopo => hasTopo(value);
const isWrong = (value: unknown): value is MininetWrong => hasWrong(value);
