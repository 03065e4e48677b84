import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { aliceConfig, measureGateway } from '../gateway-rate.ts';
import { measureHandshake } from '../ike-rate.ts';
import { callTree, selfTimes, totalUs } from './call-tree.ts';
import { flameGraph } from './flame-graph.ts';
import { profiled } from './profile.ts';

/**
 * Where the time of a packet and of a handshake goes: `npm run flame [-- FOLDER]` writes a flame graph of each, and prints the
 * functions that take the most themselves. In one process and one thread, as the simulator runs them.
 */
interface Workload {
  readonly name: string;
  readonly title: string;
  readonly unit: string;
  /** How often it was done. */
  readonly work: () => number;
}

const UDP_OCTETS = 1372;
const SECONDS = 4;
const HANDSHAKES = 300;

const forwarded = (name: string, suite: string | null): number =>
  Math.round(measureGateway(name, aliceConfig(suite), UDP_OCTETS, SECONDS).framesPerSecond * SECONDS);

const WORKLOADS: readonly Workload[] = [
  {
    name: 'clear',
    title: 'A gateway forwards a packet of 1400 octets in the clear',
    unit: 'a packet',
    work: () => forwarded('clear', null),
  },
  {
    name: 'esp',
    title: 'A gateway seals a packet of 1400 octets with AES-256-GCM',
    unit: 'a packet',
    work: () => forwarded('esp', 'aes256gcm16'),
  },
  {
    name: 'handshake',
    title: 'Two daemons connect: IKEv2, X25519, ECDSA certificates on P-256, one Child SA',
    unit: 'a handshake, both ends',
    work() {
      const authentication = { key: 'ecdsa256', sends: 'certificate' } as const;
      measureHandshake({ ike: 'aes256gcm16-prfsha384-x25519', esp: 'aes256gcm16', authentication }, HANDSHAKES);
      return HANDSHAKES + 1;
    },
  },
];

async function main(folder: string): Promise<void> {
  mkdirSync(folder, { recursive: true });
  for (const { name, title, unit, work } of WORKLOADS) {
    let units = 0;
    const flameWork = (): void => {
      units = work();
    };
    const root = callTree(await profiled(flameWork), flameWork.name);
    const file = join(folder, `${name}.svg`);
    writeFileSync(file, flameGraph(title, root, units, unit));
    process.stdout.write(`${title}: ${(totalUs(root) / units).toFixed(2)} µs ${unit} (${file})\n`);
    for (const { name: function_, origin, us } of selfTimes(root).slice(0, 10)) {
      const share = ((us / totalUs(root)) * 100).toFixed(1).padStart(6);
      process.stdout.write(`${share} %${(us / units).toFixed(2).padStart(9)} µs  ${function_} ${origin}\n`);
    }
  }
}

await main(process.argv[2] ?? join(import.meta.dirname, '..', '..', '..', 'docs', 'profile'));
