const TWO_32 = 0x1_0000_0000;
const TWO_64 = 1n << 64n;
const NONE: readonly bigint[] = [];
const SMALLEST_WINDOW = 32;
const LARGEST_WINDOW = 4096;
/** Of packets in a row whose ICV is wrong, each that ends such a series is tried with later numbers. */
const FAILURES_BEFORE_RETRY = 64;
/** How many times 2^32 packets may have been lost. With the above: a flood of forgeries costs an eighth more. */
const LATER_SUBSPACES = 8;

export interface SequenceVerdict {
  /** The full number that the received half stands for; 64 bits with ESN. */
  readonly sequence: bigint;
  /** false: seen before, or left of the window. */
  readonly fresh: boolean;
}

/**
 * The anti-replay window of one inbound SA, RFC 4303 §3.4.3 and appendix A2: `check` before the ICV is verified, `advance`
 * only after. It holds one bit for each number of the window, in a ring of 32-bit words whose size is a power of two; the
 * ring has a word to spare, so that words are cleared whole when the right edge enters them (RFC 6479).
 */
export class ReplayWindow {
  /** 0: no check at all; otherwise 32 to 4096. */
  readonly sizePackets: number;
  readonly #esn: boolean;
  /** Number `n` is bit `n % 32` of word `(n / 32) % length`. */
  readonly #words: Uint32Array;
  /** The highest authenticated number, T of appendix A, in halves. */
  #topHigh = 0;
  #topLow = 0;
  /** Packets since the last authentic one. */
  #failures = 0;

  constructor(sizePackets: number, esn: boolean) {
    if (!isWindowSize(sizePackets)) throw new RangeError(`anti-replay window of ${sizePackets} packets`);
    this.sizePackets = sizePackets;
    this.#esn = esn;
    let words = 1;
    while (words < Math.ceil(sizePackets / 32) + 1) words *= 2;
    this.#words = new Uint32Array(words);
    this.#words[0] = 1; // counters start at 0, which is never sent: the first packet is 1, §3.3.3
  }

  /** The highest number that was authenticated; 0 before the first. */
  get top(): bigint {
    return join(this.#topHigh, this.#topLow);
  }

  /** What the 32 bits of a received packet mean, and whether it may be accepted if its ICV is right. Changes nothing. */
  check(low: number): SequenceVerdict {
    const high = this.#esn ? this.#highFor(low) : 0;
    return { sequence: join(high, low), fresh: this.sizePackets === 0 || this.#isFresh(high, low) };
  }

  /** Records a number whose packet was authenticated. */
  advance(sequence: bigint): void {
    this.#failures = 0;
    const low = Number(sequence & 0xffff_ffffn);
    const high = Number(sequence >> 32n);
    const ahead = this.#ahead(high, low);
    if (ahead > 0) {
      this.#clearFrom(this.#topLow >>> 5, ahead);
      this.#topHigh = high;
      this.#topLow = low;
    } else if (-ahead >= this.sizePackets) {
      return; // left of the window, or no window: there is no bit for it
    }
    const index = this.#wordIndex(low);
    this.#words[index] = (this.#words[index] ?? 0) | (1 << (low & 31));
  }

  /**
   * Counts a packet whose ICV was wrong with the number that `check` guessed, appendix A3: with ESN the other end may be
   * 2^32 packets ahead and more. Usually nothing; after many in a row, the later numbers to try this packet with.
   */
  fail(sequence: bigint): readonly bigint[] {
    this.#failures += 1;
    if (!this.#esn || this.#failures % FAILURES_BEFORE_RETRY !== 0) return NONE;
    const later = Array.from({ length: LATER_SUBSPACES }, (_, i) => sequence + (BigInt(i + 1) << 32n));
    return later.filter(number => number < TWO_64);
  }

  /** Appendix A2.2, as one rule: of the numbers that end in `low`, the smallest that is not left of the window. */
  #highFor(low: number): number {
    // Without a window the nearest number is meant, as far as that can be known.
    const width = this.sizePackets === 0 ? TWO_32 / 2 : this.sizePackets;
    const bottomLow = this.#topLow - (width - 1);
    if (bottomLow >= 0) {
      const next = this.#topHigh + 1;
      return low >= bottomLow || next === TWO_32 ? this.#topHigh : next; // case A
    }
    const previous = this.#topHigh - 1;
    return low >= bottomLow + TWO_32 && previous >= 0 ? previous : this.#topHigh; // case B
  }

  #isFresh(high: number, low: number): boolean {
    const ahead = this.#ahead(high, low);
    if (ahead > 0) return true;
    if (-ahead >= this.sizePackets) return false;
    return ((this.#words[this.#wordIndex(low)] ?? 0) & (1 << (low & 31))) === 0;
  }

  /** How far right of the top; exact as long as it matters (a double holds 2^53). */
  #ahead(high: number, low: number): number {
    return (high - this.#topHigh) * TWO_32 + (low - this.#topLow);
  }

  /** Empties the words that the right edge enters when it moves by `ahead`. */
  #clearFrom(topWord: number, ahead: number): void {
    const entered = Math.floor(((this.#topLow & 31) + ahead) / 32);
    const count = Math.min(entered, this.#words.length);
    for (let i = 1; i <= count; i++) this.#words[(topWord + i) & (this.#words.length - 1)] = 0;
  }

  #wordIndex(low: number): number {
    return (low >>> 5) & (this.#words.length - 1);
  }
}

/** 0 (off), or what the ring is made for: RFC 4303 §3.4.3 asks for 32 at least. */
export function isWindowSize(packets: number): boolean {
  return packets === 0 || (Number.isInteger(packets) && packets >= SMALLEST_WINDOW && packets <= LARGEST_WINDOW);
}

function join(high: number, low: number): bigint {
  return high === 0 ? BigInt(low) : (BigInt(high) << 32n) | BigInt(low);
}
