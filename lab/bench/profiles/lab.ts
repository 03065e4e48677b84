import { freemem } from 'node:os';
import type { BenchGround } from '../live/ground.ts';
import { findMininet } from '../../drivers/mininet/python.ts';
import { podSeconds } from '../live/process-times.ts';
import { measureMininetRing } from '../scale/mininet-ring.ts';
import { podMemoryOctets } from '../scale/pod-memory.ts';
import { type RingPlan, ringTopology } from '../scale/ring-topology.ts';
import type { PlannedSubject, Profile } from './profile.ts';
import { nanoseconds, octets, sampled, timeSince } from './sampled.ts';

/** What a lab costs before anything happens in it, against its size. */
export const labProfile: Profile = {
  name: 'lab',
  summary: 'time and memory of bringing labs of 6 to 400 nodes up and down, and Mininet with the same nodes',
  plan: ({ quick }) => ({
    rounds: quick ? 3 : 10,
    subjects: [
      ...(quick ? [3, 25] : [3, 10, 25, 50, 100, 200]).map(sites => ring({ sites, keys: 'manual' })),
      ...(quick ? [3] : [3, 50]).flatMap(sites => [ring({ sites, keys: 'ike' }), ring({ sites, keys: 'clear' })]),
      ...(quick ? [3] : [3, 10, 25, 50]).map(mininetRing),
    ],
  }),
};

/** Every site has had an answer from the next one. */
const REACHED = 'all reached';

const KEYS: Readonly<
  Record<RingPlan['keys'], { readonly suffix: string; readonly title: string; readonly mebi: number }>
> = {
  manual: { suffix: '', title: 'ESP with manual keys', mebi: 15 },
  ike: { suffix: '-ike', title: 'IKEv2', mebi: 40 },
  clear: { suffix: '-clear', title: 'tunnels without IPsec', mebi: 15 },
};

/**
 * A ring of sites, a gateway and a router each. From the text of the topology to gateways that run, and until nothing is left; the start
 * of the command itself, which does not depend on the topology, is no part of it.
 */
function ring(plan: RingPlan): PlannedSubject {
  const nodes = 2 * plan.sites;
  const { suffix, title, mebi } = KEYS[plan.keys];
  const name = `nodes-${nodes}${suffix}`;
  return {
    name,
    title: `nodes, ${title}: ${nodes}`,
    obstacle: () => {
      const wanted = plan.sites * mebi;
      const free = Math.floor(freemem() / 2 ** 20);
      return free > wanted ? null : `${wanted} MiB of memory are wanted, and ${free} are free: end other programs`;
    },
    secondsPerTurn: 1 + nodes / 8,
    measure: async context => {
      const [memoryBefore, secondsBefore] = [podMemoryOctets(), podSeconds()];
      const upFrom = performance.now();
      const ground = await context.up(ringTopology(plan));
      const up = timeSince(upFrom, 'up');
      const cpu = nanoseconds('CPU of up', (podSeconds() - secondsBefore) * 1e9);
      const reachFrom = performance.now();
      await reachAll(plan.sites, ground);
      const reached = timeSince(reachFrom, REACHED);
      const memory = octets('memory', podMemoryOctets() - memoryBefore);
      const downFrom = performance.now();
      await ground.down();
      const figures = [up, reached, timeSince(downFrom, 'down'), cpu, memory];
      return figures.map(sampled({ profile: 'lab', subject: name, parameters: { nodes } }));
    },
  };
}

/** One after the other, as Mininet is asked; by tunnels that the first packet may have to wait for. */
async function reachAll(sites: number, ground: BenchGround): Promise<void> {
  for (let site = 1; site <= sites; site++) {
    const next = (site % sites) + 1;
    const ping = ['ping', '-n', '-q', '-c', '1', '-W', '1', '-I', `10.${site}.0.1`, `10.${next}.0.1`];
    await ground.until(`site ${next} does not answer site ${site}`, async () => {
      const { status } = await ground.run(`site${site}`, ping);
      return status === 0;
    });
  }
}

/** The same hosts and links by Mininet, which has no IPsec. */
function mininetRing(sites: number): PlannedSubject {
  const nodes = 2 * sites;
  const name = `mininet-${nodes}`;
  return {
    name,
    title: `nodes, Mininet alone: ${nodes}`,
    obstacle: () =>
      findMininet() === null ? 'no Mininet: sudo apt-get install --no-install-recommends mininet bridge-utils' : null,
    secondsPerTurn: 1 + nodes / 16,
    measure: async ({ signal }) => {
      const { upMs, reachedMs, downMs, memoryOctets } = await measureMininetRing(sites, signal);
      const figures = [
        nanoseconds('up', upMs * 1e6),
        nanoseconds(REACHED, reachedMs * 1e6),
        nanoseconds('down', downMs * 1e6),
        octets('memory', memoryOctets),
      ];
      return figures.map(sampled({ profile: 'lab', subject: name, parameters: { nodes } }));
    },
  };
}
