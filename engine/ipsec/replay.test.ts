import { describe, expect, test } from 'vitest';
import { ReplayWindow } from './replay.ts';

const TWO_32 = 1n << 32n;
const LAST = (1n << 64n) - 1n;

/** The window as the RFC describes it, with a set of all numbers ever accepted and no cleverness. */
class NaiveWindow {
  readonly #size: bigint;
  readonly #esn: boolean;
  readonly #seen = new Set<bigint>([0n]);
  top = 0n;

  constructor(size: number, esn: boolean) {
    this.#size = BigInt(size);
    this.#esn = esn;
  }

  check(low: number): { sequence: bigint; fresh: boolean } {
    const sequence = this.#esn ? this.#guess(BigInt(low)) : BigInt(low);
    const isLeft = sequence <= this.top - this.#size;
    return { sequence, fresh: sequence > this.top || (!isLeft && !this.#seen.has(sequence)) };
  }

  advance(sequence: bigint): void {
    this.#seen.add(sequence);
    if (sequence > this.top) this.top = sequence;
  }

  /** The smallest 64-bit number that ends in `low` and is not left of the window. */
  #guess(low: bigint): bigint {
    const high = this.top >> 32n;
    const candidates = [high - 1n, high, high + 1n].filter(h => h >= 0n && h < TWO_32).map(h => h * TWO_32 + low);
    return candidates.find(candidate => candidate > this.top - this.#size) ?? high * TWO_32 + low;
  }
}

/** Seqh by the pseudo-code of RFC 4303 appendix A2.3, arithmetic mod 2^32. */
function appendixA23(low: number, top: bigint, size: number): number {
  const th = Number(top >> 32n);
  const tl = Number(top & 0xffff_ffffn);
  const bl = (tl - size + 1) >>> 0;
  if (tl >= size - 1) return low >= bl ? th : (th + 1) >>> 0;
  return low >= bl ? (th - 1) >>> 0 : th;
}

/** mulberry32: the same walk in every run. */
function createWalk(seed: number): (below: number) => number {
  let state = seed;
  return below => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}

const lowOf = (sequence: bigint) => Number(sequence & 0xffff_ffffn);
const SIZES = [32, 64, 100, 1024, 4096];

describe.each(SIZES)('a window of %d packets', size => {
  test('every number around it, after every step to the right, is judged as by the model', () => {
    const steps =
      size <= 100 ? Array.from({ length: 2 * size + 70 }, (_, i) => i + 1) : [1, 31, 32, 33, size - 1, size];
    for (const step of [...steps, size + 1, 4 * size, 10 * size + 7]) {
      const window = new ReplayWindow(size, false);
      const model = new NaiveWindow(size, false);
      for (const sequence of [1, 2, 5, size - 1, size, size + 3, size + 3 + step]) {
        window.advance(BigInt(sequence));
        model.advance(BigInt(sequence));
      }
      expect(window.top).toBe(model.top);
      const disagreements: number[] = [];
      for (let low = 0; low <= size + step + 40; low++) {
        if (window.check(low).fresh !== model.check(low).fresh) disagreements.push(low);
      }
      expect(disagreements).toEqual([]);
    }
  });

  describe.each([
    { esn: false, from: 0n },
    { esn: false, from: TWO_32 - 10_000n },
    { esn: true, from: 0n },
    { esn: true, from: TWO_32 - 300n },
    { esn: true, from: 7n * TWO_32 + 5n },
    { esn: true, from: 0x7fff_ffffn * TWO_32 + 0x7fff_ff00n },
    { esn: true, from: LAST - 3_000_000n },
  ])('esn $esn, from $from', ({ esn, from }) => {
    test('a random walk with jumps, repeats and forgeries agrees with the model', () => {
      const window = new ReplayWindow(size, esn);
      const model = new NaiveWindow(size, esn);
      const random = createWalk(size + (esn ? 1 : 0));
      if (from > 0n) {
        window.advance(from);
        model.advance(from);
      }
      const largest = esn ? LAST : TWO_32 - 1n;
      for (let i = 0; i < 6_000; i++) {
        const sequence = model.top + BigInt(stepOf(random, size, esn));
        if (sequence < 0n || sequence > largest) continue;
        const verdict = window.check(lowOf(sequence));
        expect(verdict).toEqual(model.check(lowOf(sequence)));
        // Some packets are forged: their ICV is wrong, and the window must not move.
        if (!verdict.fresh || random(4) === 0) continue;
        window.advance(verdict.sequence);
        model.advance(verdict.sequence);
        expect(window.top).toBe(model.top);
      }
    });
  });
});

/** Mostly neighbours of the right edge, often the edges themselves, at times a jump. */
function stepOf(random: (below: number) => number, size: number, esn: boolean): number {
  const edges = [1, 0, -size + 2, -size + 1, -size, -size - 1, size - 1, size, size + 1, 31, 32, 33, 256, -31, -32];
  switch (random(8)) {
    case 0:
    case 1:
      return edges[random(edges.length)] ?? 1;
    case 2:
      return random(3 * size) - size;
    case 3:
      return esn && random(200) === 0 ? random(0xffff_ffff) - size : random(2 * size);
    case 4:
      return -random(2 * size);
    default:
      return 1 + random(3);
  }
}

describe('extended sequence numbers', () => {
  test.each([
    { top: 0x1_0000_0000n + 1000n, size: 64 },
    { top: 0x1_0000_0000n + 63n, size: 64 },
    { top: 0x1_0000_0000n + 62n, size: 64 },
    { top: 0x1_0000_0000n, size: 64 },
    { top: 0x1_0000_0000n - 1n, size: 64 },
    { top: 0x5_ffff_ffffn, size: 4096 },
    { top: 0x5_0000_0fffn, size: 4096 },
    { top: 0x5_0000_0ffen, size: 4096 },
    { top: 0x5_8000_0000n, size: 32 },
  ])('the high half at top $top, size $size, is that of appendix A2.3', ({ top, size }) => {
    const window = new ReplayWindow(size, true);
    window.advance(top);
    const tl = lowOf(top);
    const interesting = [0, 1, tl, tl + 1, tl - 1, tl - size, tl - size + 1, tl - size + 2, tl - size - 1];
    for (const low of [...interesting, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff, 0xffff_fff0, tl + 0x8000_0000]) {
      const high = Number(window.check(low >>> 0).sequence >> 32n);
      expect(high, `low ${low >>> 0}`).toBe(appendixA23(low >>> 0, top, size));
    }
  });

  test('the low half rolls over', () => {
    const window = new ReplayWindow(64, true);
    window.advance(TWO_32 - 2n);
    expect(window.check(0xffff_ffff)).toEqual({ sequence: TWO_32 - 1n, fresh: true });
    expect(window.check(0)).toEqual({ sequence: TWO_32, fresh: true });
    window.advance(TWO_32);
    expect(window.check(0)).toEqual({ sequence: TWO_32, fresh: false });
    // One behind the roll-over: it belongs to the subspace before.
    expect(window.check(0xffff_ffff)).toEqual({ sequence: TWO_32 - 1n, fresh: true });
    expect(window.check(0xffff_fffe)).toEqual({ sequence: TWO_32 - 2n, fresh: false });
  });

  test('there is no number before the first nor after the last', () => {
    const young = new ReplayWindow(64, true);
    expect(young.check(0).fresh).toBe(false);
    // A2.2 would say 2^32 - 1 for the high half here; nobody can have sent that.
    expect(young.check(0xffff_fff0)).toEqual({ sequence: 0xffff_fff0n, fresh: true });
    const old = new ReplayWindow(64, true);
    old.advance(LAST);
    expect(old.check(5).fresh).toBe(false);
    expect(old.check(0xffff_ffff)).toEqual({ sequence: LAST, fresh: false });
    expect(old.check(0xffff_fffe)).toEqual({ sequence: LAST - 1n, fresh: true });
  });
});

describe('without ESN', () => {
  test('0 is never accepted, 1 is the first', () => {
    const window = new ReplayWindow(64, false);
    expect(window.check(0).fresh).toBe(false);
    expect(window.check(1)).toEqual({ sequence: 1n, fresh: true });
  });

  test('nothing comes after 2^32 - 1', () => {
    const window = new ReplayWindow(64, false);
    window.advance(TWO_32 - 1n);
    for (const low of [0, 1, 63, 64, 0xffff_ffff, 0xffff_ffff - 64]) expect(window.check(low).fresh).toBe(false);
    expect(window.check(0xffff_ffff - 63).fresh).toBe(true);
  });

  test('one jump over everything empties the window', () => {
    const window = new ReplayWindow(64, false);
    for (let i = 1n; i <= 64n; i++) window.advance(i);
    window.advance(0x8000_0020n);
    for (let low = 0x8000_0020 - 63; low < 0x8000_0020; low++) expect(window.check(low).fresh).toBe(true);
    expect(window.check(0x8000_0020 - 64).fresh).toBe(false);
  });
});

test('checking changes nothing', () => {
  const window = new ReplayWindow(64, true);
  window.advance(100n);
  for (const low of [101, 5_000, 0xffff_ffff, 3, 60]) window.check(low);
  expect(window.top).toBe(100n);
  expect(window.check(101).fresh).toBe(true);
  expect(window.check(60).fresh).toBe(true);
});

test('a number left of the window marks nothing', () => {
  const window = new ReplayWindow(64, false);
  window.advance(1000n);
  for (let old = 1000 - 64; old > 0; old--) window.advance(BigInt(old));
  for (let low = 1000 - 63; low < 1000; low++) expect(window.check(low).fresh).toBe(true);
  for (let low = 1001; low < 2000; low++) window.advance(BigInt(low));
  expect(window.check(2000).fresh).toBe(true);
});

describe('a window of 0 packets', () => {
  test('accepts anything, again and again', () => {
    const window = new ReplayWindow(0, false);
    window.advance(5n);
    window.advance(5n);
    for (const low of [0, 1, 5, 5, 0xffff_ffff]) expect(window.check(low).fresh).toBe(true);
    expect(window.top).toBe(5n);
  });

  test('still follows the high half, to the nearest number', () => {
    const window = new ReplayWindow(0, true);
    window.advance(TWO_32 - 5n);
    expect(window.check(3).sequence).toBe(TWO_32 + 3n);
    window.advance(TWO_32 + 3n);
    expect(window.check(0xffff_fff0).sequence).toBe(0xffff_fff0n);
  });
});

test.each([-1, 1, 31, 4097, 33.5, Number.NaN, Infinity])('a window of %d packets is refused', size => {
  expect(() => new ReplayWindow(size, false)).toThrow(RangeError);
});
