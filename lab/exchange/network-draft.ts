/**
 * A network as another tool's file describes it, in the terms of a topology: what is imported becomes this, and `draftText`
 * writes it as a topology file for people to go on with.
 */
export interface NetworkDraft {
  readonly name: string;
  readonly title: string;
  /** Lines for the head of the file: what it was made from, and what was assumed throughout. */
  readonly remarks: readonly string[];
  readonly nodes: readonly NodeDraft[];
  readonly links: readonly LinkDraft[];
  readonly checks: readonly CheckDraft[];
}

export interface NodeDraft {
  readonly name: string;
  readonly kind: 'host' | 'router' | 'gateway';
  /** Each becomes a line of comment above the node. */
  readonly remarks: readonly string[];
  readonly interfaces: readonly InterfaceDraft[];
  readonly routes: readonly RouteDraft[];
}

export interface InterfaceDraft {
  readonly name: string;
  /** With their prefix lengths. */
  readonly addresses: readonly string[];
  /** Default routers, one of each family at most. */
  readonly gateways: readonly string[];
  readonly mtu: number | null;
  readonly mac: string | null;
  readonly remark: string | null;
}

export interface RouteDraft {
  readonly to: string;
  readonly via: string | null;
  readonly interface: string | null;
}

export interface LinkDraft {
  readonly name: string;
  /** `node:interface`. */
  readonly endpoints: readonly [string, string];
  readonly mtu: number | null;
  /** As `impair:` has them: delay, loss, rate and so on. */
  readonly impair: Readonly<Record<string, string>>;
  readonly remark: string | null;
}

/** An echo request that must be answered. */
export interface CheckDraft {
  readonly from: string;
  /** A node or an address. */
  readonly to: string;
}

/** The draft as a topology file. The same draft gives the same text. */
export function draftText({ name, title, remarks, nodes, links, checks }: NetworkDraft): string {
  const lines = [
    ...remarks.flatMap(remark => comment(remark, '')),
    `name: ${scalar(name)}`,
    `title: ${scalar(title)}`,
    '',
    'nodes:',
    ...nodes.flatMap((node, index) => [...(index === 0 ? [] : ['']), ...nodeLines(node)]),
    ...(links.length === 0 ? [] : ['', 'links:', ...links.flatMap(linkLines)]),
    ...(checks.length === 0 ? [] : ['', 'checks:', ...checks.map(checkLine)]),
  ];
  return `${lines.join('\n')}\n`;
}

function nodeLines(node: NodeDraft): string[] {
  return [
    ...node.remarks.flatMap(remark => comment(remark, '  ')),
    `  ${scalar(node.name)}:`,
    `    kind: ${node.kind}`,
    ...(node.interfaces.length === 0 ? ['    interfaces: {}'] : ['    interfaces:']),
    ...node.interfaces.flatMap(interfaceLines),
    ...(node.routes.length === 0 ? [] : ['    routes:']),
    ...node.routes.map(({ to, via, interface: device }) => `      - ${flow({ to, via, interface: device })}`),
  ];
}

function interfaceLines({ name, addresses, gateways, mtu, mac, remark }: InterfaceDraft): string[] {
  const value = flow({
    addresses: addresses.length === 0 ? null : addresses,
    gateway: gateways.length === 0 ? null : gateways.length === 1 ? (gateways[0] ?? null) : gateways,
    mtu,
    mac,
  });
  return [...(remark === null ? [] : comment(remark, '      ')), `      ${scalar(name)}: ${value}`];
}

function linkLines({ name, endpoints, mtu, impair, remark }: LinkDraft): string[] {
  const impairment = Object.keys(impair).length === 0 ? null : new Flow(flow(impair));
  return [
    ...(remark === null ? [] : comment(remark, '  ')),
    `  ${scalar(name)}: ${flow({ endpoints, mtu, impair: impairment })}`,
  ];
}

const checkLine = ({ from, to }: CheckDraft): string =>
  `  - { reach: { from: ${scalar(from)}, to: ${scalar(to)}, with: icmp } }`;

/** Text that is flow style already. */
class Flow {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

type FlowValue = string | number | Flow | readonly string[] | null;

/** `{ a: 1, b: [x, y] }`, without what is null. */
function flow(fields: Readonly<Record<string, FlowValue>>): string {
  const parts = Object.entries(fields).flatMap(([key, value]) =>
    value === null ? [] : [`${key}: ${flowValue(value)}`],
  );
  return parts.length === 0 ? '{}' : `{ ${parts.join(', ')} }`;
}

function flowValue(value: Exclude<FlowValue, null>): string {
  if (value instanceof Flow) return value.text;
  if (typeof value === 'number') return String(value);
  return typeof value === 'string' ? scalar(value) : `[${value.map(scalar).join(', ')}]`;
}

const PLAIN = /^[a-z][a-z0-9_-]*$|^\d+\.\d+\.\d+\.\d+(\/\d+)?$|^\d+(\.\d+)?(%|ns|us|ms|s|k?bit|mbit|gbit)$/;
const SPECIAL: ReadonlySet<string> = new Set(['true', 'false', 'null', 'yes', 'no', 'on', 'off', 'y', 'n']);

/** Quoted, unless every reader of YAML takes it for text as it is. */
const scalar = (text: string): string => (PLAIN.test(text) && !SPECIAL.has(text) ? text : JSON.stringify(text));

const COMMENT_COLUMNS = 110;

/** A remark as comment lines; nothing in it ends the comment. */
function comment(remark: string, indent: string): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of remark.replaceAll(/[\p{Cc}\u2028\u2029]+/gu, ' ').split(' ')) {
    if (line !== '' && line.length + word.length >= COMMENT_COLUMNS) {
      lines.push(line);
      line = '';
    }
    line += line === '' ? word : ` ${word}`;
  }
  return [...lines, line].map(text => `${indent}# ${text}`.trimEnd());
}
