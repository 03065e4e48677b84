import { describe, expect, test } from 'vitest';
import { Recorder } from '../capture/recorder.ts';
import { createTripwire } from '../capture/tripwire.ts';
import { awaitStart } from '../drivers/await-start.ts';
import type { RunningLab } from '../drivers/driver.ts';
import { createSimDriver } from '../drivers/sim/sim-driver.ts';
import type { Topology } from '../topology/model.ts';
import { openTopology, shippedTopologies } from '../topology/shipped.ts';
import type { Witnesses } from './result.ts';
import { judgeRun } from './run-judgement.ts';
import { runChecks } from './run.ts';

/** The topologies that ship and negotiate, from the first IKE_SA_INIT to their last check, in virtual time. */
const NEGOTIATED = shippedTopologies().flatMap(({ name }) => {
  const { topology } = openTopology(name);
  return topology?.nodes.some(({ ike }) => ike !== null) === true ? [topology] : [];
});

interface Scene {
  readonly lab: RunningLab;
  readonly witnesses: Witnesses;
  /** How often each kind of event has happened. */
  readonly events: Map<string, number>;
}

async function up(topology: Topology): Promise<Scene> {
  const witnesses = { recorder: new Recorder(), tripwire: createTripwire(topology.protectedFlows) };
  const events = new Map<string, number>();
  const lab = await createSimDriver({ pace: 'virtual' }).up(topology, {
    runId: 'negotiated',
    seed: '7',
    onPacket: packet => {
      witnesses.recorder.record(packet);
      witnesses.tripwire.see(packet);
    },
    onEvent: ({ kind }) => void events.set(kind, (events.get(kind) ?? 0) + 1),
  });
  expect(await awaitStart(lab, 20_000)).toEqual([]);
  return { lab, witnesses, events };
}

async function failures({ lab, witnesses }: Scene): Promise<string[]> {
  const results = await runChecks(lab, witnesses, () => undefined);
  return results.flatMap(({ kind, title, why }) => (kind === 'passed' ? [] : [`${title}: ${why}`]));
}

describe('negotiated topologies', () => {
  test('are there', () => {
    const names = NEGOTIATED.map(({ name }) => name);
    expect(names).toEqual(
      expect.arrayContaining([
        'full-mesh',
        'hub-and-spoke',
        'interop-strongswan',
        'post-quantum',
        'road-warriors',
        'site-to-site',
        'site-to-site-ca',
        'site-to-site-rsa',
      ]),
    );
  });

  test.each(NEGOTIATED)('$name', async topology => {
    const scene = await up(topology);
    expect(await failures(scene)).toEqual([]);
    expect(judgeRun(scene.lab, scene.witnesses.tripwire)).toMatchObject({ kind: 'clean' });
    expect(scene.events.get('ikeEstablished')).toBeGreaterThanOrEqual(2);
    expect(scene.events.get('negotiationFailed') ?? 0).toBe(0);
    // A child for each policy at each end, and not one more than somebody wanted.
    const ends = topology.nodes.flatMap(({ ike }) => ike?.connections ?? []).flatMap(({ children }) => children);
    expect(scene.events.get('childEstablished')).toBeLessThanOrEqual(ends.length + 2);
    await scene.lab.down();
  });

  test('road-warriors: who moves goes on with the address that she was given', async () => {
    const { topology } = openTopology('road-warriors');
    if (topology === null) throw new Error('road-warriors does not load');
    const scene = await up(topology);
    await scene.lab.sleep(25_000);
    expect(scene.events.get('peerMoved')).toBeGreaterThanOrEqual(1);
    expect(await failures(scene)).toEqual([]);
    expect(scene.events.get('ikeEstablished')).toBe(4);
    await scene.lab.down();
  });
});
