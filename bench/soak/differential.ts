import { allEspSuiteNames, espSuite } from '../../engine/crypto/esp-suite.ts';
import { integrityAlgorithms } from '../../engine/crypto/integrity.ts';
import { AH_PEER, ahTrial } from '../../engine/ipsec/testing/ah-trials.ts';
import { hasScapy, NEEDS_SCAPY, runTrials, type Trial } from '../../engine/ipsec/testing/differential.ts';
import { ESP_PEER, espTrial } from '../../engine/ipsec/testing/esp-trials.ts';
import type { Table } from './report.ts';

/** Of all packets; there are as many suites of ESP for each integrity algorithm. */
const AH_SHARE = 0.1;

/**
 * `packets` random packets of ESP and AH, half in each direction, against scapy: every suite in turn, each of them in each
 * mode, family, with and without ESN; numbers, keys and content by the seed.
 */
export function soakDifferential(packets: number, seed: string, onProgress: (text: string) => void): Table {
  if (!hasScapy()) throw new Error(`no scapy ${NEEDS_SCAPY}`);
  const ahPackets = Math.round(packets * AH_SHARE);
  const suites = allEspSuiteNames().filter(name => espSuite(name) !== null);
  const tokens = integrityAlgorithms().map(({ token }) => token);
  const esp = runTrials(ESP_PEER, trialsOf(suites, packets - ahPackets, seed, espTrial), done =>
    onProgress(`ESP: ${2 * done} packets`),
  );
  const ah = runTrials(AH_PEER, trialsOf(tokens, ahPackets, seed, ahTrial), done =>
    onProgress(`AH: ${2 * done} packets`),
  );
  const rows = new Map<string, [count: number, suites: number]>();
  for (const [group, count] of [...esp.packets, ...ah.packets]) {
    const algorithm = algorithmOf(group);
    const [before, others] = rows.get(algorithm) ?? [0, 0];
    rows.set(algorithm, [before + count, others + 1]);
  }
  return {
    title: 'random packets against scapy, in both directions',
    headings: ['algorithm', 'suites', 'packets'],
    rows: [...rows].map(([algorithm, [count, others]]) => [algorithm, String(others), String(count)]),
    findings: [...esp.found, ...ah.found],
  };
}

function trialsOf(
  names: readonly string[],
  packets: number,
  seed: string,
  trial: (name: string, variant: number, seed: string) => Trial,
): Trial[] {
  return Array.from({ length: Math.ceil(packets / 2) }, (_, i) =>
    trial(names[i % names.length] ?? '', Math.floor(i / names.length), `${seed}/${i}`),
  );
}

/** Suites of ESP by their encryption: `ENCR_AES_CBC 128`. AH has one algorithm for each group. */
function algorithmOf(group: string): string {
  const encryption = espSuite(group)?.encryption;
  if (encryption === undefined) return group;
  return `${encryption.name} ${encryption.keyOctets * 8}${encryption.legacy ? ', legacy' : ''}`;
}
