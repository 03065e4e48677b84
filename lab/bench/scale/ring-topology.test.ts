import { expect, test } from 'vitest';
import { createSimDriver } from '../../drivers/sim/sim-driver.ts';
import { loadTopology } from '../../topology/load.ts';
import { ringTopology } from './ring-topology.ts';

test.each(['manual', 'ike', 'clear'] as const)('a ring of 50 sites with %s keys is a topology of 100 nodes', keys => {
  const { topology, diagnostics } = loadTopology('ring.yaml', ringTopology({ sites: 50, keys }));
  expect(diagnostics).toEqual([]);
  expect(topology?.nodes.length).toBe(100);
  expect(topology?.links.length).toBe(100);
  expect(topology?.protectedFlows.length).toBe(keys === 'clear' ? 0 : 50);
});

test('every site of a small ring reaches the next', async () => {
  const { topology } = loadTopology('ring.yaml', ringTopology({ sites: 3, keys: 'manual' }));
  if (topology === null) throw new Error('the ring does not load');
  const lab = await createSimDriver({ pace: 'virtual' }).up(topology, {
    runId: 'ring',
    seed: '1',
    onPacket: () => undefined,
    onEvent: () => undefined,
  });
  for (const [from, to] of [
    ['site1', '10.2.0.1'],
    ['site2', '10.3.0.1'],
    ['site3', '10.1.0.1'],
  ] as const) {
    const probe = {
      from,
      to,
      toNode: null,
      with: 'icmp',
      dontFragment: false,
      sizeOctets: 56,
      timeoutMs: 3000,
    } as const;
    expect(await lab.probe(probe)).toMatchObject({ kind: 'answered' });
  }
  await lab.down();
});
