import type { NumberRange } from '../ipsec/selector.ts';
import type { SelectorInput } from '../ipsec/spd.ts';
import { addressVersion } from '../wire/address.ts';
import { IpProtocol } from '../wire/ip-protocol.ts';
import { formatPrefix, networkOf, parsePrefix, type Prefix } from '../wire/prefix.ts';
import { quoted, type Report } from './diagnostic.ts';
import type { ActionName, EntryText, PairText } from './ipsecinit-grammar.ts';
import { icmpNumbers, maskLength, portOf, protocolOf, reportAddress } from './ipsecinit-values.ts';
import type { StatedTunnel } from './policy.ts';
import { didYouMean } from './suggest.ts';
import type { Word } from './words.ts';

export type PatternDirection = 'inbound' | 'outbound' | 'both';

/** What the pattern of an entry says. */
export interface Pattern extends Required<SelectorInput> {
  readonly tunnel: StatedTunnel | null;
  readonly direction: PatternDirection;
}

/** The names of a pattern, with their synonyms; the first is the one that messages use. */
const NAMES = {
  laddr: ['laddr', 'local'],
  raddr: ['raddr', 'remote'],
  lport: ['lport'],
  rport: ['rport'],
  saddr: ['saddr', 'src', 'srcaddr'],
  daddr: ['daddr', 'dst', 'dstaddr', 'dest'],
  smask: ['smask'],
  dmask: ['dmask'],
  sport: ['sport'],
  dport: ['dport'],
  ulp: ['ulp', 'proto'],
  type: ['type'],
  code: ['code'],
  tunnel: ['tunnel'],
  negotiate: ['negotiate'],
  dir: ['dir'],
} as const;
type Name = keyof typeof NAMES;
type Values = Partial<Record<Name, { readonly name: Word; readonly value: Word }>>;

/** Those that say source and destination; the others say local and remote, and one entry says the one or the other. */
const DIRECTED: readonly Name[] = ['saddr', 'daddr', 'sport', 'dport', 'smask', 'dmask'];
const SIDED: readonly Name[] = ['laddr', 'raddr', 'lport', 'rport'];

/** Reads the pattern of an entry, whose first action tells sources from local ends in the older form. */
export function readPattern(entry: EntryText, report: Report): Pattern {
  const values = valuesOf(entry.pattern, report);
  const [clause] = entry.clauses;
  const property = clause?.properties.find(({ name }) => name.text.toLowerCase() === 'dir');
  const dir = values.dir?.value ?? property?.value ?? null;
  const direction = directionOf(clause?.action ?? 'ipsec', dir, values, report);
  const isDirected = DIRECTED.some(name => values[name] !== undefined);
  reportMixture(values, report);
  const swapped = isDirected && direction === 'inbound';
  const near = isDirected
    ? ends(values, 'saddr', 'smask', 'sport', report)
    : ends(values, 'laddr', null, 'lport', report);
  const far = isDirected
    ? ends(values, 'daddr', 'dmask', 'dport', report)
    : ends(values, 'raddr', null, 'rport', report);
  const [local, remote] = swapped ? [far, near] : [near, far];
  reportFamilies(near.prefix, far.prefix, values[isDirected ? 'daddr' : 'raddr']?.value ?? null, report);
  const protocol = protocolIn(values, report);
  return {
    tunnel: tunnelOf(values, report),
    direction,
    local: local.prefix === null ? 'any' : formatPrefix(networkOf(local.prefix)),
    remote: remote.prefix === null ? 'any' : formatPrefix(networkOf(remote.prefix)),
    protocol,
    localPort: local.port,
    remotePort: remote.port,
    icmp: icmpOf(values, protocol, report),
  };
}

function valuesOf(pairs: readonly PairText[], report: Report): Values {
  const values: Values = {};
  for (const { name, value } of pairs) {
    const key = nameOf(name.text);
    if (key === null) {
      const known = Object.values(NAMES).flat();
      report.error(name.place, `${quoted(name.text)} is not known in a pattern`, didYouMean(name.text, known, ''));
      continue;
    }
    if (value === null) {
      report.error(name.place, `${quoted(name.text)} has no value`, 'write its value behind it');
    } else if (values[key] !== undefined) {
      const fix = `take one of the two away: the first is in line ${values[key].name.place.line}`;
      report.error(name.place, `this pattern says ${key} twice`, fix);
    } else {
      values[key] = { name, value };
    }
  }
  return values;
}

function nameOf(text: string): Name | null {
  const name = text.toLowerCase();
  const found = Object.entries(NAMES).find(([, names]) => (names as readonly string[]).includes(name));
  return found === undefined ? null : (found[0] as Name);
}

const DIRECTIONS: Readonly<Record<string, PatternDirection>> = { in: 'inbound', out: 'outbound', both: 'both' };

function directionOf(action: ActionName, word: Word | null, values: Values, report: Report): PatternDirection {
  const said = word === null ? null : (DIRECTIONS[word.text.toLowerCase()] ?? null);
  if (word !== null && said === null)
    report.error(word.place, `${quoted(word.text)} is not a direction`, 'use in, out or both');
  if (action === 'apply' || action === 'permit') {
    const own = action === 'apply' ? 'outbound' : 'inbound';
    if (word !== null && said !== null && said !== own) {
      const fix = `take dir away: ${action} means ${own === 'outbound' ? 'out' : 'in'}`;
      report.error(word.place, `${action} and dir ${word.text} contradict each other`, fix);
    }
    return own;
  }
  const directed = DIRECTED.map(name => values[name]).find(value => value !== undefined);
  if (directed !== undefined && (said === null || said === 'both')) {
    const message = `${quoted(directed.name.text)} says nothing without a direction`;
    report.error(
      word?.place ?? directed.name.place,
      message,
      'add dir in or dir out, or use laddr, raddr, lport and rport',
    );
  }
  return said ?? 'both';
}

