/** The scalars of a topology file: names, addresses, sizes, units. */
import {
  type Address,
  addressesEqual,
  formatAddress,
  isBroadcast,
  isLoopback,
  isMulticast,
  isUnspecified,
  parseAddress,
  parseMac,
} from '../../engine/wire/address.ts';
import { formatPrefix, networkOf, parsePrefix, type Prefix } from '../../engine/wire/prefix.ts';
import { quoted } from './diagnostic.ts';
import * as quantity from './quantity.ts';
import { bad, good, type Parsed, type Problem } from './quantity.ts';
import { type Located, scalar, type Shape } from './shape.ts';

export type ProtocolText = number | 'any' | 'icmp';

/** Loose: an editor warns early, the loader judges. */
const ADDRESS_SCHEMA = { type: 'string', pattern: '^[0-9a-fA-F:.]+$' };
const PREFIX_SCHEMA = { type: 'string', pattern: '^[0-9a-fA-F:.]+(/[0-9]+)?$' };
const TEXT_MAX = 1000;

/** Two prefixes, a packet either way between them. */
export interface FlowText {
  readonly a: Prefix;
  readonly b: Prefix;
}

export interface EndText {
  readonly node: string;
  readonly interface: string;
}

/** Names of nodes, links, secrets and topologies: they appear in file names, host names and command lines. */
export const name: Shape<Located<string>> = nameLike(
  /^[a-z][a-z0-9-]{0,31}$/,
  32,
  '-',
  'lower-case letters, digits and hyphens',
);
/** Linux allows an interface name 15 octets. */
export const interfaceName: Shape<Located<string>> = nameLike(
  /^[a-z][a-z0-9_-]{0,14}$/,
  15,
  '_',
  'lower-case letters, digits, _ and -',
);
/** The outer family, the node at the other end, and a number: `v4_bob0`. */
export const tunnelName: Shape<Located<string>> = scalar(
  'a tunnel name such as v4_bob0',
  { type: 'string', pattern: '^v[46]_[a-z][a-z0-9_-]*[0-9]$', maxLength: 15 },
  ({ text }) => {
    if (isTunnelName(text)) return good(text);
    if (text.length > 15) return bad('has more than the 15 characters of an interface name', 'shorten it');
    return bad('is not a tunnel name', 'name it after outer family, other end and a number: v4_bob0 or v6_bob0');
  },
);

export function isTunnelName(text: string): boolean {
  return /^v[46]_[a-z][a-z0-9_-]{0,10}[0-9]$/.test(text);
}

/** A reference to something that is named elsewhere in the file; whether it exists is judged later. */
export function reference(what: string): Shape<Located<string>> {
  return scalar(`the name of ${what}`, { type: 'string' }, ({ value }) =>
    typeof value === 'string' ? good(value) : notText(value),
  );
}

export const text: Shape<Located<string>> = scalar('a text', { type: 'string', maxLength: TEXT_MAX }, ({ value }) => {
  if (typeof value !== 'string') return notText(value);
  return value.length > TEXT_MAX ? bad(`has ${value.length} characters`, `use at most ${TEXT_MAX}`) : good(value);
});

export const flag: Shape<Located<boolean>> = scalar('true or false', { type: 'boolean' }, ({ value }) =>
  typeof value === 'boolean' ? good(value) : bad('is not true or false', 'write true or false'),
);

/** For keys whose presence says everything: `bypass: true`. */
export const present: Shape<Located<true>> = scalar('true', { const: true }, ({ value }) =>
  value === true ? good(true) : bad('says nothing here', 'write true, or remove the key'),
);

export function wholeNumber(least: number, most: number, what: string): Shape<Located<number>> {
  const expected = `${what}, ${least} to ${most}`;
  return scalar(expected, { type: 'integer', minimum: least, maximum: most }, ({ value }) => {
    if (typeof value === 'string' && /^[0-9]+$/.test(value))
      return bad('is a text', `remove the quotes: ${value.slice(0, 20)}`);
    if (typeof value !== 'number' || !Number.isInteger(value)) return bad('is not a whole number', `give ${expected}`);
    return value < least || value > most ? bad('is out of range', `give ${expected}`) : good(value);
  });
}

export const port = wholeNumber(1, 65535, 'a port');
/** RFC 791 asks for 68 at least; 65535 is the longest IPv4 packet. */
export const mtu = wholeNumber(68, 65535, 'octets of IP packet');

export const mac: Shape<Located<string>> = scalar(
  'a MAC address such as 02:00:00:00:00:01',
  { type: 'string', pattern: '^[0-9a-fA-F]{2}(:[0-9a-fA-F]{2}){5}$' },
  ({ text }) => {
    const octets = parseMac(text);
    if (octets === null) return bad('is not a MAC address', 'write six octets in hexadecimal: 02:00:00:00:00:01');
    if (((octets[0] ?? 0) & 1) === 1)
      return bad(
        'is a group address (the lowest bit of its first octet is set)',
        'start with 02 for an address of your own',
      );
    if (octets.every(octet => octet === 0)) return bad('is all zeros', 'write 02:00:00:00:00:01, or leave mac away');
    return good(text.toLowerCase());
  },
);

