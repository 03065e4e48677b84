import type { Instant } from '../../../engine/wire/instant.ts';
import { Arrivals } from '../arrivals.ts';
import { Latencies } from '../latency.ts';
import { readProbe } from '../probe.ts';
import type { FromReceiver } from './messages.ts';
import type { OneWayLatency } from './trial.ts';

/** Of the arrivals, so many are the last: one that was late by accident is no backlog. */
const LAST_SHARE = 0.05;
const LAST_MAX = 4096;

/** What has arrived of one trial. */
export class Reception {
  readonly #trial: number;
  readonly #headerOctets: number;
  readonly #arrivals: Arrivals;
  readonly #latencies = new Latencies();
  #received = 0;
  #octets = 0;
  #firstAt: Instant | null = null;
  #lastAt: Instant = 0;
  /** Latencies of the last arrivals, a ring. */
  readonly #last: Float64Array;
  #longestGapNs = 0;

  /** `headerOctets`: of IP and UDP, in front of each payload. At most `packetsMax` can be counted. */
  constructor(trial: number, packetsMax: number, headerOctets: number) {
    this.#trial = trial;
    this.#headerOctets = headerOctets;
    this.#arrivals = new Arrivals(packetsMax);
    this.#last = new Float64Array(Math.min(LAST_MAX, Math.ceil(packetsMax * LAST_SHARE))).fill(
      Number.POSITIVE_INFINITY,
    );
  }

  /** A UDP payload that the kernel had at `at`. What is not of this trial is not counted. */
  take(payload: Uint8Array, at: Instant): void {
    const probe = readProbe(payload);
    if (probe?.trial !== this.#trial || this.#arrivals.arrive(probe.sequence) !== 'first') return;
    const ns = at - probe.sentAt;
    this.#latencies.record(ns);
    this.#last[this.#received % this.#last.length] = ns;
    this.#received++;
    this.#octets += payload.length + this.#headerOctets;
    if (this.#firstAt === null) this.#firstAt = at;
    else this.#longestGapNs = Math.max(this.#longestGapNs, at - this.#lastAt);
    this.#lastAt = at;
  }

  /** First copies. */
  get received(): number {
    return this.#received;
  }

  /** `sent`: so many left. `receiverDrops`: what arrived and was not read. */
  result(sent: number, receiverDrops: number): Extract<FromReceiver, { kind: 'arrived' }> {
    return {
      kind: 'arrived',
      counts: this.#arrivals.counts(sent),
      octets: this.#octets,
      latency: oneWay(this.#latencies),
      firstAt: this.#firstAt,
      longestGapNs: this.#longestGapNs,
      backlogNs: this.#received === 0 ? 0 : Math.max(0, Math.min(...this.#last) - (this.#latencies.percentile(0) ?? 0)),
      receiverDrops,
    };
  }
}

/** null where nothing came, or clocks disagree. */
function oneWay(latencies: Latencies): OneWayLatency | null {
  const at = (p: number): number => latencies.percentile(p) ?? Number.NaN;
  if (latencies.count === 0 || latencies.negative > 0) return null;
  return {
    p50: at(0.5),
    p90: at(0.9),
    p99: at(0.99),
    p999: at(0.999),
    minimum: at(0),
    maximum: at(1),
    steps: [...latencies.steps()],
  };
}
