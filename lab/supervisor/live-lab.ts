import { decodeLine } from '../capture/decode-line.ts';
import type { CapturedPacket } from '../capture/packet.ts';
import { Recorder } from '../capture/recorder.ts';
import { createTripwire } from '../capture/tripwire.ts';
import type { EvidenceFrame } from '../checks/result.ts';
import { judgeRun } from '../checks/run-judgement.ts';
import { runChecks } from '../checks/run.ts';
import { awaitStart } from '../drivers/await-start.ts';
import type { Driver, LabEvent, RunningLab } from '../drivers/driver.ts';
import { type Change, planChanges } from '../reconcile/changes.ts';
import { badInput } from '../state/failure.ts';
import { type Undo, writeUndo } from '../state/undo.ts';
import type { Topology } from '../topology/model.ts';
import type { CheckOutcome, Evidence, LabState, LeakStatus, RunOutcome } from './api.ts';
import type { LabOrder } from './messages.ts';

/** A lab that is up, with all that watches it since before its first packet. */
export interface LiveLab {
  readonly order: LabOrder;
  /** What it was asked to be, as it is now: a driver may have added to that. */
  asked(): Topology;
  /** Makes it what a topology says, as far as it is not that; what has changed. Throws a Failure with nothing done. */
  reconcile(next: Topology): Promise<readonly Change[]>;
  readonly running: RunningLab;
  readonly recorder: Recorder;
  readonly startedAt: Date;
  state: LabState;
  /** Runs the topology's checks; a run waits for the one before it. */
  check(onResult: (result: CheckOutcome) => void): Promise<RunOutcome>;
  leaks(): LeakStatus[];
  /** The latest, oldest first. */
  events(): readonly LabEvent[];
  /** Frames that the capture saw from one end (`node:interface`) of a link. */
  framesFrom(link: string, end: string): number;
}

const EVENTS_KEPT = 100;
/** How long the nodes may take for what they negotiate by themselves; then the lab is up without. */
const START_MS_MAX = 10_000;

export async function bringUp(order: LabOrder, onProgress: (text: string) => void): Promise<LiveLab> {
  const { topology } = order;
  const recorder = new Recorder();
  let asked = topology;
  let tripwire = createTripwire(topology.protectedFlows);
  const frames = new Map<string, number>();
  const events: LabEvent[] = [];
  const driver = await driverOf(order);
  const running = await driver.up(topology, {
    runId: order.runId,
    seed: order.seed,
    onPacket: packet => {
      recorder.record(packet);
      tripwire.see(packet);
      const end = endKey(packet.link, packet.from);
      frames.set(end, (frames.get(end) ?? 0) + 1);
    },
    onEvent: event => {
      events.push(event);
      if (events.length > EVENTS_KEPT) events.shift();
      onProgress(event.node === null ? event.kind : `${event.kind} ${event.node}`);
    },
  });
  const missing = await awaitStart(running, START_MS_MAX, (done, all) => onProgress(`negotiated ${done} of ${all}`));
  for (const { node, connection, child } of missing) {
    events.push({ at: running.now(), node, kind: 'notNegotiated', detail: `${connection}: ${child}` });
  }
  let checking: Promise<unknown> = Promise.resolve();
  return {
    order,
    asked: () => asked,
    reconcile: async next => {
      const { changes, obstacle } = planChanges(asked, next);
      if (obstacle !== null) throw badInput(obstacle.message, obstacle.fix);
      await running.reconcile(next, changes);
      asked = next;
      const isWatched = changes.some(change => change.kind === 'judgement' && change.what === 'protected flows');
      if (isWatched) tripwire = createTripwire(next.protectedFlows);
      return changes;
    },
    running,
    recorder,
    startedAt: new Date(),
    state: 'up',
    check: async onResult => {
      const run = checking.then(() =>
        runChecks(running, { recorder, tripwire }, ({ kind, evidence, ...result }) =>
          onResult({ ...result, outcome: kind, evidence: evidence.map(evidenceText) }),
        ),
      );
      checking = run.catch(() => undefined);
      await run;
      const { kind, lines, evidence } = judgeRun(running, tripwire);
      return { outcome: kind, lines, evidence: evidence.map(evidenceText) };
    },
    leaks: () =>
      tripwire
        .report()
        .flows.filter(sighting => sighting.clearPackets > 0)
        .map(({ flow, link, clearPackets, offences }) => ({
          link,
          flow: `${flow.a} <-> ${flow.b}`,
          because: flow.because,
          packets: clearPackets,
          first: offences[0] === undefined ? '' : offenceText(offences[0]),
        })),
    events: () => events,
    framesFrom: (link, end) => frames.get(endKey(link, end)) ?? 0,
  };
}

const endKey = (link: string, end: string): string => `${link} ${end}`;

const evidenceText = ({ packet, says }: EvidenceFrame): Evidence => ({
  link: packet.link,
  frame: decodeLine(packet),
  says,
});

const offenceText = ({ packet, how }: { readonly packet: CapturedPacket; readonly how: string }): string =>
  `${decodeLine(packet)} (${how})`;

/** Each driver alone: a simulated lab must not need what a live one does. */
async function driverOf({ driver, hosts, stateDirectory }: LabOrder): Promise<Driver> {
  switch (driver) {
    case 'sim': {
      const { createSimDriver } = await import('../drivers/sim/sim-driver.ts');
      return createSimDriver({ pace: 'real-time' });
    }
    case 'netns': {
      const { createNetnsDriver } = await import('../drivers/netns/netns-driver.ts');
      return createNetnsDriver();
    }
    case 'docker': {
      const { createDockerDriver } = await import('../drivers/docker/docker-driver.ts');
      return createDockerDriver();
    }
    case 'swarm': {
      const { createSwarmDriver } = await import('../drivers/swarm/swarm-driver.ts');
      return createSwarmDriver();
    }
    case 'mininet': {
      const { createMininetDriver, createAttachedDriver } = await import('../drivers/mininet/mininet-driver.ts');
      if (hosts === null) return createMininetDriver();
      const pids = Object.fromEntries(Object.entries(hosts).map(([node, { pid }]) => [node, pid]));
      return createAttachedDriver({ pids, keepUndo: scripts => writeUndo(stateDirectory, undosOf(scripts, hosts)) });
    }
  }
}

const undosOf = (
  scripts: readonly { readonly node: string; readonly script: string }[],
  hosts: NonNullable<LabOrder['hosts']>,
): Undo[] =>
  scripts.flatMap(({ node, script }) => {
    const process = hosts[node];
    return process === undefined ? [] : [{ host: node, process, script }];
  });