export const address: Shape<Located<Address>> = scalar('an IP address', ADDRESS_SCHEMA, ({ text }) =>
  parseAddressText(text),
);

/** A network: no bits set after the prefix. A bare address is a prefix of its full length. */
export const network: Shape<Located<Prefix>> = scalar('a prefix such as 10.0.1.0/24', PREFIX_SCHEMA, ({ text }) =>
  parseNetwork(text),
);

/** An address of a point-to-point interface: the prefix length may be left away. */
export const tunnelAddress: Shape<Located<Prefix>> = scalar('an address such as 10.0.0.1', PREFIX_SCHEMA, ({ text }) =>
  parseUsable(text),
);

/** An address with the length of its network's prefix, which is not optional. */
export const interfaceAddress: Shape<Located<Prefix>> = scalar(
  'an address with its prefix length, such as 10.0.0.1/24',
  { type: 'string', pattern: '^[0-9a-fA-F:.]+/[0-9]+$' },
  ({ text }) => {
    if (text.includes('/') || parseAddress(text) === null) return parseUsable(text);
    return bad('has no prefix length', `write ${text}/${text.includes(':') ? '64' : '24'}`);
  },
);

export const duration: Shape<Located<number>> = scalar(
  'a duration such as 20ms',
  { anyOf: [{ type: 'string', pattern: quantity.DURATION_PATTERN }, { const: 0 }] },
  ({ text }) => {
    const parsed = quantity.parseDuration(text);
    return parsed.kind === 'good' && parsed.value < 0
      ? bad('is negative', 'time does not run backwards here: remove the minus sign')
      : parsed;
  },
);

export const signedDuration: Shape<Located<number>> = scalar(
  'a duration such as 3s or -500ms',
  { anyOf: [{ type: 'string', pattern: quantity.DURATION_PATTERN }, { const: 0 }] },
  ({ text }) => quantity.parseDuration(text),
);

export const percent: Shape<Located<number>> = scalar(
  'a percentage such as 0.1%',
  { anyOf: [{ type: 'string', pattern: quantity.PERCENT_PATTERN }, { const: 0 }] },
  ({ text }) => quantity.parsePercent(text),
);

export const rate: Shape<Located<number>> = scalar(
  'a rate such as 100mbit',
  { type: 'string', pattern: quantity.RATE_PATTERN },
  ({ text }) => quantity.parseRate(text),
);

export const linkEnd: Shape<Located<EndText>> = scalar(
  'a link end such as alice:net0',
  { type: 'string', pattern: '^[^:]+:[^:]+$' },
  ({ text }) => {
    const [node = '', iface = '', ...more] = text.split(':');
    if (node === '' || iface === '' || more.length > 0)
      return bad('is not a link end', 'write node:interface, such as "alice:net0"');
    return good({ node, interface: iface });
  },
);

export const flow: Shape<Located<FlowText>> = scalar(
  'a flow such as "10.0.0.0/24 <-> 10.0.1.0/24"',
  { type: 'string', pattern: '^[0-9a-fA-F:./]+ *<-> *[0-9a-fA-F:./]+$' },
  ({ text }) => parseFlow(text),
);

/** `any`, a protocol's name, or its number. ICMP is 1 or 58, whichever the addresses call for. */
export const protocol: Shape<Located<ProtocolText>> = scalar<ProtocolText>(
  'a protocol: any, icmp, tcp, udp or a number',
  {
    anyOf: [
      { enum: ['any', 'icmp', 'icmpv6', 'tcp', 'udp', 'ipv4', 'ipv6'] },
      { type: 'integer', minimum: 0, maximum: 255 },
    ],
  },
  ({ value }) => {
    if (value === 'any' || value === 'icmp') return good(value);
    const number = typeof value === 'string' ? PROTOCOLS.get(value) : value;
    if (typeof number === 'number' && Number.isInteger(number) && number >= 0 && number <= 255) return good(number);
    return bad('is not a protocol', 'write any, icmp, tcp, udp or a number of 0 to 255');
  },
);

