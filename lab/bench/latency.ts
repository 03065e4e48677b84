/** How many packets took at most so long, nanoseconds; above that of the entry before. */
export interface LatencyStep {
  readonly ns: number;
  readonly packets: number;
}

/** Each power of two is cut into so many steps: a latency is known to within 1/128 of itself, and exactly below 128 ns. */
const STEP_BITS = 7;
const STEPS = 2 ** STEP_BITS;
/** 2^40 ns, 18 minutes: what takes longer counts as that. */
const EXPONENT_MAX = 40;
const NS_MAX = 2 ** EXPONENT_MAX - 1;

/**
 * One-way latencies of a trial, nanoseconds, as counts in steps of equal ratio (as HdrHistogram by Gil Tene has them): the memory that it
 * takes does not grow with the packets, and no percentile is lost. Latencies below nothing are those of two clocks that disagree: they
 * are counted apart, and a trial that has any measured no latency.
 */
export class Latencies {
  readonly #packets = new Float64Array((EXPONENT_MAX - STEP_BITS + 1) * STEPS);
  #count = 0;
  #negative = 0;
  #minimum = Number.POSITIVE_INFINITY;
  #maximum = Number.NEGATIVE_INFINITY;

  /** `ns` is cut to whole nanoseconds. */
  record(ns: number): void {
    if (!(ns >= 0)) {
      this.#negative++;
      return;
    }
    const step = stepOf(Math.min(Math.floor(ns), NS_MAX));
    this.#packets[step] = (this.#packets[step] ?? 0) + 1;
    this.#count++;
    this.#minimum = Math.min(this.#minimum, ns);
    this.#maximum = Math.max(this.#maximum, ns);
  }

  get count(): number {
    return this.#count;
  }

  /** Packets that arrived before they were sent, by the clocks. */
  get negative(): number {
    return this.#negative;
  }

  /**
   * The latency that the share `p` of packets, in [0, 1], did not exceed: of the packet at that rank (RFC 2330 §11.3), at most 1/128
   * above its true one, never below. 0 and 1 are exact. null without packets.
   */
  percentile(p: number): number | null {
    if (!(p >= 0 && p <= 1)) throw new Error(`there is no percentile ${p}`);
    if (this.#count === 0) return null;
    if (p === 0) return this.#minimum;
    const rank = Math.ceil(p * this.#count);
    if (rank === this.#count) return this.#maximum;
    let passed = 0;
    for (const { ns, packets } of this.steps()) {
      passed += packets;
      if (passed >= rank) return Math.min(ns, this.#maximum);
    }
    throw new Error('fewer packets in the steps than were counted');
  }

  /** What is not empty, in ascending order: the distribution as it is written down and drawn. */
  *steps(): Generator<LatencyStep> {
    for (const [step, packets] of this.#packets.entries()) if (packets > 0) yield { ns: upperEnd(step), packets };
  }
}

/** Below 128 the value itself; above, which power of two, then the seven bits that follow the first. */
function stepOf(ns: number): number {
  if (ns < STEPS) return ns;
  const exponent = ns >= 2 ** 32 ? 63 - Math.clz32(Math.floor(ns / 2 ** 32)) : 31 - Math.clz32(ns);
  const shift = exponent - STEP_BITS;
  return (shift + 1) * STEPS + (Math.floor(ns / 2 ** shift) - STEPS);
}

/** The largest latency that falls into a step. */
function upperEnd(step: number): number {
  if (step < STEPS) return step;
  const shift = Math.floor(step / STEPS) - 1;
  return ((step % STEPS) + STEPS + 1) * 2 ** shift - 1;
}
