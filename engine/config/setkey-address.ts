import type { NumberSet } from '../ipsec/selector.ts';
import { type Address, formatAddress, parseAddress } from '../wire/address.ts';
import { IpProtocol } from '../wire/ip-protocol.ts';
import { PROTOCOL_NAMES, protocolNamed } from '../wire/protocol-names.ts';
import { SERVICE_NAMES, serviceNamed } from '../wire/service-names.ts';
import { formatPrefix, networkOf, parsePrefix, type Prefix } from '../wire/prefix.ts';
import { quoted, type Report } from './diagnostic.ts';
import { didYouMean, nearest } from './suggest.ts';
import { shown, type WordReader } from './setkey-reader.ts';
import type { Word } from './words.ts';

/** `-4`, `-6` and `-n` say how names are looked up: here they never are. The family that was asked for, or null. */
function takeFamilyOptions(words: WordReader): 4 | 6 | null {
  let family: 4 | 6 | null = null;
  for (let word = words.peek(); word !== null && /^-[46n]+$/.test(word.text); word = words.peek()) {
    if (word.text.includes('4')) family = 4;
    if (word.text.includes('6')) family = 6;
    words.next();
  }
  return family;
}

export interface EndPair<End> {
  readonly source: End;
  readonly destination: End;
}

export interface SaEnd {
  readonly address: Address;
  /** null: none is given. */
  readonly port: number | null;
}

/** The two addresses of an SA; null: reported. */
export function takeSaEnds(words: WordReader, report: Report): EndPair<SaEnd> | null {
  const family = takeFamilyOptions(words);
  const pair = takePair(words, family, report, readSaEnd, end => end.address);
  return pair;
}

export interface RangeEnd {
  readonly prefix: Prefix;
  readonly port: number | 'any';
}

/** The two ranges of a policy; null: reported. */
export function takeRanges(words: WordReader, report: Report): EndPair<RangeEnd> | null {
  const family = takeFamilyOptions(words);
  return takePair(words, family, report, readRange, end => end.prefix.address);
}

export const rangeText = ({ prefix }: RangeEnd): string => formatPrefix(networkOf(prefix));
export const saEndText = ({ address }: SaEnd): string => formatAddress(address);

function takePair<End>(
  words: WordReader,
  family: 4 | 6 | null,
  report: Report,
  read: (word: Word, report: Report) => End | null,
  addressOf: (end: End) => Address,
): EndPair<End> | null {
  const sourceWord = words.take('the source', report);
  const destinationWord = sourceWord === null ? null : words.take('the destination', report);
  const source = sourceWord === null ? null : read(sourceWord, report);
  const destination = destinationWord === null ? null : read(destinationWord, report);
  if (source === null || destination === null || sourceWord === null || destinationWord === null) return null;
  if (addressOf(source).length !== addressOf(destination).length) {
    const message = 'source and destination are of different families';
    report.error(destinationWord.place, message, 'write two IPv4 addresses, or two IPv6 addresses');
    return null;
  }
  if (family !== null && addressOf(source).length !== (family === 4 ? 4 : 16)) {
    report.error(
      sourceWord.place,
      `${shown(sourceWord)} is not IPv${family}, as -${family} asks`,
      `take -${family} away`,
    );
    return null;
  }
  return { source, destination };
}

const WITH_PORT = /^([^[\]]*)(?:\[([^[\]]*)\])?$/;

function readSaEnd(word: Word, report: Report): SaEnd | null {
  const [, addressText, portText] = WITH_PORT.exec(word.text) ?? [];
  const address = parseAddress(addressText ?? '');
  if (address === null) {
    reportAddress(word, addressText ?? '', 'write an address such as 10.0.0.1 or 2001:db8::1', report);
    return null;
  }
  const port = portText === undefined ? null : portOf(portText, word, report);
  return { address, port: port === 'any' ? null : port };
}

function readRange(word: Word, report: Report): RangeEnd | null {
  const [, prefixText, portText] = WITH_PORT.exec(word.text) ?? [];
  const prefix = parsePrefix(prefixText ?? '');
  if (prefix === null) {
    const fix = 'write 10.0.0.1, 10.0.0.0/24, 10.0.0.1[80] or 2001:db8::/64[any]';
    reportAddress(word, prefixText ?? '', fix, report);
    return null;
  }
  const port = portText === undefined ? 'any' : portOf(portText, word, report);
  return port === null ? null : { prefix, port };
}

function reportAddress(word: Word, text: string, fix: string, report: Report): void {
  const isName = /^[a-z][a-z0-9.-]*$/i.test(text);
  const why = isName ? ', and names are not looked up' : '';
  report.error(word.place, `${shown(word)} is not an address${why}`, isName ? 'write the address itself' : fix);
}

/** `80`, `http` or `any`; 0 is any too. null: reported. */
function portOf(text: string, word: Word, report: Report): number | 'any' | null {
  if (text === 'any' || text === '0') return 'any';
  const isNumber = /^[0-9]+$/.test(text);
  const port = isNumber ? Number(text) : serviceNamed(text);
  if (port !== null && port >= 1 && port <= 65_535) return port;
  const near = isNumber ? null : nearest(text, [...SERVICE_NAMES.keys()]);
  const fix = near === null ? 'use any, or 1 to 65535' : `did you mean ${quoted(near)}?`;
  report.error(word.place, `${quoted(text)} is not a port`, fix);
  return null;
}

/** The upper-layer protocol of a policy with what follows it; null: reported. */
export function takeUpper(
  words: WordReader,
  report: Report,
): { readonly protocol: number | 'any'; readonly icmp: NumberSet } | null {
  const word = words.take('the upper protocol', report);
  if (word === null) return null;
  const protocol = upperProtocol(word, report);
  if (protocol === null) return null;
  const next = words.peek();
  if (next === null || next.text.startsWith('-') || next.quotes !== 'none') return { protocol, icmp: 'any' };
  if (protocol !== IpProtocol.ICMP && protocol !== IpProtocol.ICMPV6) return { protocol, icmp: 'any' };
  words.next();
  const [, type, code] = /^([0-9]{1,3})(?:,([0-9]{1,3}))?$/.exec(next.text) ?? [];
  if (type === undefined || Number(type) > 255 || Number(code ?? 0) > 255) {
    report.error(next.place, `${shown(next)} is not a type and a code`, 'write them as 135,0');
    return null;
  }
  return { protocol, icmp: icmpOf(Number(type), Number(code ?? 0)) };
}

/** "When a zero is specified, the kernel deals with it as a wildcard." */
function icmpOf(type: number, code: number): NumberSet {
  if (type === 0) return 'any';
  return [code === 0 ? [type * 256, type * 256 + 255] : [type * 256 + code, type * 256 + code]];
}

function upperProtocol(word: Word, report: Report): number | 'any' | null {
  if (word.text === 'any') return 'any';
  const isNumber = /^[0-9]+$/.test(word.text);
  const protocol = isNumber ? Number(word.text) : protocolNamed(word.text);
  if (protocol !== null && protocol <= 255) return protocol === 255 || protocol === 0 ? 'any' : protocol;
  const fix = isNumber ? 'use any, or 1 to 254' : didYouMean(word.text, ['any', ...PROTOCOL_NAMES.keys()], '');
  report.error(word.place, `${shown(word)} is not an upper protocol`, fix);
  return null;
}
