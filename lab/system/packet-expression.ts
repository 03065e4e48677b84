import type { Layer } from '../../engine/wire/dissection.ts';
import { parseAddress } from '../../engine/wire/address.ts';
import { parsePrefix, prefixContains } from '../../engine/wire/prefix.ts';
import { PROTOCOL_NAMES } from '../../engine/wire/protocol-names.ts';
import { SERVICE_NAMES } from '../../engine/wire/service-names.ts';

export type PacketExpression =
  | { readonly kind: 'expression'; readonly matches: (packet: SeenPacket) => boolean }
  | { readonly kind: 'wrong'; readonly why: string };

/** A frame from the outside in; `length` in octets, on the wire. */
export interface SeenPacket {
  readonly layers: readonly Layer[];
  readonly length: number;
}

type Test = (packet: SeenPacket) => boolean;
type End = 'source' | 'destination' | 'either';

const KINDS: Readonly<Record<string, readonly Layer['kind'][]>> = {
  ip: ['ipv4'],
  ip4: ['ipv4'],
  inet: ['ipv4'],
  ip6: ['ipv6'],
  inet6: ['ipv6'],
  arp: ['arp'],
  icmp: ['icmpv4'],
  icmp6: ['icmpv6'],
  udp: ['udp'],
  tcp: ['tcp'],
  esp: ['esp'],
  ah: ['ah'],
  ike: ['ike'],
  isakmp: ['ike'],
  vlan: ['vlan'],
};
/** What tells a packet by a place that no packet of a lab has. */
const NOT_HERE: Readonly<Record<string, string>> = {
  gateway: 'nothing looks names up here: write ether and the MAC address',
  rpc: 'there is no RPC here: write port and its number',
  proto: 'a protocol has a name or a number: proto 50',
};

/**
 * The expressions of snoop(8) and tcpdump(8) that say something here. `and` may be left out, and binds closer than `or`; without
 * words all packets pass.
 */
export function readExpression(words: readonly string[]): PacketExpression {
  const rest = words.flatMap(word => word.split(/\s+|(?=[()])|(?<=[()])/)).filter(word => word !== '');
  if (rest.length === 0) return { kind: 'expression', matches: () => true };
  try {
    const test = readAny(rest);
    const [stray] = rest;
    if (stray !== undefined) throw new Unreadable(`what is '${stray}'?`);
    return { kind: 'expression', matches: test };
  } catch (error) {
    if (error instanceof Unreadable) return { kind: 'wrong', why: error.message };
    throw error;
  }
}

/** Only within this file. */
class Unreadable extends Error {}

const isOr = (word: string | undefined): boolean => word === 'or' || word === '||' || word === ',';
const isAnd = (word: string | undefined): boolean => word === 'and' || word === '&&';

function readAny(words: string[]): Test {
  const tests = [readAll(words)];
  while (isOr(words[0])) {
    words.shift();
    tests.push(readAll(words));
  }
  return packet => tests.some(test => test(packet));
}

function readAll(words: string[]): Test {
  const tests = [readOne(words)];
  while (words[0] !== undefined && !isOr(words[0]) && words[0] !== ')') {
    if (isAnd(words[0])) words.shift();
    tests.push(readOne(words));
  }
  return packet => tests.every(test => test(packet));
}

function readOne(words: string[]): Test {
  const word = words.shift();
  if (word === undefined) throw new Unreadable('the expression ends too early');
  if (word === 'not' || word === '!') {
    const test = readOne(words);
    return packet => !test(packet);
  }
  if (word === '(') {
    const test = readAny(words);
    if (words.shift() !== ')') throw new Unreadable("a ')' is missing");
    return test;
  }
  // `ip proto 50`, `ip host 10.0.0.1`: one word that says the family, and the next what is meant.
  const kinds = Object.hasOwn(KINDS, word) ? KINDS[word] : undefined;
  if (kinds !== undefined) return ({ layers }) => layers.some(({ kind }) => kinds.includes(kind));
  switch (word) {
    case 'from':
    case 'src':
      return readEnd(words, 'source');
    case 'to':
    case 'dst':
      return readEnd(words, 'destination');
    case 'host':
    case 'net':
    case 'port':
    case 'portrange':
      words.unshift(word);
      return readEnd(words, 'either');
    case 'ether':
    case 'etheraddr':
      return readMac(words);
    case 'broadcast':
      return ({ layers }) => layers.some(each => each.kind === 'ethernet' && each.destination === 'ff:ff:ff:ff:ff:ff');
    case 'multicast':
      return ({ layers }) => layers.some(each => each.kind === 'ethernet' && /^.[13579bdf]:/i.test(each.destination));
    case 'greater':
    case 'less':
      return readLength(words, word);
    case 'proto':
    case 'protochain':
      return readProtocol(words);
    default:
      if (NOT_HERE[word] !== undefined) throw new Unreadable(`${word}: ${NOT_HERE[word]}`);
      if (parseAddress(word) === null && parsePrefix(word) === null) throw new Unreadable(`what is '${word}'?`);
      words.unshift(word);
      return readAddress(words, 'either');
  }
}

