import type { CapturedPacket } from '../../../capture/packet.ts';
import { UNIMPAIRED } from '../../../topology/impairment.ts';
import type { FaultAction, Impairment, ScheduledFault, Topology } from '../../../topology/model.ts';
import { openTopology } from '../../../topology/shipped.ts';
import type { LabEvent, RunContext, RunningLab } from '../../driver.ts';
import { createSimDriver, type SimDriverOptions } from '../sim-driver.ts';

/** A simulated lab of a test, and all that came out of it. */
export interface SimScene {
  readonly lab: RunningLab;
  readonly packets: readonly CapturedPacket[];
  readonly events: readonly LabEvent[];
  /** Runs a command line on a node; the words are separated by single spaces. */
  readonly run: (
    node: string,
    command: string,
    input?: AsyncIterable<Uint8Array> | null,
    signal?: AbortSignal,
  ) => Promise<Ended>;
}

export interface Ended {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

export function shippedTopology(name: string): Topology {
  const { topology } = openTopology(name);
  if (topology === null) throw new Error(`topology ${name} does not load`);
  return topology;
}

/** The same topology with that link impaired both ways. */
export function withImpairment(topology: Topology, link: string, impairment: Partial<Impairment>): Topology {
  const both = { ...UNIMPAIRED, ...impairment };
  const links = topology.links.map(entry =>
    entry.name === link ? { ...entry, impairments: [both, both] as const } : entry,
  );
  return { ...topology, links };
}

export function withFaults(topology: Topology, ...faults: readonly (readonly [atMs: number, FaultAction])[]): Topology {
  const scheduled: ScheduledFault[] = faults.map(([atMs, action]) => ({ atNs: atMs * 1e6, action }));
  return { ...topology, faults: scheduled };
}

export async function openSim(
  topology: Topology,
  seed = 'test',
  options: Partial<SimDriverOptions> = {},
  run: Partial<RunContext> = {},
): Promise<SimScene> {
  const packets: CapturedPacket[] = [];
  const events: LabEvent[] = [];
  const lab = await createSimDriver({ pace: 'virtual', ...options }).up(topology, {
    runId: 'test',
    seed,
    onPacket: packet => packets.push(packet),
    onEvent: event => events.push(event),
    ...run,
  });
  return {
    lab,
    packets,
    events,
    run: async (node, command, input = null, signal) => {
      const stdout: Uint8Array[] = [];
      const stderr: Uint8Array[] = [];
      const io = {
        stdin: input,
        stdout: (octets: Uint8Array) => void stdout.push(octets),
        stderr: (octets: Uint8Array) => void stderr.push(octets),
        signal: signal ?? null,
      };
      const status = await lab.exec(node, command.split(' '), io);
      return { status, stdout: Buffer.concat(stdout).toString(), stderr: Buffer.concat(stderr).toString() };
    },
  };
}

/** Input that is there when it is asked for. */
// oxlint-disable-next-line typescript/require-await -- nothing to wait for
export async function* input(...chunks: readonly (string | Uint8Array)[]): AsyncGenerator<Uint8Array> {
  for (const chunk of chunks) yield typeof chunk === 'string' ? new TextEncoder().encode(chunk) : chunk;
}

/** Everything that was captured, as one text: equal if and only if the traces are. */
export function traceOf(packets: readonly CapturedPacket[]): string {
  return packets
    .map(({ link, from, at, octets }) => `${link} ${from} ${at} ${Buffer.from(octets).toString('hex')}`)
    .join('\n');
}
