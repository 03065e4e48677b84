/**
 * What a run of `lab bench` leaves behind, `bench.json`: every sample as it was taken, so that whoever doubts a median can make another
 * one. `format` counts up when a reader of the old form would misread the new one; added fields do not count. The file is written again
 * after each turn, whole: what was measured is never lost, and a run that was stopped goes on from it.
 */
export interface BenchRecord {
  readonly format: 1;
  /** Which set of measurements: `ciphers`, `compare`. */
  readonly profile: string;
  /** `live`: packets through a kernel and by the clock. What a simulator counts is never compared with it. */
  readonly world: 'live' | 'simulated';
  /** Of the order of turns and of the intervals. */
  readonly seed: string;
  /** How often each subject is measured. */
  readonly rounds: number;
  /** ISO 8601, UTC. */
  readonly startedAt: string;
  /** The command that measures the same again. */
  readonly command: string;
  readonly environment: BenchEnvironment;
  /** What was to be measured, in the order of the plan; absent where that is not known. */
  readonly subjects?: readonly SubjectRecord[];
  /** The turns that are done, in the order in which they were taken. */
  readonly turns: readonly TurnRecord[];
  readonly figures: readonly FigureRecord[];
}

/** What is measured once a round. */
export interface SubjectRecord {
  /** As in turns, figures and ids: `openvpn-static`. */
  readonly name: string;
  /** In tables and charts: `OpenVPN, static key`. */
  readonly title: string;
  /** Why it was left out on this machine, with what would help; null where it was measured. */
  readonly obstacle: string | null;
}

/** All figures of one subject, measured once. */
export interface TurnRecord {
  /** From 0. */
  readonly round: number;
  readonly subject: string;
  /** The machine while it lasted. */
  readonly load: LoadRecord;
}

export interface FigureRecord {
  /** Unique in the record and the same from run to run, by which two records are compared: `compare/engine/udp-64/ndr`. */
  readonly id: string;
  readonly subject: string;
  /** What was measured, in words: `throughput of one TCP stream`. */
  readonly metric: string;
  /** Of every sample: `bit/s`, `packets/s`, `ns`, `octets`. */
  readonly unit: string;
  readonly better: 'more' | 'less';
  /** What it was measured with: cipher, packet size, family. */
  readonly parameters: Readonly<Record<string, string | number>>;
  /** The id of the figure that this one cannot exceed, such as plain forwarding in the same run; null for a ceiling itself. */
  readonly ceiling: string | null;
  readonly samples: readonly SampleRecord[];
}

export interface SampleRecord {
  /** That of its turn; a figure has at most one sample a round. */
  readonly round: number;
  readonly value: number;
  /** What the value was made of, in the same unit at equal distances in time, warm-up included; empty where it was read in one piece. */
  readonly readings: readonly number[];
  /** So many of the readings were warm-up, and are not in the value. */
  readonly warmUpReadings: number;
  /** Where the value is a latency: how the packets' latencies were distributed, ascending. Absent where nobody kept them. */
  readonly distribution?: readonly LatencyStepRecord[];
}

/** So many packets took at most so long, and longer than the step before. */
export interface LatencyStepRecord {
  readonly ns: number;
  readonly packets: number;
}

/** Where it was measured. Texts are as the machine has them; null where it does not say. */
export interface BenchEnvironment {
  readonly version: string;
  /** Empty where the checkout is not known. */
  readonly commit: string;
  readonly processor: ProcessorRecord;
  readonly memoryOctets: number;
  readonly kernel: string;
  readonly node: string;
  readonly openssl: string;
  readonly congestionControl: string | null;
  /** Of the links that were measured over, what was on: `tx-udp-segmentation`. */
  readonly offloads: readonly string[];
  /** Of the machine before anything of the run began. */
  readonly loadBefore: LoadRecord;
}

export interface ProcessorRecord {
  readonly model: string;
  /** As the kernel counts them. */
  readonly processors: number;
  /** Those that ciphers and hashes use, by the kernel's names, in alphabetical order: `aes`, `sha_ni`. */
  readonly cryptoInstructions: readonly string[];
  /** The kernel says that it runs on a hypervisor; it does not say so on every one. */
  readonly virtual: boolean;
}

/** Shares of all processors' time in [0, 1] over a while. */
export interface LoadRecord {
  /** Of all processors together. */
  readonly processorSeconds: number;
  /** Work of others than the run. */
  readonly others: number;
  /** Time in which a hypervisor ran somebody else. */
  readonly stolen: number;
}
