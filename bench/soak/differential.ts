import { allEspSuiteNames, espSuite } from '../../engine/crypto/esp-suite.ts';
import { hasScapy, NEEDS_SCAPY, runTrials } from '../../engine/ipsec/testing/differential.ts';
import { ESP_PEER, espTrial } from '../../engine/ipsec/testing/esp-trials.ts';
import type { Table } from './report.ts';

/**
 * `packets` random packets, half in each direction, against scapy: every suite in turn, each of them in each
 * mode, family, with and without ESN; numbers, keys and content by the seed.
 */
export function soakDifferential(packets: number, seed: string, onProgress: (text: string) => void): Table {
  if (!hasScapy()) throw new Error(`no scapy ${NEEDS_SCAPY}`);
  const names = allEspSuiteNames().filter(name => espSuite(name) !== null);
  const trials = Array.from({ length: Math.ceil(packets / 2) }, (_, i) =>
    espTrial(names[i % names.length] ?? '', Math.floor(i / names.length), `${seed}/${i}`),
  );
  const { packets: counts, found } = runTrials(ESP_PEER, trials, done => onProgress(`${2 * done} packets`));
  const rows = new Map<string, [count: number, suites: number]>();
  for (const [name, count] of counts) {
    const suite = espSuite(name);
    if (suite === null) continue;
    const algorithm = `${suite.encryption.name} ${suite.encryption.keyOctets * 8}${suite.encryption.legacy ? ', legacy' : ''}`;
    const [before, suites] = rows.get(algorithm) ?? [0, 0];
    rows.set(algorithm, [before + count, suites + 1]);
  }
  return {
    title: 'random packets against scapy, in both directions',
    headings: ['encryption', 'with integrity algorithms', 'packets'],
    rows: [...rows].map(([algorithm, [count, suites]]) => [algorithm, String(suites), String(count)]),
    findings: found,
  };
}
