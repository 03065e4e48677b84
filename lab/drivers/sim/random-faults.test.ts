import { expect, test } from 'vitest';
import { dissect, findLayer } from '../../../engine/wire/dissect.ts';
import { decodeLine } from '../../capture/decode-line.ts';
import type { CapturedPacket } from '../../capture/packet.ts';
import { createTripwire } from '../../capture/tripwire.ts';
import type { FaultAction, Topology } from '../../topology/model.ts';
import type { Probe, RunningLab } from '../driver.ts';
import { createSeededRandom, type SeededRandom } from './seeded-random.ts';
import { openSim, type SimScene, shippedTopology, withImpairment } from './testing/sim-scene.ts';

const siteToSite = shippedTopology('site-to-site-manual');
const LINKS = siteToSite.links.map(link => link.name);
const NODES = siteToSite.nodes.map(node => node.name);
const FAULTS = 12;

/** Bad links, and faults of every kind while programs run; then all is repaired, and must work again. */
async function runWith(seed: string): Promise<SimScene> {
  const random = createSeededRandom(`faults ${seed}`);
  const scene = await openSim(badTopology(random), seed);
  const commands = [
    scene.run('a1', 'ping -i 0.3 -c 80 10.0.1.2'),
    scene.run('b1', 'ping -i 0.4 -c 60 -s 2000 2001:470:24:c66::2'),
    scene.run('b1', 'sink 9000'),
    scene.run('a1', 'send -r 20000 10.0.1.2 9000 400000'),
    scene.run('alice', 'nc -l -u -w 20 7000'),
  ];
  for (let count = 0; count < FAULTS; count++) {
    await scene.lab.sleep(random.uniform() * 3000);
    await scene.lab.fault(anyFault(random));
  }
  await repair(scene.lab);
  const statuses = Promise.all(commands);
  for (const probe of PROBES) expect([seed, probe, await reach(scene.lab, probe)]).toEqual([seed, probe, true]);
  await scene.lab.down();
  await statuses;
  return scene;
}

test.each(Array.from({ length: 12 }, (_, index) => `seed ${index}`))(
  'whatever fails, nothing leaks, no sequence number is used twice, and after repair all works: %s',
  async seed => {
    const { packets } = await runWith(seed);
    const tripwire = createTripwire(siteToSite.protectedFlows);
    for (const packet of packets) tripwire.see(packet);
    const offences = tripwire.report().flows.flatMap(flow => flow.offences);
    expect(offences.map(({ packet, how }) => `${packet.link} ${decodeLine(packet)} (${how})`)).toEqual([]);
    expect(repeatedEsp(packets, 'alice:net0')).toEqual([]);
    expect(repeatedEsp(packets, 'bob:net0')).toEqual([]);
  },
);

// A shorter route must not take over from that to the office: the default route leads into the open.
test('a gateway whose office is unplugged does not send into the open what came out of the tunnel', async () => {
  const { lab, packets, run } = await openSim(siteToSite);
  await lab.fault({ kind: 'linkDown', link: 'lan-b' });
  await run('a1', 'ping -c 3 -W 1 10.0.1.2');
  await lab.down();
  const tripwire = createTripwire(siteToSite.protectedFlows);
  for (const packet of packets) tripwire.see(packet);
  expect(tripwire.report().tripped).toBe(false);
});

const PROBES: readonly Probe[] = (['icmp', 'tcp', 'udp'] as const).flatMap(protocol =>
  (
    [
      ['a1', 'b1', '10.0.1.2'],
      ['b1', 'a1', '10.0.0.2'],
      ['a1', 'b1', '2001:470:24:c67::2'],
    ] as const
  ).map(([from, toNode, to]): Probe => {
    const common = { from, to, toNode, timeoutMs: 2000, sizeOctets: 100 };
    return protocol === 'icmp'
      ? { ...common, with: protocol, dontFragment: false }
      : { ...common, with: protocol, port: 7 };
  }),
);

function badTopology(random: SeededRandom): Topology {
  return LINKS.reduce(
    (topology, link) =>
      withImpairment(topology, link, {
        delayNs: random.uniform() * 20e6,
        jitterNs: random.uniform() * 5e6,
        loss: random.uniform() * 0.05,
        duplicate: random.uniform() * 0.05,
        reorder: random.uniform() * 0.05,
        // A flipped bit inside an office may turn one address into another: only what ESP protects may be damaged.
        corrupt: link.startsWith('wan') ? random.uniform() * 0.05 : 0,
        rateBitsPerSecond: random.uniform() < 0.3 ? 2e6 + random.uniform() * 50e6 : null,
        queueFrames: 20 + Math.floor(random.uniform() * 100),
      }),
    siteToSite,
  );
}

function anyFault(random: SeededRandom): FaultAction {
  const pick = <T>(list: readonly T[]): T => list[random.u32() % list.length] as T;
  const link = pick(siteToSite.links);
  switch (random.u32() % 7) {
    case 0:
      return { kind: 'linkDown', link: link.name };
    case 1:
      return { kind: 'linkUp', link: link.name };
    case 2:
      return { kind: 'partition', link: link.name, from: pick(link.endpoints).node };
    case 3:
      return { kind: 'heal', link: link.name };
    case 4:
      return { kind: 'crash', node: pick(NODES) };
    case 5:
      return { kind: 'restart', node: pick(NODES) };
    default:
      return { kind: 'clockSkew', node: pick(NODES), byNs: Math.round((random.uniform() - 0.5) * 20e9) };
  }
}

async function repair(lab: RunningLab): Promise<void> {
  for (const link of LINKS) {
    await lab.fault({ kind: 'linkUp', link });
    await lab.fault({ kind: 'heal', link });
  }
  for (const node of NODES) await lab.fault({ kind: 'restart', node });
}

async function reach(lab: RunningLab, probe: Probe): Promise<boolean> {
  for (let tries = 0; tries < 10; tries++) if ((await lab.probe(probe)).kind === 'answered') return true;
  return false;
}

/** ESP packets of one sender with the SPI and sequence number of an earlier one. */
function repeatedEsp(packets: readonly CapturedPacket[], from: string): string[] {
  const seen = new Set<string>();
  const repeated: string[] = [];
  for (const packet of packets) {
    if (packet.from !== from) continue;
    const esp = findLayer(dissect(packet.octets), 'esp');
    if (esp === null) continue;
    const key = `${esp.spi} ${esp.sequence}`;
    if (seen.has(key)) repeated.push(key);
    seen.add(key);
  }
  return repeated;
}
