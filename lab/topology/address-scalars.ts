/** The addresses, prefixes and flows of a topology file. */
import {
  type Address,
  addressesEqual,
  compareAddresses,
  formatAddress,
  isBroadcast,
  isLoopback,
  isMulticast,
  isUnspecified,
  parseAddress,
  parseMac,
} from '../../engine/wire/address.ts';
import { formatPrefix, networkOf, parsePrefix, type Prefix } from '../../engine/wire/prefix.ts';
import { rangeOf } from '../../engine/ipsec/selector.ts';
import { quoted } from '../../engine/config/diagnostic.ts';
import { bad, good, type Parsed } from './quantity.ts';
import { type Located, scalar, type Shape } from './shape.ts';

/** Two prefixes, a packet either way between them. */
export interface FlowText {
  readonly a: Prefix;
  readonly b: Prefix;
}

/** Loose: an editor warns early, the loader judges. */
const ADDRESS_SCHEMA = { type: 'string', pattern: '^[0-9a-fA-F:.]+$' };
const PREFIX_SCHEMA = { type: 'string', pattern: '^[0-9a-fA-F:.]+(/[0-9]+)?$' };

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

/** Both ends inclusive, of one family, low first; `text` is how policies of the engine write it. */
export interface RangeText {
  readonly text: string;
  readonly low: Address;
  readonly high: Address;
  /** null: no single prefix has exactly these addresses. */
  readonly prefix: Prefix | null;
}

/** A prefix, a single address, or `10.0.0.1-10.0.0.9`. */
export const range: Shape<Located<RangeText>> = scalar(
  'a prefix such as 10.0.1.0/24, or a range such as 10.0.1.1-10.0.1.9',
  { type: 'string', pattern: '^[0-9a-fA-F:.]+((/[0-9]+)| *- *[0-9a-fA-F:.]+)?$' },
  ({ text }) => parseRange(text),
);

function parseRange(text: string): Parsed<RangeText> {
  const [, first, last] = /^([^ -]+) *- *([^ -]+)$/.exec(text) ?? [];
  if (first === undefined || last === undefined) {
    const parsed = parseNetwork(text);
    if (parsed.kind === 'bad') return parsed;
    return good({ text: formatPrefix(parsed.value), ...rangeOf(parsed.value), prefix: parsed.value });
  }
  const low = parseAddressText(first);
  const high = parseAddressText(last);
  if (low.kind === 'bad') return bad(`is not a range: ${quoted(first)} ${low.message}`, low.fix);
  if (high.kind === 'bad') return bad(`is not a range: ${quoted(last)} ${high.message}`, high.fix);
  if (low.value.length !== high.value.length)
    return bad('begins in one family and ends in the other', 'write one range for each family');
  if (compareAddresses(low.value, high.value) > 0)
    return bad('ends before it begins', `write ${formatAddress(high.value)}-${formatAddress(low.value)}`);
  const shown = `${formatAddress(low.value)}-${formatAddress(high.value)}`;
  return good({ text: shown, low: low.value, high: high.value, prefix: null });
}

export const flow: Shape<Located<FlowText>> = scalar(
  'a flow such as "10.0.0.0/24 <-> 10.0.1.0/24"',
  { type: 'string', pattern: '^[0-9a-fA-F:./]+ *<-> *[0-9a-fA-F:./]+$' },
  ({ text }) => parseFlow(text),
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
