import type { Explanation, NodeStatus } from '../../../engine/node/node.ts';
import type { EspSaKeys } from '../../capture/key-log.ts';
import type { CapturedPacket } from '../../capture/packet.ts';
import { Recorder } from '../../capture/recorder.ts';
import { createTripwire } from '../../capture/tripwire.ts';
import type { Probe, ProbeResult, RunningLab } from '../../drivers/driver.ts';
import type { Check, CheckSpec, NodeKind, ProtectedFlow, Topology, TopologyNode } from '../../topology/model.ts';
import type { Witnesses } from '../result.ts';

/** A lab of which a test decides every answer. Its clock moves only by `sleep` and by what a probe takes. */
export interface FakeLab {
  readonly lab: RunningLab;
  readonly witnesses: Witnesses;
  readonly probes: Probe[];
  readonly sleeps: number[];
  /** Puts a packet on a link, before all witnesses. */
  readonly show: (packet: CapturedPacket) => void;
}

export interface FakeOrder {
  readonly checks?: readonly Check[];
  readonly nodes?: readonly TopologyNode[];
  readonly protectedFlows?: readonly ProtectedFlow[];
  readonly keys?: readonly EspSaKeys[];
  readonly losses?: Record<string, number>;
  readonly statuses?: readonly NodeStatus[];
  readonly explain?: () => Explanation | null;
  /** `show` puts what the probe causes on the links. */
  readonly probe?: (probe: Probe, show: FakeLab['show'], count: number) => ProbeResult;
  /** Called with each sleep: for what arrives later. */
  readonly onSleep?: (show: FakeLab['show'], count: number) => void;
}

const START = 1_767_225_600_000_000_000n;

export function fakeLab(order: FakeOrder): FakeLab {
  let now = START;
  const probes: Probe[] = [];
  const sleeps: number[] = [];
  const witnesses = { recorder: new Recorder(), tripwire: createTripwire(order.protectedFlows ?? []) };
  const show = (packet: CapturedPacket): void => {
    witnesses.recorder.record({ ...packet, at: now });
    witnesses.tripwire.see({ ...packet, at: now });
  };
  const lab: RunningLab = {
    topology: topologyOf(order),
    driver: 'sim',
    capabilities: new Set(),
    now: () => now,
    sleep: milliseconds => {
      sleeps.push(milliseconds);
      now += BigInt(milliseconds) * 1_000_000n;
      order.onSleep?.(show, sleeps.length);
      return Promise.resolve();
    },
    probe: probe => {
      probes.push(probe);
      const result = order.probe?.(probe, show, probes.length) ?? { kind: 'timeout' };
      now += BigInt(result.kind === 'timeout' ? probe.timeoutMs : 1) * 1_000_000n;
      return Promise.resolve(result);
    },
    exec: refuse,
    inject: refuse,
    fault: refuse,
    reconcile: refuse,
    condition: () => ({ nodes: {}, links: {} }),
    status: () => Promise.resolve(order.statuses ?? []),
    explain: () => Promise.resolve(order.explain?.() ?? null),
    ike: () => Promise.resolve([]),
    ikeCommand: refuse,
    keys: () => order.keys ?? [],
    ikeSecrets: () => [],
    captureLosses: () => order.losses ?? {},
    down: refuse,
  };
  return { lab, witnesses, probes, sleeps, show };
}

const refuse = (): never => {
  throw new Error('no check may ask for this');
};

export const check = (spec: CheckSpec, over: Partial<Check> = {}): Check => ({
  title: spec.kind,
  line: 7,
  tries: 3,
  timeoutMs: 1000,
  spec,
  ...over,
});

export function node(name: string, kind: NodeKind, addresses: readonly string[], mtu = 1500): TopologyNode {
  const plain = { mac: '02:00:00:00:00:01', autoconfigure: false, advertise: false, link: null };
  const interfaces = [{ name: 'eth0', mtu, addresses, ...plain }];
  return {
    name,
    kind,
    engine: kind === 'gateway',
    implementation: null,
    forwarding: kind !== 'host',
    interfaces,
    tunnels: [],
    routes: [],
    policies: [],
    ike: null,
    sas: [],
    filter: null,
    hostModel: 'weak',
    antiSpoofing: false,
    reportDiscards: false,
    fragments: 'reassemble',
    nat: null,
  };
}

function topologyOf(order: FakeOrder): Topology {
  return {
    name: 'fake',
    title: 'Fake',
    description: '',
    file: 'fake.yaml',
    nodes: order.nodes ?? [],
    links: [],
    pki: null,
    sas: [],
    firstSteps: [],
    protectedFlows: order.protectedFlows ?? [],
    checks: order.checks ?? [],
    faults: [],
  };
}
