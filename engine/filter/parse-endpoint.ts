import { quoted } from '../config/diagnostic.ts';
import { type Address, addressVersion, compareAddresses, formatAddress, parseAddress } from '../wire/address.ts';
import { parsePrefix } from '../wire/prefix.ts';
import { SERVICE_NAMES } from '../wire/service-names.ts';
import type { FilterEndpoint, FilterPorts } from './rule.ts';
import type { Token } from './parse-tokens.ts';
import { readNumber, type Words } from './words.ts';

/** An endpoint of a rule, and what it says about families and protocols beyond itself. */
export interface EndpointText {
  readonly endpoint: FilterEndpoint;
  /** Of the addresses; both where there are none. */
  readonly families: ReadonlySet<4 | 6>;
  /** The word `port`; null: any port. */
  readonly port: Token | null;
}

export const ANYWHERE: EndpointText = {
  endpoint: { negated: false, addresses: null, ports: null },
  families: new Set([4, 6]),
  port: null,
};

const WORDS_OF_ENDPOINT = ['port', 'mask'];

/** What stands behind `from` or `to`: `[!] any | address | (list)`, `[port …]`. */
export function parseEndpoint(words: Words, role: 'source' | 'destination'): EndpointText {
  const negation = words.accept('!');
  const isPortAlone = negation === null && words.next.text === 'port';
  const addresses = isPortAlone ? [null] : words.list(() => parseAddresses(words, role));
  const found = addresses.filter(address => address !== null);
  const isAny = found.length < addresses.length;
  if (negation !== null && isAny) {
    words.complain(negation, 'not any address: the rule would match nothing', 'remove the "!", or name addresses');
  }
  const port = words.accept('port');
  const ports = port === null ? null : parsePorts(words);
  return {
    endpoint: { negated: negation !== null, addresses: isAny ? null : found.map(({ text }) => text), ports },
    families: isAny ? ANYWHERE.families : new Set(found.map(({ family }) => family)),
    port,
  };
}

interface AddressText {
  readonly text: string;
  readonly family: 4 | 6;
}

/** null: any; also where it could not be read, which is reported. */
function parseAddresses(words: Words, role: string): AddressText | null {
  const token = words.next;
  if (token.text === '<') {
    words.fail(token, 'the addresses of this host are not known here', 'write them out');
    return null;
  }
  const { text } = words.word(`the ${role} address`);
  if (text === 'any' || text === '') return null;
  if (/^(?:pool|hash)\//.test(text) || ((text === 'pool' || text === 'hash') && words.next.text === '=')) {
    words.fail(
      token,
      `${quoted(text)}: there are no address pools`,
      'write the addresses as a list: (10.0.0.1, 10.0.1.0/24)',
    );
    return null;
  }
  if (text === 'me') {
    words.complain(token, 'the addresses of this host are not known here', 'write them out');
    return null;
  }
  return text.includes('-') ? parseRange(words, token) : parseMasked(words, token);
}

/** `10.0.0.5-10.0.0.9`. */
function parseRange(words: Words, token: Token): AddressText | null {
  const [low, high, ...more] = token.text.split('-').map(parseAddress);
  if (low === undefined || low === null || high === undefined || high === null || more.length > 0) {
    return refuseName(words, token);
  }
  if (low.length !== high.length || compareAddresses(low, high) > 0) {
    words.complain(token, `${quoted(token.text)} is no range`, 'write the lower address first, both of one family');
    return null;
  }
  return { text: token.text, family: addressVersion(low) };
}

/** `address`, `address/len`, `address/mask` or `address mask mask`; IPv4 may leave out the last numbers: `10.1/16`. */
function parseMasked(words: Words, token: Token): AddressText | null {
  const [addressText = '', lengthText, ...more] = token.text.split('/');
  const maskWord = lengthText === undefined ? words.accept('mask') : null;
  const mask = maskWord === null ? null : words.word('the mask');
  const lengthToken = mask ?? token;
  const given = mask?.text ?? lengthText;
  const address = parseAddress(given === undefined ? addressText : completed(addressText));
  if (address === null || more.length > 0) return refuseName(words, token);
  const family = addressVersion(address);
  if (given === undefined) return { text: formatAddress(address), family };
  const length = lengthOf(given, family);
  if (length === null) {
    const fix = family === 4 ? '0 to 32, or a mask without gaps such as 255.255.255.0' : '0 to 128';
    words.complain(lengthToken, `${quoted(given)} is no mask of an IPv${family} address`, fix);
    return null;
  }
  return { text: `${formatAddress(address)}/${length}`, family };
}

function completed(text: string): string {
  if (!/^[0-9]+(?:\.[0-9]+){0,2}$/.test(text)) return text;
  return [...text.split('.'), '0', '0', '0'].slice(0, 4).join('.');
}

