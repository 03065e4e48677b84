import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { programFile } from '../../../engine/host/program.ts';
import { insideNamespaces, rerunInNamespaces } from '../../../engine/host/testing/private-namespaces.ts';
import { nativeAddon } from '../../../engine/native/addon.ts';
import { podCommand } from '../../drivers/netns/pod.ts';
import { loadTopology } from '../../topology/load.ts';
import { startGenerator } from '../generator/generator.ts';
import { bringUp } from '../live/bring-up.ts';
import { connect, disconnect, measureHandshakes } from './handshakes.ts';
import { createIkeWatch } from './ike-watch.ts';
import { ALL_CASES, type SetupEnds, setupText, USUAL_CASE } from './setup-plan.ts';
import { measureFirstPacket, measureRekey } from './traffic.ts';
import { openEars } from './ears.ts';

const OURS: SetupEnds = { initiator: 'engine', responder: 'engine' };

test.runIf(!insideNamespaces).each(ALL_CASES)('the lab of $group and $authentication loads', one => {
  for (const ends of [OURS, { initiator: 'engine', responder: 'strongswan' } as const])
    expect(loadTopology('setup.yaml', setupText(one, ends)).diagnostics).toEqual([]);
});

const isRoot = process.getuid?.() === 0;
const built = nativeAddon().kind === 'loaded' && existsSync(programFile('engine/host/main'));
const podWorks = spawnSync('env', [...podCommand(isRoot), 'true']).status === 0;

test.skipIf(insideNamespaces || !built || !podWorks)(
  'what it takes to set up and to rekey is measured, live (needs npm run build, g++ make python3, and namespaces)',
  async () => expect(await rerunInNamespaces(import.meta.filename, [], podCommand(isRoot))).toBe(''),
);

describe.runIf(insideNamespaces)('two engines', () => {
  test('handshakes, the first packet, a rekey under traffic', async () => {
    const ground = await bringUp(setupText(USUAL_CASE, OURS), AbortSignal.timeout(100_000));
    const watch = createIkeWatch();
    const ears = openEars(ground, watch);
    try {
      const { ns, cpuNs } = await measureHandshakes(ground, watch, { warmUp: 1, rounds: 2 });
      expect(ns).toHaveLength(3);
      expect(Math.min(...ns)).toBeGreaterThan(0);
      expect(cpuNs).toBeGreaterThanOrEqual(0);
      const generator = await startGenerator(ground, { sender: 'a1', receiver: 'b1' });
      const lab = { ground, watch, generator };
      expect(await measureFirstPacket(lab, 2)).toBeGreaterThan(0);
      await connect(ground, watch);
      const { gapNs, lost } = await measureRekey(lab, 'child', 1);
      expect(gapNs).toBeGreaterThan(0);
      expect(lost).toBeGreaterThanOrEqual(0);
      await generator.close();
      await disconnect(ground);
    } finally {
      for (const ear of ears) ear.close();
      await ground.down();
    }
  });
});
