/** Texts, numbers and quantities of a topology file. */
import * as quantity from './quantity.ts';
import { bad, good, notText } from './quantity.ts';
import { type Located, scalar, type Shape } from './shape.ts';

export type ProtocolText = number | 'any' | 'icmp';

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

const PROTOCOLS: ReadonlyMap<string, number> = new Map([
  ['icmpv6', 58],
  ['tcp', 6],
  ['udp', 17],
  ['ipv4', 4],
  ['ipv6', 41],
]);
