import { measureHub } from './hub.ts';

/** A part of the bench in a process of its own: the heap is that of the simulation alone. */
const SPOKES = [10, 100, 1000];

process.stdout.write(
  'hub and spokes in the simulator, all of which call at once: seconds until all are connected, of the simulation and here, octets of heap for each gateway\n',
);
for (const spokes of SPOKES) {
  const { gateways, virtualMs, realMs, heapOctetsPerGateway } = await measureHub(spokes);
  const cells = [(virtualMs / 1000).toFixed(2), (realMs / 1000).toFixed(2), heapOctetsPerGateway.toFixed(0)];
  process.stdout.write(`  ${`${gateways} gateways`.padEnd(36)}${cells.map(cell => cell.padStart(9)).join('')}\n`);
}