function readEnd(words: string[], end: End): Test {
  const [word = ''] = words;
  const isNamed = ['port', 'portrange', 'host', 'net'].includes(word);
  if (isNamed) words.shift();
  return word.startsWith('port') ? readPorts(words, end) : readAddress(words, end);
}

function readAddress(words: string[], end: End): Test {
  const text = words.shift() ?? '';
  const single = parseAddress(text);
  const prefix = single === null ? parsePrefix(text) : { address: single, length: single.length * 8 };
  if (prefix === null) throw new Unreadable(text === '' ? 'an address is missing' : `'${text}' is no address`);
  const holds = (other: string) => {
    const address = parseAddress(other);
    return address !== null && address.length === prefix.address.length && prefixContains(prefix, address);
  };
  return ({ layers }) =>
    layers.some(layer => {
      if (layer.kind === 'arp') return end === 'either' && (holds(layer.senderAddress) || holds(layer.targetAddress));
      if (layer.kind !== 'ipv4' && layer.kind !== 'ipv6') return false;
      if (end !== 'either') return holds(layer[end]);
      return holds(layer.source) || holds(layer.destination);
    });
}

/** `500`, `500-600`, or a name. */
function readPorts(words: string[], end: End): Test {
  const text = words.shift() ?? '';
  const named = SERVICE_NAMES.get(text);
  const [, low, high = low] = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(named === undefined ? text : String(named)) ?? [];
  if (low === undefined) throw new Unreadable(`port: '${text}' is no number, and no service`);
  const isIn = (port: number) => port >= Number(low) && port <= Number(high);
  return ({ layers }) =>
    layers.some(layer => {
      if (layer.kind !== 'udp' && layer.kind !== 'tcp') return false;
      if (end !== 'either') return isIn(end === 'source' ? layer.sourcePort : layer.destinationPort);
      return isIn(layer.sourcePort) || isIn(layer.destinationPort);
    });
}

function readMac(words: string[]): Test {
  const end = words[0] === 'src' || words[0] === 'dst' || words[0] === 'host' ? words.shift() : 'host';
  const text = (words.shift() ?? '').toLowerCase();
  if (!/^[0-9a-f]{1,2}(:[0-9a-f]{1,2}){5}$/.test(text)) throw new Unreadable(`ether: '${text}' is no MAC address`);
  const mac = text
    .split(':')
    .map(part => part.padStart(2, '0'))
    .join(':');
  return ({ layers }) =>
    layers.some(
      layer =>
        layer.kind === 'ethernet' &&
        ((end !== 'dst' && layer.source === mac) || (end !== 'src' && layer.destination === mac)),
    );
}

function readLength(words: string[], which: 'greater' | 'less'): Test {
  const text = words.shift() ?? '';
  if (!/^\d{1,6}$/.test(text)) throw new Unreadable(`${which}: '${text}' is no number of octets`);
  const limit = Number(text);
  return ({ length }) => (which === 'greater' ? length >= limit : length <= limit);
}

/** `50`, `esp`, `\esp`. */
function readProtocol(words: string[]): Test {
  const text = (words.shift() ?? '').replace(/^\\/, '');
  const number = /^\d{1,3}$/.test(text) ? Number(text) : PROTOCOL_NAMES.get(text);
  if (number === undefined) throw new Unreadable(`proto: '${text}' is no protocol`);
  return ({ layers }) =>
    layers.some(layer => (layer.kind === 'ipv4' || layer.kind === 'ipv6') && layer.protocol === number);
}
