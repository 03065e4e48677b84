import { expect, test } from 'vitest';
import { ReceiveWords, SendWords } from '../native/addon.ts';
import type { Offload } from '../wire/offload.ts';
import { readOffload, writeOffload } from './device-offload.ts';

const cases: readonly (readonly [Offload | null, readonly number[]])[] = [
  [null, [0, 0, 0, 0]],
  [{ checksum: { start: 34, offset: 16 }, segments: null }, [0, 0, 34, 16]],
  [{ checksum: { start: 34, offset: 16 }, segments: { kind: 'tcp4', sizeOctets: 1448 } }, [1, 1448, 34, 16]],
  [{ checksum: { start: 54, offset: 16 }, segments: { kind: 'tcp6', sizeOctets: 1428 } }, [4, 1428, 54, 16]],
  [{ checksum: { start: 34, offset: 6 }, segments: { kind: 'udp', sizeOctets: 1200 } }, [5, 1200, 34, 6]],
];

test.each(cases)('%j, both ways', (offload, words) => {
  const outgoing = new Uint32Array(2 * SendWords.COUNT).fill(99);
  writeOffload(outgoing, 1, offload);
  expect([...outgoing.subarray(SendWords.COUNT)]).toEqual(words);
  const incoming = new Uint32Array(2 * ReceiveWords.COUNT);
  incoming.set(words, ReceiveWords.COUNT + ReceiveWords.GSO_TYPE);
  expect(readOffload(incoming, ReceiveWords.COUNT)).toEqual(offload);
});

test('a superframe of another kind is not understood', () => {
  const words = new Uint32Array(ReceiveWords.COUNT);
  words[ReceiveWords.GSO_TYPE] = 3;
  expect(readOffload(words, 0)).toBe('unknown');
});
