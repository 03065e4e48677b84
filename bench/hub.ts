import { createSimDriver } from '../lab/drivers/sim/sim-driver.ts';
import { loadTopology } from '../lab/topology/load.ts';
import { connectedSpokes, hubTopology } from '../lab/bench/scale/hub.ts';
import { heapOctets } from './soak/heap.ts';

/** A hub and so many spokes in the simulator, all of which call at once. */
export interface HubRate {
  readonly gateways: number;
  /** From the first message until every spoke has its IKE SA and its child: of the simulation, and of this machine. */
  readonly virtualMs: number;
  readonly realMs: number;
  /** Of the whole simulation, for each gateway. */
  readonly heapOctetsPerGateway: number;
}

const STEP_MS = 250;
const PATIENCE_MS = 600_000;

/** Spokes authenticate with a shared secret; each has 10 ms to the hub. Throws when one of them does not get through. */
export async function measureHub(spokes: number): Promise<HubRate> {
  const { topology, diagnostics } = loadTopology('hub.yaml', hubTopology(spokes, 10));
  if (topology === null)
    throw new Error(
      diagnostics
        .map(({ message }) => message)
        .slice(0, 3)
        .join('; '),
    );
  const before = heapOctets();
  const began = process.hrtime.bigint();
  const lab = await createSimDriver({ pace: 'virtual' }).up(topology, {
    runId: 'bench',
    seed: 'bench',
    onPacket: () => undefined,
    onEvent: () => undefined,
  });
  const startedAt = lab.now();
  for (let waitedMs = 0; ; waitedMs += STEP_MS) {
    await lab.sleep(STEP_MS);
    const connected = await connectedSpokes(lab);
    if (connected === spokes) break;
    if (waitedMs > PATIENCE_MS) throw new Error(`${connected} of ${spokes} spokes are connected`);
  }
  const realMs = Number(process.hrtime.bigint() - began) / 1e6;
  const virtualMs = Number(lab.now() - startedAt) / 1e6;
  const heapOctetsPerGateway = (heapOctets() - before) / (spokes + 1);
  await lab.down();
  return { gateways: spokes + 1, virtualMs, realMs, heapOctetsPerGateway };
}
