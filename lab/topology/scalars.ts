/** Texts, numbers and quantities of a topology file. */
import type { Place } from '../../engine/config/diagnostic.ts';
import type { NumberRange } from '../../engine/ipsec/selector.ts';
import { formatAddress, parseAddress } from '../../engine/wire/address.ts';
import * as quantity from './quantity.ts';
import { bad, good, notText, type Parsed } from './quantity.ts';
import { type JsonSchema, type Located, scalar, type Shape } from './shape.ts';

export type ProtocolText = number | 'any' | 'icmp' | 'opaque';

/** A text that is a file of its own, or the path of one. */
export type FileText =
  | {
      readonly kind: 'inline';
      readonly text: string;
      /** Where its lines stand in this file; null: nowhere that could be pointed at (a text in quotes). */
      readonly lines: readonly Place[] | null;
    }
  | { readonly kind: 'path'; readonly path: string };

const TEXT_MAX = 1000;
/** Controls but line feed and tab, and those that turn the direction of writing. */
const UNPRINTABLE = /(?![\n\t])[\p{Cc}\u202a-\u202e\u2066-\u2069]/u;

export const text: Shape<Located<string>> = scalar('a text', { type: 'string', maxLength: TEXT_MAX }, ({ value }) => {
  if (typeof value !== 'string') return notText(value);
  if (UNPRINTABLE.test(value))
    return bad('has control characters in it', 'remove them: they would end up on a terminal');
  return value.length > TEXT_MAX ? bad(`has ${value.length} characters`, `use at most ${TEXT_MAX}`) : good(value);
});

export const flag: Shape<Located<boolean>> = scalar('true or false', { type: 'boolean' }, ({ value }) =>
  typeof value === 'boolean' ? good(value) : bad('is not true or false', 'write true or false'),
);