/** Reads `10.0.0.0/24 <-> 10.0.1.0/24`; a bare address is a prefix of its full length. */
export function parseFlow(text: string): Parsed<FlowText> {
  const [, left, right] = /^([^ <>]+) *<-> *([^ <>]+)$/.exec(text) ?? [];
  if (left === undefined || right === undefined) {
    return bad('is not a flow', 'write two prefixes with <-> between them: "10.0.0.0/24 <-> 10.0.1.0/24"');
  }
  const a = parseNetwork(left);
  const b = parseNetwork(right);
  if (a.kind === 'bad') return bad(`is not a flow: ${quoted(left)} ${a.message}`, a.fix);
  if (b.kind === 'bad') return bad(`is not a flow: ${quoted(right)} ${b.message}`, b.fix);
  if (a.value.address.length !== b.value.address.length)
    return bad('joins an IPv4 and an IPv6 prefix', 'write one flow for each family');
  return good({ a: a.value, b: b.value });
}

const PROTOCOLS: ReadonlyMap<string, number> = new Map([
  ['icmpv6', 58],
  ['tcp', 6],
  ['udp', 17],
  ['ipv4', 4],
  ['ipv6', 41],
]);

function parseAddressText(text: string): Parsed<Address> {
  const parsed = parseAddress(text);
  if (parsed !== null) return good(parsed);
  if (text.includes('/') && parsePrefix(text) !== null)
    return bad('is a prefix, not an address', `write ${text.split('/')[0] ?? ''}`);
  return bad('is not an IP address', addressHint(text));
}

function parsePrefixText(text: string): Parsed<Prefix> {
  const parsed = parsePrefix(text);
  if (parsed !== null) return good(parsed);
  const [addressText = '', lengthText] = text.split('/');
  const plain = parseAddress(addressText);
  if (plain !== null && lengthText !== undefined) {
    return bad('has a bad prefix length', `write /0 to /${plain.length * 8} after the address`);
  }
  return bad('is not an IP address with a prefix length', addressHint(addressText));
}

function parseNetwork(text: string): Parsed<Prefix> {
  const parsed = parsePrefixText(text);
  if (parsed.kind === 'bad') return parsed;
  const network = networkOf(parsed.value);
  if (addressesEqual(network.address, parsed.value.address)) return parsed;
  return bad('has bits set after its prefix', `write ${formatPrefix(network)}`);
}

/** An address that an interface can have, RFC 1122 §3.2.1.3 and RFC 4291 §2.7. */
function parseUsable(text: string): Parsed<Prefix> {
  const parsed = parsePrefixText(text);
  if (parsed.kind === 'bad') return parsed;
  const { address, length } = parsed.value;
  const kind = unusableKind(address);
  if (kind !== null) return bad(`is ${kind}`, 'give a unicast address');
  if (length >= address.length * 8 - 1) return parsed; // RFC 3021: both addresses of a /31 are hosts
  if (addressesEqual(networkOf(parsed.value).address, address)) {
    const first = Uint8Array.from(address);
    first[first.length - 1] = (first.at(-1) ?? 0) + 1;
    return bad('is the network itself, not a host in it', `write ${formatAddress(first)}/${length}`);
  }
  const inverted = { address: address.map(octet => ~octet & 0xff), length };
  const isLast = addressesEqual(networkOf(inverted).address, inverted.address);
  if (address.length === 4 && isLast)
    return bad('is the broadcast address of its network', 'use another address of it');
  return parsed;
}

function unusableKind(address: Address): string | null {
  if (isMulticast(address)) return 'a multicast address';
  if (isUnspecified(address)) return 'the unspecified address';
  if (isLoopback(address)) return 'a loopback address';
  return isBroadcast(address) ? 'the broadcast address' : null;
}

function addressHint(text: string): string {
  const parts = text.split('.');
  const large = parts.find(part => /^\d+$/.test(part) && Number(part) > 255);
  if (parts.length > 1 && large !== undefined) return `each number is 0 to 255, and ${large.slice(0, 20)} is not`;
  if (parts.some(part => /^0\d+$/.test(part))) return 'write the numbers without leading zeros';
  if (parts.length > 1 && parts.length !== 4 && /^[\d.]+$/.test(text))
    return 'an IPv4 address has four numbers: 10.0.0.1';
  if (text.includes('%')) return 'leave the zone away: the interface says it';
  return 'write 10.0.0.1 or "2001:db8::1"';
}

function notText(value: unknown): Problem {
  return bad('is not a text', `quote it if it is meant: "${String(value)}"`);
}

function nameLike(pattern: RegExp, longest: number, joiner: string, rule: string): Shape<Located<string>> {
  const expected = `a name of ${rule}`;
  return scalar(expected, { type: 'string', pattern: pattern.source }, ({ text, value }) => {
    if (typeof value !== 'string') return notText(value);
    if (pattern.test(text)) return good(text);
    if (text.length > longest) return bad(`is longer than ${longest} characters`, 'shorten it');
    const near = text
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, joiner)
      .replace(/^[^a-z]+|[_-]+$/g, '');
    const example = pattern.test(near) ? `, such as ${near}` : '';
    return bad('is not a name', `use ${rule}, starting with a letter${example}`);
  });
}
