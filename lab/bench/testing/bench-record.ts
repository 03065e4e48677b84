import type { BenchRecord } from '../../../reports/bench-format.ts';

const QUIET = { processorSeconds: 2, others: 0.01, stolen: 0 };

/** For tests: a run that has measured nothing yet. */
export const EMPTY: BenchRecord = {
  format: 1,
  profile: 'compare',
  world: 'live',
  seed: '7',
  rounds: 10,
  startedAt: '2026-01-02T03:04:05.000Z',
  command: 'lab bench compare --seed 7',
  environment: {
    version: '0.1.0',
    commit: '1f2e3d4c',
    processor: { model: 'Some Processor', processors: 2, cryptoInstructions: ['aes', 'avx2'], virtual: true },
    memoryOctets: 8e9,
    kernel: '6.1.0',
    node: '20.19.0',
    openssl: '3.0.15',
    congestionControl: 'cubic',
    offloads: ['tx-udp-segmentation'],
    loadBefore: QUIET,
  },
  turns: [],
  figures: [],
};

/** For tests: a run in which each figure has these values, a round each. */
export function recordOf(values: Readonly<Record<string, readonly number[]>>): BenchRecord {
  const rounds = Math.max(...Object.values(values).map(samples => samples.length));
  return {
    ...EMPTY,
    turns: Array.from({ length: rounds }, (_, round) => ({ round, subject: 'engine', load: QUIET })),
    figures: Object.entries(values).map(([id, samples]) => ({
      id,
      subject: 'engine',
      metric: 'throughput of one TCP stream',
      unit: 'bit/s',
      better: 'more',
      parameters: { cipher: 'aes128gcm16', octets: 1420 },
      ceiling: null,
      samples: samples.map((value, round) => ({ round, value, readings: [], warmUpReadings: 0 })),
    })),
  };
}
