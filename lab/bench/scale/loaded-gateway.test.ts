import { expect, test } from 'vitest';
import { loadTopology } from '../../topology/load.ts';
import { hubTopology } from './hub.ts';
import { LOADS } from './load-order.ts';
import { measureLoadedGateway } from './loaded-gateway.ts';

test.each(LOADS)('a gateway passes packets for each of 1 and of 2000 %s, which take more memory', load => {
  const measured = [1, 2000].map(entries => measureLoadedGateway({ load, entries, seconds: 0.02 }));
  for (const { packetsPerSecond, setUpNs } of measured) expect(Math.min(packetsPerSecond, setUpNs)).toBeGreaterThan(0);
  const [one, many] = measured.map(({ memoryOctets }) => memoryOctets);
  expect(many).toBeGreaterThan(one ?? Number.POSITIVE_INFINITY);
});

test.each([
  [1, 0],
  [200, 10],
])('a hub with %i spokes, %i ms away, is a topology', (spokes, delayMs) => {
  const { topology, diagnostics } = loadTopology('hub.yaml', hubTopology(spokes, delayMs));
  expect(diagnostics).toEqual([]);
  expect(topology?.nodes.length).toBe(spokes + 2 + Math.ceil(spokes / 200));
  expect(topology?.links.some(({ impairments }) => impairments[0].delayNs > 0)).toBe(delayMs > 0);
});
