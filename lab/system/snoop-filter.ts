import type { Dissection, Layer } from '../../engine/wire/dissection.ts';
import { parseAddress } from '../../engine/wire/address.ts';
import { parsePrefix, prefixContains } from '../../engine/wire/prefix.ts';

export type SnoopFilter =
  | { readonly kind: 'filter'; readonly matches: (packet: Dissection) => boolean }
  | { readonly kind: 'wrong'; readonly why: string };

type Test = (layers: readonly Layer[]) => boolean;

const KINDS: Readonly<Record<string, Layer['kind']>> = {
  ip: 'ipv4',
  ip4: 'ipv4',
  ip6: 'ipv6',
  arp: 'arp',
  icmp: 'icmpv4',
  icmp6: 'icmpv6',
  udp: 'udp',
  tcp: 'tcp',
  esp: 'esp',
  ah: 'ah',
};

/** The expressions of snoop(8) that say something here. `and` may be left out, and binds closer than `or`; without words all pass. */
export function readSnoopFilter(words: readonly string[]): SnoopFilter {
  const rest = words.flatMap(word => word.split(/\s+|(?=[()])|(?<=[()])/)).filter(word => word !== '');
  if (rest.length === 0) return { kind: 'filter', matches: () => true };
  try {
    const test = readAny(rest);
    const [stray] = rest;
    if (stray !== undefined) throw new Unreadable(`what is '${stray}'?`);
    return { kind: 'filter', matches: ({ layers }) => test(layers) };
  } catch (error) {
    if (error instanceof Unreadable) return { kind: 'wrong', why: error.message };
    throw error;
  }
}

/** Only within this file. */
class Unreadable extends Error {}

function readAny(words: string[]): Test {
  const tests = [readAll(words)];
  while (words[0] === 'or') {
    words.shift();
    tests.push(readAll(words));
  }
  return layers => tests.some(test => test(layers));
}

function readAll(words: string[]): Test {
  const tests = [readOne(words)];
  while (words[0] !== undefined && words[0] !== 'or' && words[0] !== ')') {
    if (words[0] === 'and') words.shift();
    tests.push(readOne(words));
  }
  return layers => tests.every(test => test(layers));
}

function readOne(words: string[]): Test {
  const word = words.shift();
  if (word === undefined) throw new Unreadable('the expression ends too early');
  if (word === 'not' || word === '!') {
    const test = readOne(words);
    return layers => !test(layers);
  }
  if (word === '(') {
    const test = readAny(words);
    if (words.shift() !== ')') throw new Unreadable("a ')' is missing");
    return test;
  }
  const kind = Object.hasOwn(KINDS, word) ? KINDS[word] : undefined;
  if (kind !== undefined) return layers => layers.some(layer => layer.kind === kind);
  switch (word) {
    case 'host':
      return readAddress(words, 'either');
    case 'from':
    case 'src':
      return readAddress(words, 'source');
    case 'to':
    case 'dst':
      return readAddress(words, 'destination');
    case 'net':
      return readAddress(words, 'either');
    case 'port':
      return readPort(words);
    default:
      if (parseAddress(word) === null) throw new Unreadable(`what is '${word}'?`);
      words.unshift(word);
      return readAddress(words, 'either');
  }
}

function readAddress(words: string[], end: 'source' | 'destination' | 'either'): Test {
  if (words[0] === 'host') words.shift();
  const text = words.shift() ?? '';
  const single = parseAddress(text);
  const prefix = single === null ? parsePrefix(text) : { address: single, length: single.length * 8 };
  if (prefix === null) throw new Unreadable(text === '' ? 'an address is missing' : `'${text}' is no address`);
  const holds = (other: string) => {
    const address = parseAddress(other);
    return address !== null && address.length === prefix.address.length && prefixContains(prefix, address);
  };
  return layers =>
    layers.some(layer => {
      if (layer.kind !== 'ipv4' && layer.kind !== 'ipv6') return false;
      if (end !== 'either') return holds(layer[end]);
      return holds(layer.source) || holds(layer.destination);
    });
}

function readPort(words: string[]): Test {
  const text = words.shift() ?? '';
  if (!/^\d{1,5}$/.test(text)) throw new Unreadable(`port: '${text}' is no number`);
  const port = Number(text);
  return layers =>
    layers.some(
      layer =>
        (layer.kind === 'udp' || layer.kind === 'tcp') && (layer.sourcePort === port || layer.destinationPort === port),
    );
}
