import { describe, expect, test } from 'vitest';
import { UNIMPAIRED } from '../../topology/impairment.ts';
import type { Impairment } from '../../topology/model.ts';
import { createSeededRandom } from '../sim/seeded-random.ts';
import { LinkModel } from './link-model.ts';

const MS = 1_000_000;

/** A link whose forward direction is `forward`, and whose way back is perfect. */
function link(forward: Partial<Impairment>, seed = 'link', mtu: number | null = null): LinkModel {
  return new LinkModel([{ ...UNIMPAIRED, ...forward }, UNIMPAIRED], createSeededRandom(seed), mtu);
}

const frame = (number: number, octets = 100) => new Uint8Array(octets).fill(number & 0xff);

/** Pushes `count` frames, one every `everyNs`, and returns what comes out in the order of arrival. */
function run(model: LinkModel, count: number, everyNs: number): { at: number; number: number; octets: Uint8Array }[] {
  const arrivals: { at: number; number: number; octets: Uint8Array }[] = [];
  for (let number = 0; number < count; number++) {
    for (const delivery of model.push(0, frame(number), number * everyNs)) arrivals.push({ ...delivery, number });
  }
  return arrivals.sort((a, b) => a.at - b.at);
}

describe('a link', () => {
  test('that is perfect hands frames over at once, untouched, in order', () => {
    const model = link({});
    const octets = frame(1);
    expect(model.push(0, octets, 42)).toEqual([{ at: 42, octets }]);
    expect(model.push(1, octets, 43)).toEqual([{ at: 43, octets }]);
    expect(model.counters(0)).toMatchObject({ pushed: 1, delivered: 1, lost: 0 });
  });

  test('delays each direction by its own amount', () => {
    const impairments = [
      { ...UNIMPAIRED, delayNs: 20 * MS },
      { ...UNIMPAIRED, delayNs: 5 * MS },
    ] as const;
    const model = new LinkModel(impairments, createSeededRandom('x'));
    expect(model.push(0, frame(1), 0)[0]?.at).toBe(20 * MS);
    expect(model.push(1, frame(1), 0)[0]?.at).toBe(5 * MS);
  });

  test('jitters within its bounds and does not reorder by it', () => {
    const arrivals = run(link({ delayNs: 10 * MS, jitterNs: 4 * MS }), 2000, MS);
    expect(arrivals.map(a => a.number)).toEqual(Array.from({ length: 2000 }, (_, i) => i));
    const delays = arrivals.map(a => a.at - a.number * MS);
    expect(Math.min(...delays)).toBeGreaterThanOrEqual(6 * MS);
    expect(Math.max(...delays)).toBeLessThanOrEqual(14 * MS);
    expect(Math.max(...delays) - Math.min(...delays)).toBeGreaterThan(7 * MS);
  });

  test('loses, corrupts, duplicates and reorders exact numbers of frames for a seed, near the rates', () => {
    const model = link({ loss: 0.05, corrupt: 0.02, duplicate: 0.03, reorder: 0.1 }, 'seed 7');
    run(model, 10_000, MS);
    const counters = model.counters(0);
    expect(counters).toMatchInlineSnapshot(`
      {
        "corrupted": 198,
        "delivered": 9797,
        "duplicated": 295,
        "lost": 498,
        "pushed": 10000,
        "queueDropped": 0,
        "reordered": 1000,
        "tooBig": 0,
      }
    `);
    expect(counters.pushed).toBe(
      counters.delivered - counters.duplicated + counters.lost + counters.queueDropped + counters.tooBig,
    );
    const again = link({ loss: 0.05, corrupt: 0.02, duplicate: 0.03, reorder: 0.1 }, 'seed 7');
    run(again, 10_000, MS);
    expect(again.counters(0)).toEqual(counters);
  });

  test('loses the same frames whatever else is wrong with it, and whatever passes the other way', () => {
    const survivors = (forward: Partial<Impairment>, busy: boolean) => {
      const model = link({ loss: 0.1, ...forward }, 'same');
      const kept: number[] = [];
      for (let number = 0; number < 1000; number++) {
        if (busy) model.push(1, frame(number), number * MS);
        if (model.push(0, frame(number), number * MS).length > 0) kept.push(number);
      }
      return kept;
    };
    const alone = survivors({}, false);
    expect(alone.length).toBeLessThan(1000);
    expect(survivors({ corrupt: 0.5, jitterNs: MS, reorder: 0.2 }, true)).toEqual(alone);
  });

  test('flips exactly one bit of a corrupted frame and leaves the sender its own', () => {
    const model = link({ corrupt: 1 });
    for (let number = 0; number < 200; number++) {
      const sent = frame(number, 64);
      const [delivery] = model.push(0, sent, number);
      expect(sent).toEqual(frame(number, 64));
      let bits = 0;
      for (const [index, octet] of (delivery?.octets ?? sent).entries()) {
        for (let difference = octet ^ (sent[index] ?? 0); difference > 0; difference >>= 1) bits += difference & 1;
      }
      expect(bits).toBe(1);
    }
  });

  test('lets frames overtake one that is reordered', () => {
    const arrivals = run(link({ reorder: 0.1, delayNs: 5 * MS }), 1000, MS);
    expect(arrivals).toHaveLength(1000);
    const overtaken = arrivals.filter((a, i) => i > 0 && a.number < (arrivals[i - 1]?.number ?? 0));
    expect(overtaken.length).toBeGreaterThan(20);
  });

  test('duplicates as an array of its own, right behind', () => {
    const deliveries = link({ duplicate: 1, delayNs: MS }).push(0, frame(1), 0);
    expect(deliveries.map(d => d.at)).toEqual([MS, MS]);
    expect(deliveries[0]?.octets).toEqual(deliveries[1]?.octets);
    expect(deliveries[0]?.octets).not.toBe(deliveries[1]?.octets);
  });

  test('sends no faster than its rate, queues so many frames and drops the next', () => {
    // 1000 octets at 8 Mbit/s take 1 ms.
    const model = link({ rateBitsPerSecond: 8_000_000, queueFrames: 3, delayNs: 10 * MS });
    const at = Array.from({ length: 6 }, () => model.push(0, frame(0, 1000), 0)[0]?.at ?? null);
    expect(at).toEqual([11 * MS, 12 * MS, 13 * MS, 14 * MS, null, null]);
    expect(model.counters(0).queueDropped).toBe(2);
    // After 2.5 ms two have left the queue, the third is leaving: there is room for two.
    const later = Array.from({ length: 3 }, () => model.push(0, frame(0, 1000), 2.5 * MS)[0]?.at ?? null);
    expect(later).toEqual([15 * MS, 16 * MS, null]);
    expect(model.push(0, frame(0, 1000), 100 * MS)[0]?.at).toBe(111 * MS);
  });

  test('with a queue of nothing carries one frame at a time', () => {
    const model = link({ rateBitsPerSecond: 8_000_000, queueFrames: 0 });
    expect(model.push(0, frame(0, 1000), 0)).toHaveLength(1);
    expect(model.push(0, frame(0, 1000), 0.5 * MS)).toHaveLength(0);
    expect(model.push(0, frame(0, 1000), MS)).toHaveLength(1);
  });

  test('keeps a long queue in order through its growth', () => {
    const model = link({ rateBitsPerSecond: 8_000_000, queueFrames: 1000 });
    const arrivals = run(model, 1200, 20_000);
    expect(arrivals.map(a => a.at)).toEqual(arrivals.map((_, i) => (i + 1) * 100_000));
    expect(arrivals).toHaveLength(1200);
  });

  test('drops what is above the MTU, header and one VLAN tag aside', () => {
    const model = link({}, 'mtu', 1500);
    expect(model.push(0, frame(0, 1518), 0)).toHaveLength(1);
    expect(model.push(0, frame(0, 1519), 0)).toHaveLength(0);
    expect(model.counters(0).tooBig).toBe(1);
  });
});
