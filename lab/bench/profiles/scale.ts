import { freemem } from 'node:os';
import type { MeasuredFigure } from '../record.ts';
import { connectedSpokes, hubTopology } from '../scale/hub.ts';
import { type Load, LOADS } from '../scale/load-order.ts';
import { podMemoryOctets } from '../scale/pod-memory.ts';
import { runLoadedGateway } from '../scale/run-gateway.ts';
import type { PlannedSubject, Profile, TurnContext } from './profile.ts';
import { nanoseconds, octets, sampled, timeSince } from './sampled.ts';

/** What a gateway costs that has ever more to look through, and what a hub costs that ever more gateways call. */
export const scale: Profile = {
  name: 'scale',
  summary: '1 to 10,000 SAs, policies and rules of a filter in one gateway; a hub with 1 to 200 gateways, live',
  plan: ({ quick }) => ({
    rounds: quick ? 3 : 10,
    subjects: [
      ...LOADS.flatMap(load => (quick ? [1, 10_000] : [1, 10, 100, 1000, 10_000]).map(n => loaded(load, n, quick))),
      ...(quick ? [1, 10] : [1, 2, 5, 10, 20, 50, 100, 200]).map(withHub),
    ],
  }),
};

const NAMES: Readonly<Record<Load, string>> = { sas: 'SAs', policies: 'policies', rules: 'rules of a filter' };

/** In a process of its own, without NICs: a live gateway would be measured with its kernel, which knows nothing of its tables. */
function loaded(load: Load, entries: number, quick: boolean): PlannedSubject {
  const name = `${load}-${entries}`;
  const seconds = quick ? 0.5 : 2;
  return {
    name,
    title: `${NAMES[load]} in a gateway: ${entries}`,
    obstacle: () => null,
    secondsPerTurn: seconds + 1 + entries / 4000,
    measure: async context => {
      context.say('packets in one process');
      const found = await runLoadedGateway({ load, entries, seconds }, context.signal);
      const { packetsPerSecond, memoryOctets, setUpNs } = found;
      const forwarding = {
        what: 'forwarding',
        metric: 'forwarding in one process',
        unit: 'packets/s',
        better: 'more',
        value: packetsPerSecond,
        ...(entries === 1 ? {} : { ceiling: `scale/${load}-1/forwarding` }),
      } as const;
      const figures = [forwarding, octets('memory', memoryOctets), nanoseconds('set up', setUpNs)];
      return figures.map(sampled({ profile: 'scale', subject: name, parameters: { [load]: entries } }));
    },
  };
}

/** Of a gateway that negotiates: its process and its daemon's thread. */
const GATEWAY_OCTETS = 40 * 2 ** 20;
const CALL_PATIENCE_MS = 300_000;

/** Live: each gateway is a process, and all call the hub as soon as they run. */
function withHub(gateways: number): PlannedSubject {
  const name = `gateways-${gateways}`;
  return {
    name,
    title: `gateways that call a hub: ${gateways}`,
    obstacle: () => {
      const wanted = (gateways + 1) * GATEWAY_OCTETS;
      if (freemem() > wanted) return null;
      return `${mebi(wanted)} MiB of memory are wanted, and ${mebi(freemem())} are free: end other programs`;
    },
    secondsPerTurn: 2 + gateways / 4,
    measure: context => measureHub(name, gateways, context),
  };
}

const mebi = (octets: number): string => Math.ceil(octets / 2 ** 20).toString();

async function measureHub(name: string, gateways: number, context: TurnContext): Promise<readonly MeasuredFigure[]> {
  const memoryBefore = podMemoryOctets();
  const upFrom = performance.now();
  const ground = await context.up(hubTopology(gateways, 0));
  const up = timeSince(upFrom, 'up');
  context.say('gateways call the hub');
  const isConnected = async (): Promise<boolean> => (await connectedSpokes(ground.lab)) === gateways;
  await ground.until(`all ${gateways} gateways have their SAs`, isConnected, CALL_PATIENCE_MS);
  const connected = timeSince(upFrom, 'all connected');
  const memory = octets('memory', podMemoryOctets() - memoryBefore);
  const downFrom = performance.now();
  await ground.down();
  const figures = [up, connected, timeSince(downFrom, 'down'), memory];
  return figures.map(sampled({ profile: 'scale', subject: name, parameters: { gateways } }));
}
