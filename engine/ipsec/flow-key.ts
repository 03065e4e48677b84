import type { Address } from '../wire/address.ts';
import { u32At } from '../wire/octets.ts';
import type { AddressRange, Direction, Flow, NumberSet, Selector } from './selector.ts';

/** A value of a field, as words of 32 bits, the most significant first. */
export type Words = readonly number[];

/** Both ends inclusive, low first. */
export interface WordRange {
  readonly low: Words;
  readonly high: Words;
}

/** Where a field of a flow stands in its key. */
export interface KeyField {
  readonly firstWord: number;
  /** 4 for an address of IPv6, otherwise 1. */
  readonly words: number;
  /** How many of the bits of all its words it uses, from the last one up. */
  readonly bits: number;
}

/** A selector is a range list for each field: a box, if one allows holes. null: any value. */
export type FieldRanges = readonly (readonly WordRange[] | null)[];

/** What a packet does not show is one more value of the field, above all others. */
export const OPAQUE_PROTOCOL = 0x100;
export const OPAQUE_NUMBER = 0x1_0000;

/** The fields in the order of the key: local, remote, protocol, local port, remote port, ICMP type and code. */
export function keyFields(version: 4 | 6): readonly KeyField[] {
  return version === 4 ? FIELDS_4 : FIELDS_6;
}

export const KEY_WORDS_MAX = 12;

/** Writes the key of a flow, whose local side is the source on the way out; its version. */
export function writeKey(key: Uint32Array, flow: Flow, direction: Direction): 4 | 6 {
  const out = direction === 'outbound';
  const local = out ? flow.source : flow.destination;
  const remote = out ? flow.destination : flow.source;
  let at = 0;
  if (local.length === 4) {
    key[0] = u32At(local, 0);
    key[1] = u32At(remote, 0);
    at = 2;
  } else {
    for (; at < 4; at++) {
      key[at] = u32At(local, at * 4);
      key[at + 4] = u32At(remote, at * 4);
    }
    at = 8;
  }
  key[at] = flow.protocol ?? OPAQUE_PROTOCOL;
  key[at + 1] = (out ? flow.sourcePort : flow.destinationPort) ?? OPAQUE_NUMBER;
  key[at + 2] = (out ? flow.destinationPort : flow.sourcePort) ?? OPAQUE_NUMBER;
  key[at + 3] = flow.icmp ?? OPAQUE_NUMBER;
  return local.length === 4 ? 4 : 6;
}

/** What a selector allows in each field; null: it matches nothing of this version. */
export function fieldRanges(selector: Selector, version: 4 | 6): FieldRanges | null {
  const { protocol } = selector;
  const fields = [
    addressWords(selector.local, version),
    addressWords(selector.remote, version),
    protocol === 'any' ? null : [single(protocol === 'opaque' ? OPAQUE_PROTOCOL : protocol)],
    numberWords(selector.localPort),
    numberWords(selector.remotePort),
    numberWords(selector.icmp),
  ];
  return fields.some(ranges => ranges?.length === 0) ? null : fields;
}

/** Negative, 0 or positive, most significant word first. */
export function compareWords(a: Words, b: Words): number {
  for (let i = 0; i < a.length; i++) {
    const difference = (a[i] as number) - (b[i] as number);
    if (difference !== 0) return difference;
  }
  return 0;
}

function layout(addressWordCount: number): readonly KeyField[] {
  const after = addressWordCount * 2;
  return [
    { firstWord: 0, words: addressWordCount, bits: addressWordCount * 32 },
    { firstWord: addressWordCount, words: addressWordCount, bits: addressWordCount * 32 },
    { firstWord: after, words: 1, bits: 9 },
    ...[1, 2, 3].map(i => ({ firstWord: after + i, words: 1, bits: 17 })),
  ];
}

const FIELDS_4 = layout(1);
const FIELDS_6 = layout(4);

function addressWords(ranges: readonly AddressRange[] | 'any', version: 4 | 6): WordRange[] | null {
  if (ranges === 'any') return null;
  const octets = version === 4 ? 4 : 16;
  const own = ranges.filter(({ low }) => low.length === octets);
  return merged(own.map(({ low, high }) => ({ low: wordsOf(low), high: wordsOf(high) })));
}

function numberWords(set: NumberSet): WordRange[] | null {
  if (set === 'any') return null;
  if (set === 'opaque') return [single(OPAQUE_NUMBER)];
  return merged(set.map(([low, high]) => ({ low: [low], high: [high] })));
}

const single = (value: number): WordRange => ({ low: [value], high: [value] });

/** In order, those that overlap made one. */
function merged(ranges: readonly WordRange[]): WordRange[] {
  const result: WordRange[] = [];
  for (const range of [...ranges].sort((a, b) => compareWords(a.low, b.low))) {
    const last = result.at(-1);
    if (last === undefined || compareWords(range.low, last.high) > 0) result.push(range);
    else if (compareWords(range.high, last.high) > 0) result[result.length - 1] = { low: last.low, high: range.high };
  }
  return result;
}

function wordsOf(address: Address): Words {
  return Array.from({ length: address.length / 4 }, (_, i) => u32At(address, i * 4));
}
