import { join } from 'node:path';
import { measureMininetRing } from './mininet-ring.ts';
import { measureNetnsRing, type NetnsRing } from './netns-ring.ts';

/** A part of the bench in a process of its own: `npm run bench -- nodes`. */
const SITES = 50;
const LAB = join(import.meta.dirname, '../../bin/lab.js');
const MIB = 1 << 20;

process.stdout.write(
  `a ring of ${SITES} sites, ${2 * SITES} nodes, live: seconds up, for ${SITES} sites checked, down, up a node; seconds of processor time until checked; MiB in all\n`,
);
const KEYS = { manual: 'ESP, manual keys', ike: 'ESP, IKEv2', clear: 'tunnels without IPsec' } as const;
for (const keys of ['manual', 'ike', 'clear'] as const)
  row(`netns, ${KEYS[keys]}`, measureNetnsRing({ sites: SITES, keys }, LAB));
const mininet = await measureMininetRing(SITES);
if (mininet === null) process.stdout.write('  Mininet: this machine has none\n');
else row('Mininet alone, no IPsec', mininet);

function row(what: string, ring: Omit<NetnsRing, 'processorMs'> & Partial<NetnsRing>): void {
  const { upMs, checksMs, downMs, processorMs, memoryOctets } = ring;
  const seconds = [upMs, checksMs, downMs].map(ms => (ms / 1000).toFixed(1).padStart(8));
  const perNode = (upMs / 1000 / (2 * SITES)).toFixed(3).padStart(8);
  const processor = (processorMs === undefined ? '' : (processorMs / 1000).toFixed(1)).padStart(8);
  const memory = (memoryOctets / MIB).toFixed(0).padStart(8);
  process.stdout.write(`  ${what.padEnd(36)}${seconds.join('')}${perNode}${processor}${memory}\n`);
}
