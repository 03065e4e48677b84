import type { ArrivalCounts } from '../arrivals.ts';
import type { LatencyStep } from '../latency.ts';
import type { BenchGround } from '../live/ground.ts';
import type { RateSearch } from '../rate-search.ts';

/**
 * The lab's own generator of packets: UDP from a socket of one node to a socket of another, each packet with its number and the time at
 * which it left (probe.ts), so that what becomes of it is counted and not inferred. It runs as two programs, which are started once
 * and then told one trial after the other: `startGenerator` of generator.ts, then `trial` as often as wanted, then `close`.
 */
export interface Generator {
  /**
   * Sends at one rate and waits until what was sent has arrived or will not: until the receiver has heard nothing for
   * `silenceSeconds`. One trial at a time. Throws where a program has ended, or the kernel takes no packets of this size.
   */
  trial(order: TrialOrder): Promise<TrialResult>;
  /** Ends both programs; resolves when they are gone. */
  close(): Promise<void>;
}

/** What it needs of the ground of a turn. */
export type GeneratorGround = Pick<BenchGround, 'spawnOwn' | 'signal'>;

/** The nodes on which the generator's two programs run: other than gateways, or the same node twice for its loopback. */
export interface GeneratorEnds {
  readonly sender: string;
  readonly receiver: string;
}

export interface TrialOrder {
  /** Addresses in text, of one family: one that the sender's node has, and one of the receiver's. */
  readonly source: string;
  readonly destination: string;
  /** Of the IP packets, headers included, at least `packetOctetsMin` of sizes.ts; they are sent in turn, over and over: `[64]`, or `IMIX`. */
  readonly packetOctets: readonly number[];
  /** Packets/s that are asked for. */
  readonly rate: number;
  /** How long is measured. */
  readonly seconds: number;
  /** So long it sends at the same rate before, without a gap between: those packets are in no count. */
  readonly warmUpSeconds: number;
  /** More than any way may take: after it nothing more is taken to come. `SILENCE_SECONDS` unless given. */
  readonly silenceSeconds?: number;
}

/** As long as a gateway may stall that has much to do besides. */
export const SILENCE_SECONDS = 0.3;

export interface TrialResult {
  readonly counts: ArrivalCounts;
  /** Packets/s that really left, over the time that is measured: the offered load of RFC 2285 §3.5.2. */
  readonly offeredRate: number;
  /** Of the IP packets that arrived, first copies, over the same time: what a tunnel carried of its users. */
  readonly arrivedOctetsPerSecond: number;
  /** At most so many packets left back to back where the sender was in time. */
  readonly burstPackets: number;
  /** One way, of first copies, from before the call that sends until the receiver's kernel has the packet; null where none arrived. */
  readonly latency: OneWayLatency | null;
  /** From the first packet sent to the first that arrived, nanoseconds: how long a tunnel takes that is set up for it. null: none came. */
  readonly firstArrivalNs: number | null;
  /** The longest time in which nothing arrived, from the first packet sent to the last arrival, nanoseconds: the gap of a rekey. */
  readonly longestSilenceNs: number;
  /**
   * How much longer each of the last arrivals took than the fastest, nanoseconds: what had queued up by then. Who carries less than is
   * sent loses nothing while buffers fill, which may take longer than a trial.
   */
  readonly backlogNs: number;
  /** Packets that arrived and found the receiver's own buffer full: not the subject's loss. They are among `counts.lost`. */
  readonly receiverDrops: number;
}

/** Nanoseconds; percentiles as latency.ts has them. Sender and receiver read one clock: they are on the same machine. */
export interface OneWayLatency {
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly p999: number;
  readonly minimum: number;
  readonly maximum: number;
  /** The whole distribution. */
  readonly steps: readonly LatencyStep[];
}

/** What a search for a rate (`searchRate` of generator.ts) has come to. */
export interface FoundRate {
  readonly end: Exclude<RateSearch, { kind: 'trying' }>;
  /** All that were made, in their order. */
  readonly trials: readonly TrialResult[];
}
