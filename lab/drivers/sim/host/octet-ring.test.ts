import { expect, test } from 'vitest';
import { createSeededRandom } from '../seeded-random.ts';
import { OctetRing } from './octet-ring.ts';

test('the ring agrees with a plain list over random use', () => {
  const random = createSeededRandom('ring');
  const ring = new OctetRing(5000);
  let model: number[] = [];
  for (let step = 0; step < 3000; step++) {
    const octets = random.bytes(Math.floor(random.uniform() * 900));
    const taken = ring.append(octets);
    expect(taken).toBe(Math.min(octets.length, 5000 - model.length));
    model.push(...octets.subarray(0, taken));
    const offset = Math.floor(random.uniform() * model.length);
    const count = Math.floor(random.uniform() * (model.length - offset));
    expect([...ring.peek(offset, count)]).toEqual(model.slice(offset, offset + count));
    const gone = Math.floor(random.uniform() * model.length);
    ring.discard(gone);
    model = model.slice(gone);
    expect(ring.length).toBe(model.length);
  }
});

test('the ring refuses to give what it has not', () => {
  const ring = new OctetRing(4);
  expect(ring.append(Uint8Array.of(1, 2, 3, 4, 5))).toBe(4);
  expect(() => ring.peek(2, 3)).toThrow(RangeError);
  expect(() => ring.discard(5)).toThrow(RangeError);
});
