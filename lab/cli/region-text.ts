import { difference, equal, type Range, type RangeSet } from '../../engine/ipsec/range-set.ts';
import {
  addressOf,
  ANY_NUMBER,
  ANY_PROTOCOL,
  anyAddress,
  OPAQUE,
  type Region,
} from '../../engine/ipsec/selector-space.ts';
import { formatAddress } from '../../engine/wire/address.ts';
import { nameOfProtocol } from '../../engine/wire/protocol-names.ts';

/** `10.0.0.0/24 <-> 10.0.1.0/24 tcp 443`: the local side first; `->` is outbound only, `<-` inbound only. */
export function regionText(region: Region): string {
  const arrow = region.direction.length === 1 && equal(region.direction, [[0n, 1n]]) ? '<->' : oneWay(region.direction);
  const isAny = isAnyAddress(region, 'local') && isAnyAddress(region, 'remote');
  const any = isAny ? `any IPv${region.version}` : 'any';
  const ends = [region.local, region.remote].map(set => addressesText(set, region.version, any));
  return [`${ends[0]} ${arrow} ${ends[1]}`, ...upperWords(region)].join(' ');
}

/** Regions of both versions that are about any addresses, and say the same but for that, are told in one line. */
export function regionLines(regions: readonly Region[]): string[] {
  const lines = regions.map(regionText);
  const shown = new Set(lines);
  return lines.flatMap(line => {
    const other = line.replaceAll('any IPv4', 'any IPv6');
    if (line !== other && shown.has(other)) return [line.replaceAll('any IPv4', 'any')];
    const isTold = line.includes('any IPv6') && shown.has(line.replaceAll('any IPv6', 'any IPv4'));
    return isTold ? [] : [line];
  });
}

/** Prefixes and ranges, as configuration writes them. */
export function addressList(set: RangeSet, version: 4 | 6): string[] {
  return set.map(range => addressRangeText(range, version));
}

const SHOWN_MAX = 6;

const isAnyAddress = ({ version, ...region }: Region, side: 'local' | 'remote'): boolean =>
  equal(region[side], anyAddress(version));

const oneWay = (direction: RangeSet): string => (direction[0]?.[0] === 0n ? '->' : '<-');

function addressesText(set: RangeSet, version: 4 | 6, any: string): string {
  return listText(set, anyAddress(version), any, range => addressRangeText(range, version));
}

/** Whichever is shorter: what is in the set, or what is not. */
function listText(set: RangeSet, all: RangeSet, any: string, text: (range: Range) => string): string {
  const rest = difference(all, set);
  if (rest.length === 0) return any;
  return rest.length < set.length ? `all but ${shortList(rest.map(text))}` : shortList(set.map(text));
}

function shortList(items: readonly string[]): string {
  if (items.length <= SHOWN_MAX) return items.join(',');
  return `${items.slice(0, SHOWN_MAX - 1).join(',')},… (${items.length - SHOWN_MAX + 1} more)`;
}

function addressRangeText([low, high]: Range, version: 4 | 6): string {
  const bits = version === 4 ? 32 : 128;
  const first = formatAddress(addressOf(low, version));
  if (low === high) return first;
  const size = high - low + 1n;
  const isPrefix = (size & (size - 1n)) === 0n && low % size === 0n;
  return isPrefix
    ? `${first}/${bits - size.toString(2).length + 1}`
    : `${first}-${formatAddress(addressOf(high, version))}`;
}

function upperWords({ protocol, localPort, remotePort, icmp }: Region): string[] {
  const words: string[] = [];
  if (!equal(protocol, ANY_PROTOCOL)) words.push(protocolsText(protocol));
  if (equal(remotePort, OPAQUE) && equal(localPort, OPAQUE)) words.push('without ports (later fragments)');
  else {
    if (!equal(remotePort, ANY_NUMBER)) words.push(numbersText(remotePort, numberRangeText));
    if (!equal(localPort, ANY_NUMBER)) words.push(`local port ${numbersText(localPort, numberRangeText)}`);
  }
  if (equal(icmp, OPAQUE)) words.push('without a type (later fragments)');
  else if (!equal(icmp, ANY_NUMBER)) words.push(numbersText(icmp, typeRangeText));
  return words;
}

function numbersText(set: RangeSet, text: (range: Range) => string): string {
  return listText(set, ANY_NUMBER, 'any', range => (equal([range], OPAQUE) ? 'hidden' : text(range)));
}

const numberRangeText = ([low, high]: Range): string => (low === high ? `${low}` : `${low}-${high}`);

/** Of type * 256 + code. */
function typeRangeText([low, high]: Range): string {
  const [from, to] = [low >> 8n, high >> 8n];
  const isWhole = (low & 255n) === 0n && (high & 255n) === 255n;
  if (isWhole) return from === to ? `type ${from}` : `types ${from}-${to}`;
  if (low === high) return `type ${from} code ${low & 255n}`;
  return from === to
    ? `type ${from} codes ${low & 255n}-${high & 255n}`
    : `type ${from} code ${low & 255n} to type ${to} code ${high & 255n}`;
}

/** By name where they are few, by number where they are ranges. */
function protocolsText(set: RangeSet): string {
  const rest = difference(ANY_PROTOCOL, set);
  const [prefix, shorter] = rest.length < set.length ? ['all but ', rest] : ['', set];
  if (shorter.every(([low, high]) => high - low < NAMED_MAX)) {
    const names = shorter.flatMap(([low, high]) =>
      Array.from({ length: Number(high - low) + 1 }, (_, i) => protocolName(Number(low) + i)),
    );
    return `${prefix}${shortList(names)}`;
  }
  return `${prefix}protocols ${shortList(shorter.map(protocolRangeText))}`;
}

function protocolRangeText([low, high]: Range): string {
  if (low > 255n) return 'hidden';
  if (high > 255n) return `${low}-255,hidden`;
  return numberRangeText([low, high]);
}

const NAMED_MAX = 4n;

function protocolName(number: number): string {
  return nameOfProtocol(number) ?? (number > 255 ? 'hidden protocol' : `protocol ${number}`);
}