function lengthOf(text: string, family: 4 | 6): number | null {
  if (/^[0-9]+$/.test(text)) return Number(text) <= (family === 4 ? 32 : 128) ? Number(text) : null;
  if (family === 6) return null;
  const mask = text.startsWith('0x') ? maskOf(readNumber(text)) : parseAddress(text);
  if (mask === null || mask.length !== 4) return null;
  const bits = Array.from(mask, octet => octet.toString(2).padStart(8, '0')).join('');
  const length = bits.indexOf('0') === -1 ? 32 : bits.indexOf('0');
  return bits.slice(length).includes('1') ? null : length;
}

function maskOf(value: number | null): Address | null {
  return value === null ? null : Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value);
}

function refuseName(words: Words, token: Token): null {
  const { text } = token;
  const isNearly = /^[0-9.]+(?:\/|$)/.test(text) || text.includes(':');
  if (WORDS_OF_ENDPOINT.includes(text)) words.fail(token, 'the address is missing', 'write any, or an address');
  else if (isNearly || parsePrefix(text) !== null)
    words.complain(token, `${quoted(text)} is no address`, 'write 192.0.2.1, 192.0.2.0/24 or 2001:db8::/64');
  else {
    words.complain(
      token,
      `${quoted(text)} is no address, and names are not looked up`,
      'write the address itself, or any',
    );
  }
  return null;
}

const OPERATORS: ReadonlyMap<string, '=' | '!=' | '<' | '<=' | '>' | '>='> = new Map([
  ...(['=', '!=', '<', '<=', '>', '>='] as const).map(each => [each, each] as const),
  ['eq', '='],
  ['ne', '!='],
  ['lt', '<'],
  ['le', '<='],
  ['gt', '>'],
  ['ge', '>='],
]);

const HIGHEST_PORT = 65535;

/** Behind `port`: `= 80`, `80 >< 90`, `6000:6009`, `= (22, 80, 6000:6009)`. */
function parsePorts(words: Words): FilterPorts {
  const operatorToken = words.next;
  const operator = OPERATORS.get(operatorToken.text);
  if (operator === undefined) {
    if (operatorToken.text === '(') return { kind: 'list', ranges: words.list(() => parsePortRange(words)) };
    return parseRangeOperator(words);
  }
  words.take();
  if (words.next.text !== '(') return withRange(words, operator, operatorToken);
  if (operator !== '=') {
    words.complain(operatorToken, `${quoted(operatorToken.text)} before a list of ports`, 'only "=" may stand there');
  }
  return { kind: 'list', ranges: words.list(() => parsePortRange(words)) };
}

/** `= 80`; `= 6000:6009` is the same as `6000:6009`. */
function withRange(words: Words, operator: '=' | '!=' | '<' | '<=' | '>' | '>=', at: Token): FilterPorts {
  const { low, high, isRange } = readPorts(words);
  if (!isRange) return { kind: 'compare', operator, port: low };
  if (operator !== '=') words.complain(at, `${quoted(at.text)} before a range of ports`, 'leave it out');
  return { kind: 'range', operator: ':', low, high };
}

function parseRangeOperator(words: Words): FilterPorts {
  const first = words.next;
  const { low, high, isRange } = readPorts(words);
  if (isRange) return { kind: 'range', operator: ':', low, high };
  const operator = words.accept('><', '<>');
  if (operator === null) {
    const fix = `write port = ${first.text}`;
    words.fail(first, `port ${quoted(first.text)} without an operator`, first.kind === 'word' ? fix : null);
    return { kind: 'compare', operator: '=', port: low };
  }
  const upper = words.named('a port', SERVICE_NAMES, HIGHEST_PORT);
  if (upper < low) words.complain(first, `${low} ${operator.text} ${upper} is no range`, 'write the lower port first');
  return { kind: 'range', operator: operator.text === '><' ? '><' : '<>', low, high: upper };
}

function parsePortRange(words: Words): { low: number; high: number } {
  const { low, high } = readPorts(words);
  return { low, high };
}

/** `80`, `http` or `6000:6009`. */
function readPorts(words: Words): { low: number; high: number; isRange: boolean } {
  const token = words.next;
  const [lowText, highText, ...more] = token.kind === 'word' ? token.text.split(':') : [];
  if (highText === undefined || lowText === undefined || more.length > 0) {
    const port = words.named('a port', SERVICE_NAMES, HIGHEST_PORT);
    return { low: port, high: port, isRange: false };
  }
  words.take();
  const [low, high] = [lowText, highText].map(text => SERVICE_NAMES.get(text) ?? readNumber(text));
  if (low === undefined || high === undefined || low === null || high === null || high > HIGHEST_PORT || low > high) {
    words.complain(token, `${quoted(token.text)} is no range of ports`, 'write low:high, each 0 to 65535');
    return { low: 0, high: HIGHEST_PORT, isRange: true };
  }
  return { low, high, isRange: true };
}