const CONSTRAINT =
  /^(node\.(id|hostname|ip|role|platform\.(os|arch)|labels\.[\w.-]+)|engine\.labels\.[\w.-]+) *(==|!=) *[\w.:/*-][\w .:/*-]*$/;

/** As `docker service create --constraint` takes it. */
export const placementConstraint: Shape<Located<string>> = scalar(
  'a constraint such as node.labels.site == paris',
  { type: 'string', pattern: CONSTRAINT.source, maxLength: TEXT_MAX },
  ({ value }) => {
    if (typeof value !== 'string') return notText(value);
    if (CONSTRAINT.test(value) && value.length <= TEXT_MAX) return good(value);
    return bad(
      'is no constraint of a Docker Swarm',
      'write node.hostname == NAME, node.role == worker, node.labels.NAME == VALUE, or != for any but that',
    );
  },
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

const LONG_DURATION_SCHEMA = { anyOf: [{ type: 'string', pattern: quantity.LONG_DURATION_PATTERN }, { const: 0 }] };

/** Seconds. */
export const longDuration: Shape<Located<number>> = scalar(
  'a duration such as 90d or 12h',
  LONG_DURATION_SCHEMA,
  ({ text }) => {
    const parsed = quantity.parseLongDuration(text);
    return parsed.kind === 'good' && parsed.value <= 0 ? bad('is no time at all', 'give a time of 1s or more') : parsed;
  },
);

/** Seconds. */
export const signedLongDuration: Shape<Located<number>> = scalar(
  'a duration such as 90d or -1h',
  LONG_DURATION_SCHEMA,
  ({ text }) => quantity.parseLongDuration(text),
);

/** By how much something grows each time. */
export const factor: Shape<Located<number>> = scalar(
  'a factor of 1 to 10',
  { type: 'number', minimum: 1, maximum: 10 },
  ({ value }) =>
    typeof value === 'number' && value >= 1 && value <= 10
      ? good(value)
      : bad('is not a factor', 'give a number of 1 to 10, such as 1.8'),
);

/** `v4`, `v6`, or an address that is wanted: what an initiator asks for. */
export const virtualAddress: Shape<Located<string>> = scalar(
  'v4, v6 or an address',
  { type: 'string', pattern: '^(v4|v6|[0-9a-fA-F:.]+)$' },
  ({ text }) => {
    if (text === 'v4') return good('0.0.0.0');
    if (text === 'v6') return good('::');
    const address = parseAddress(text);
    return address === null ? bad('is not an address', 'write v4, v6 or an address') : good(formatAddress(address));
  },
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

const PROTOCOLS: ReadonlyMap<string, number> = new Map([
  ['icmpv6', 58],
  ['tcp', 6],
  ['udp', 17],
  ['sctp', 132],
  ['ipv4', 4],
  ['ipv6', 41],
  ['esp', 50],
  ['ah', 51],
]);

/** `any`, a protocol's name, or its number. ICMP is 1 or 58, whichever the addresses call for. */
export const protocol: Shape<Located<ProtocolText>> = scalar<ProtocolText>(
  'a protocol: any, icmp, tcp, udp, a number, or opaque',
  {
    anyOf: [{ enum: ['any', 'opaque', 'icmp', ...PROTOCOLS.keys()] }, { type: 'integer', minimum: 0, maximum: 255 }],
  },
  ({ value }) => {
    if (value === 'any' || value === 'icmp' || value === 'opaque') return good(value);
    const number = typeof value === 'string' ? PROTOCOLS.get(value) : value;
    if (typeof number === 'number' && Number.isInteger(number) && number >= 0 && number <= 255) return good(number);
    return bad('is not a protocol', 'write any, icmp, tcp, udp or a number of 0 to 255');
  },
);

/** `80`, `"8000-8099"`, `any`, or `opaque`: where a packet shows no port. */
export const ports: Shape<Located<NumberRange | 'any' | 'opaque'>> = scalar<NumberRange | 'any' | 'opaque'>(
  'a port, a range such as "8000-8099", any or opaque',
  rangeSchema(65_535, ['any', 'opaque']),
  ({ value, text }) => {
    if (value === 'any' || value === 'opaque') return good(value);
    return parseRange(text, 65_535, 'a port of 0 to 65535, or a range such as "8000-8099"');
  },
);

/** `8`, or `"0-3"`. */
export function numbers(most: number, what: string): Shape<Located<NumberRange>> {
  const expected = `${what} of 0 to ${most}, or a range such as "0-3"`;
  return scalar(expected, rangeSchema(most, []), ({ text }) => parseRange(text, most, expected));
}

function rangeSchema(most: number, words: readonly string[]): JsonSchema {
  const range = { type: 'string', pattern: '^[0-9]+-[0-9]+$' };
  const number = { type: 'integer', minimum: 0, maximum: most };
  return { anyOf: [number, range, ...(words.length === 0 ? [] : [{ enum: words }])] };
}

function parseRange(text: string, most: number, expected: string): Parsed<NumberRange> {
  const [, low, high = low] = /^(\d{1,6})(?:-(\d{1,6}))?$/.exec(text) ?? [];
  if (low === undefined || high === undefined) return bad('is not a number or a range', `give ${expected}`);
  if (Number(high) > most) return bad('is out of range', `give ${expected}`);
  if (Number(low) > Number(high)) return bad('ends before it begins', `write "${high}-${low}"`);
  return good([Number(low), Number(high)]);
}

/** For the DSCP of an outer header. */
export const copyOrDscp: Shape<Located<number | 'copy'>> = scalar<number | 'copy'>(
  'copy, or a DSCP of 0 to 63',
  { anyOf: [{ const: 'copy' }, { type: 'integer', minimum: 0, maximum: 63 }] },
  ({ value }) => {
    if (value === 'copy') return good(value);
    if (typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= 63) return good(value);
    return bad('is not a DSCP', 'write copy, or a number of 0 to 63');
  },
);

const FILE_MAX = 1 << 18;

/** A text with a line feed in it is the file itself; one without is where it is. */
export const fileText: Shape<Located<FileText>> = scalar<FileText>(
  'a text over several lines ("|"), or the path of a file',
  { type: 'string', maxLength: FILE_MAX },
  ({ value, lines }) => {
    if (typeof value !== 'string') return notText(value);
    if (value.length > FILE_MAX) return bad(`has ${value.length} characters`, `use at most ${FILE_MAX}`);
    if (/[\n\r]/.test(value) || value === '') return good({ kind: 'inline', text: value, lines });
    return parsePath(value);
  },
);

function parsePath(path: string): Parsed<FileText> {
  if (/\s/.test(path.trim()))
    return bad('is neither a text over several lines nor a path', 'write "|" after the key, and the text below it');
  if (UNPRINTABLE.test(path)) return bad('has control characters in it', 'remove them');
  if (path.startsWith('/') || path.split('/').includes('..'))
    return bad('is not beside the topology', 'keep the file in the folder of the topology, or below it');
  return good({ kind: 'path', path });
}