function reportMixture(values: Values, report: Report): void {
  const directed = DIRECTED.map(name => values[name]).find(value => value !== undefined);
  const sided = SIDED.map(name => values[name]).find(value => value !== undefined);
  if (directed === undefined || sided === undefined) return;
  const [first, second] =
    directed.name.place.line < sided.name.place.line ||
    (directed.name.place.line === sided.name.place.line && directed.name.place.column < sided.name.place.column)
      ? [directed, sided]
      : [sided, directed];
  const message = `${quoted(second.name.text)} does not go with ${quoted(first.name.text)}`;
  const fix =
    'say local and remote (laddr, raddr, lport, rport), or source and destination (saddr, daddr, sport, dport)';
  report.error(second.name.place, message, fix);
}

interface End {
  readonly prefix: Prefix | null;
  readonly port: number | 'any';
}

function ends(values: Values, address: Name, mask: Name | null, port: Name, report: Report): End {
  const portWord = values[port]?.value ?? null;
  return {
    prefix: prefixOf(values, address, mask, report),
    port: portWord === null ? 'any' : portOf(portWord, report),
  };
}

function prefixOf(values: Values, addressName: Name, maskName: Name | null, report: Report): Prefix | null {
  const word = values[addressName]?.value ?? null;
  const mask = maskName === null ? null : (values[maskName] ?? null);
  if (word === null) {
    if (mask !== null) report.error(mask.name.place, `a mask without ${addressName}`, `add ${addressName}`);
    return null;
  }
  const prefix = parsePrefix(word.text);
  if (prefix === null) {
    reportAddress(word, report);
    return null;
  }
  if (mask === null) return prefix;
  const length = maskLength(mask.value.text);
  if (word.text.includes('/')) {
    report.error(mask.name.place, `${quoted(word.text)} has a prefix length already`, `take ${mask.name.text} away`);
  } else if (addressVersion(prefix.address) === 6) {
    report.error(
      mask.name.place,
      'masks are for IPv4 addresses',
      `write ${word.text}/64 with the length that you mean`,
    );
  } else if (length === null) {
    const message = `${quoted(mask.value.text)} is not a mask of ones followed by zeros`;
    report.error(mask.value.place, message, 'write it as 255.255.255.0 or 0xffffff00');
  } else {
    return { address: prefix.address, length };
  }
  return prefix;
}

function protocolIn(values: Values, report: Report): number | 'any' {
  const word = values.ulp?.value ?? null;
  const protocol = word === null ? 'any' : protocolOf(word, report);
  const port = values.lport ?? values.rport ?? values.sport ?? values.dport;
  if (port !== undefined && protocol !== 'any' && !HAS_PORTS.has(protocol)) {
    report.error(port.name.place, `${word?.text} has no ports`, 'use ulp tcp or ulp udp, or take the port away');
  }
  return protocol;
}

const SCTP = 132;
const UDP_LITE = 136;
const HAS_PORTS: ReadonlySet<number> = new Set([IpProtocol.TCP, IpProtocol.UDP, SCTP, UDP_LITE]);

function icmpOf(values: Values, protocol: number | 'any', report: Report): 'any' | readonly NumberRange[] {
  const { type, code } = values;
  if (type === undefined) {
    if (code !== undefined) report.error(code.name.place, 'a code without a type', 'add type in front of it');
    return 'any';
  }
  if (protocol !== IpProtocol.ICMP && protocol !== IpProtocol.ICMPV6) {
    report.error(type.name.place, 'types belong to ICMP', 'add ulp icmp or ulp ipv6-icmp');
    return 'any';
  }
  const types = icmpNumbers(type.value, 'type', protocol, report);
  const codes = code === undefined ? null : icmpNumbers(code.value, 'code', protocol, report);
  if (types === null || (code !== undefined && codes === null)) return 'any';
  const [low, high] = types;
  if (codes === null) return [[low * 256, high * 256 + 255]];
  return Array.from({ length: high - low + 1 }, (_, i) => [(low + i) * 256 + codes[0], (low + i) * 256 + codes[1]]);
}

function tunnelOf(values: Values, report: Report): Pattern['tunnel'] {
  const { tunnel, negotiate } = values;
  const mode = negotiate?.value.text.toLowerCase();
  if (negotiate !== undefined && mode !== 'tunnel' && mode !== 'transport') {
    const message = `${quoted(negotiate.value.text)} cannot be negotiated`;
    report.error(negotiate.value.place, message, 'use negotiate tunnel or negotiate transport');
  }
  if (tunnel === undefined) {
    if (negotiate !== undefined) {
      report.error(negotiate.name.place, 'negotiate is for what passes a tunnel', 'add tunnel with its name');
    }
    return null;
  }
  if (negotiate === undefined) {
    const message = 'a tunnel, and nothing says which mode its SAs have';
    report.error(tunnel.name.place, message, 'add negotiate tunnel');
  }
  const addressed = SIDED.concat(DIRECTED)
    .map(name => values[name])
    .find(value => value !== undefined);
  if (mode === 'transport' && addressed !== undefined) {
    const message = `${quoted(addressed.name.text)} does not go with negotiate transport, which protects all of the tunnel`;
    report.error(addressed.name.place, message, 'use negotiate tunnel, or take it away');
  }
  const { text, place } = tunnel.value;
  return { name: text, place, negotiate: mode === 'transport' ? 'transport' : 'tunnel' };
}

function reportFamilies(near: Prefix | null, far: Prefix | null, word: Word | null, report: Report): void {
  if (near === null || far === null || word === null || near.address.length === far.address.length) return;
  report.error(word.place, 'the two addresses are of different families', 'write one entry for each family');
}
