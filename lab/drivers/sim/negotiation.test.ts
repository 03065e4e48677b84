import { describe, expect, test } from 'vitest';
import { findLayer } from '../../../engine/wire/dissect.ts';
import { dissect } from '../../../engine/wire/dissect.ts';
import { createTripwire } from '../../capture/tripwire.ts';
import { loadTopology } from '../../topology/load.ts';
import { negotiated } from '../../topology/testing/negotiated.ts';
import { awaitStart } from '../await-start.ts';
import { openSim, type SimScene, traceOf, withImpairment } from './testing/sim-scene.ts';

/** The engine's own daemons, beside the nodes of two offices. */
const PSK = 'auth: { psk: "${secrets.alice-bob}" }';

function offices(alice = `${PSK}, start: start`, bob = PSK) {
  const { topology } = loadTopology('offices.yaml', negotiated(alice, bob));
  if (topology === null) throw new Error('does not load');
  return topology;
}

const received = (text: string): string => /(\d+) packets transmitted, \d+ received/.exec(text)?.[0] ?? text;

function expectNothingClear({ packets }: SimScene, topology = offices()): void {
  const tripwire = createTripwire(topology.protectedFlows);
  for (const packet of packets) tripwire.see(packet);
  expect(tripwire.report().tripped).toBe(false);
}

describe('two gateways that negotiate', () => {
  test('start by themselves, and keep traffic between the offices out of sight', async () => {
    const scene = await openSim(offices());
    const progress: string[] = [];
    expect(await awaitStart(scene.lab, 10_000, (done, all) => progress.push(`${done}/${all}`))).toEqual([]);
    expect(progress.at(-1)).toBe('1/1');
    const { stdout } = await scene.run('a1', 'ping -c 5 -i 0.1 10.0.1.2');
    expect(received(stdout)).toBe('5 packets transmitted, 5 received');
    expect(scene.lab.keys()).toHaveLength(2);
    expect(scene.lab.ikeSecrets()).toHaveLength(1);
    expectNothingClear(scene);
    await scene.lab.down();
  });

  test('on demand: the packet that asks is the first that arrives', async () => {
    const scene = await openSim(offices(`${PSK}, start: trap`));
    const { stdout } = await scene.run('a1', 'ping -c 3 -i 0.1 10.0.1.2');
    expect(received(stdout)).toBe('3 packets transmitted, 3 received');
    expectNothingClear(scene);
    await scene.lab.down();
  });

  test('make an SA for each flow where the policy says so, whoever sends first', async () => {
    const text = negotiated(`${PSK}, start: start`, PSK).replaceAll('protect: {', 'protect: { sa: unique,');
    const { topology } = loadTopology('offices.yaml', text);
    if (topology === null) throw new Error('does not load');
    const scene = await openSim(topology);
    const there = await scene.run('a1', 'ping -c 3 10.0.1.2');
    expect(received(there.stdout)).toBe('3 packets transmitted, 3 received');
    const back = await scene.run('b1', 'ping -c 3 10.0.0.2');
    expect(received(back.stdout)).toBe('3 packets transmitted, 3 received');
    const [{ status } = { status: null }] = await scene.lab.ike();
    // Of ICMP, questions and answers are two flows.
    expect(status?.sas[0]?.children.map(({ local }) => local)).toEqual([
      ['10.0.0.2-10.0.0.2 1[2048-2048]'],
      ['10.0.0.2-10.0.0.2 1[0-0]'],
    ]);
    expectNothingClear(scene, topology);
    await scene.lab.down();
  });

  test('change keys under traffic, of the child and of the IKE SA, from either side, and no packet is lost', async () => {
    const scene = await openSim(withImpairment(offices(), 'wan', { delayNs: 5e6 }));
    await awaitStart(scene.lab, 10_000);
    const pinging = scene.run('a1', 'ping -c 400 -i 0.01 10.0.1.2');
    const back = scene.run('b1', 'ping -c 400 -i 0.01 10.0.0.2');
    for (const node of ['alice', 'bob', 'alice', 'bob']) {
      const [{ status } = { status: null }] = (await scene.lab.ike()).filter(each => each.node === node);
      const [sa] = status?.sas ?? [];
      const [child] = sa?.children ?? [];
      if (sa === undefined || child === undefined) throw new Error(`${node} has no SA`);
      await scene.lab.ikeCommand(node, { kind: 'rekey', child: child.id });
      await scene.lab.sleep(400);
      await scene.lab.ikeCommand(node, { kind: 'rekey', ike: sa.id });
      await scene.lab.sleep(400);
    }
    expect(received((await pinging).stdout)).toBe('400 packets transmitted, 400 received');
    expect(received((await back).stdout)).toBe('400 packets transmitted, 400 received');
    const kinds = scene.events.map(({ kind }) => kind);
    expect(kinds.filter(kind => kind === 'childRekeyed').length).toBeGreaterThanOrEqual(4);
    expect(kinds.filter(kind => kind === 'ikeRekeyed').length).toBeGreaterThanOrEqual(4);
    const spis = new Set(scene.packets.flatMap(({ octets }) => findLayer(dissect(octets), 'esp')?.spi ?? []));
    expect(spis.size).toBeGreaterThanOrEqual(10);
    await scene.lab.down();
  });

  test('one of them restarts, and finds the other again', async () => {
    const scene = await openSim(offices());
    await awaitStart(scene.lab, 10_000);
    await scene.lab.fault({ kind: 'restart', node: 'alice' });
    expect(await awaitStart(scene.lab, 10_000)).toEqual([]);
    const { stdout } = await scene.run('b1', 'ping -c 3 -i 0.1 10.0.0.2');
    expect(received(stdout)).toBe('3 packets transmitted, 3 received');
    expectNothingClear(scene);
    await scene.lab.down();
  });

  test('the same seed makes the same octets', async () => {
    const traces: string[] = [];
    for (let i = 0; i < 2; i++) {
      const scene = await openSim(withImpairment(offices(), 'wan', { loss: 0.2, jitterNs: 3e6, delayNs: 1e6 }), 'seed');
      await awaitStart(scene.lab, 60_000);
      await scene.run('a1', 'ping -c 3 -i 0.1 10.0.1.2');
      await scene.lab.down();
      traces.push(traceOf(scene.packets));
    }
    expect(traces[0]).toBe(traces[1]);
  });
});
