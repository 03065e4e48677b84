import type { Random } from '../../../engine/crypto/random.ts';
import type { IkeConfig } from '../../../engine/ike/config.ts';
import { createIkeDaemon } from '../../../engine/ike/create.ts';
import type { IkeContext, IkeDaemon } from '../../../engine/ike/daemon.ts';
import type { IpsecKernel } from '../../../engine/ipsec/kernel.ts';
import { createTypescriptKernel } from '../../../engine/ipsec/typescript-kernel.ts';
import type { NodeConfig } from '../../../engine/node/config.ts';
import { createNode } from '../../../engine/node/create.ts';
import type { Node, NodeContext } from '../../../engine/node/node.ts';
import { changingTopology } from '../../reconcile/changing-topology.ts';
import { ikeConfig } from '../../topology/ike-config.ts';
import type { Capability, Driver } from '../driver.ts';
import { enrol } from '../enrolment.ts';
import { SIMULATION_EPOCH_NS } from './clock.ts';
import { RealTimePace } from './real-time-pace.ts';
import { createSeededRandom } from './seeded-random.ts';
import { SimLab } from './sim-lab.ts';
import { Simulation } from './simulation.ts';
import { VirtualPace } from './virtual-pace.ts';

export interface SimDriverOptions {
  /** `virtual`: as fast as it goes, and the same every time. `real-time`: a lab that stays up beside the user. */
  readonly pace: 'virtual' | 'real-time';
  /** The ESP kernel of a node; the TypeScript one unless given. */
  readonly kernelFor?: (node: string, random: Random) => IpsecKernel;
  /** What a node is made with; the engine's own `createNode` unless given. */
  readonly makeNode?: (config: NodeConfig, context: NodeContext) => Node;
  /** What an IKE daemon is made with; the engine's own `createIkeDaemon` unless given. */
  readonly makeIke?: (config: IkeConfig, context: IkeContext, node: string) => IkeDaemon;
  /** The configuration of a node's daemon; as the topology says unless given. */
  readonly ikeFor?: (node: string) => IkeConfig | null;
}

const EPOCH_SECONDS = Number(SIMULATION_EPOCH_NS / 1_000_000_000n);

const CAPABILITIES: readonly Capability[] = ['scheduled-faults', 'inject', 'impairments'];

/**
 * The lab as a simulation: every node is an engine node, hosts included, and programs are those of host/programs.ts. All
 * randomness, keys included, comes from the run's seed: the same topology, seed and use of the lab give the same packets.
 */
export function createSimDriver(options: SimDriverOptions): Driver {
  const { pace, kernelFor = (_node, random) => createTypescriptKernel(random), makeNode = createNode } = options;
  const { makeIke = (config, context) => createIkeDaemon(config, context) } = options;
  const capabilities = new Set<Capability>(pace === 'virtual' ? ['virtual-time', ...CAPABILITIES] : CAPABILITIES);
  return {
    name: 'sim',
    capabilities,
    up: async (asked, run) => {
      const changing = changingTopology(asked);
      const { topology } = changing;
      const simulation = new Simulation();
      const clockwork = pace === 'virtual' ? new VirtualPace(simulation) : new RealTimePace(simulation);
      const randomFor = (name: string) => createSeededRandom(`${run.seed}/pki/${name}`);
      const enrolment = await enrol(topology, EPOCH_SECONDS, randomFor);
      const ikeFor = options.ikeFor ?? (node => ikeConfig(topology, node, enrolment.credentials(node)));
      const services = [...enrolment.services, ...(run.services ?? [])];
      const made = { services, kernelFor, makeNode, makeIke, ikeFor };
      return new SimLab({ topology, changing, run, capabilities, simulation, pace: clockwork, ...made });
    },
  };
}
