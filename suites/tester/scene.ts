import { randomUUID } from 'node:crypto';
import type { EspSaKeys } from '../../lab/capture/key-log.ts';
import type { CapturedPacket } from '../../lab/capture/packet.ts';
import type { Driver, RunningLab } from '../../lab/drivers/driver.ts';
import { implementationOf } from '../../lab/subjects/live.ts';
import { ENGINE, type Subject } from '../../lab/subjects/subject.ts';
import { openTopology } from '../../lab/topology/shipped.ts';
import type { Topology, TopologyPolicy } from '../../lab/topology/model.ts';
import type { SuiteSettings } from '../settings.ts';
import { type Citations, citationsOf } from './citations.ts';
import { Unsupported } from './judgement.ts';

/** How long, in lab time, a packet and its answer get to cross the lab after something was sent. */
const SETTLE_MS = 300;

/**
 * What a clause works with: a lab that is up, in which `alice` is the subject and everything else is good, and all
 * that was seen on its links since before the first packet.
 */
export interface Scene extends Citations {
  readonly lab: RunningLab;
  readonly topology: Topology;
  /** What the links showed so far, in order; of one link, or sent by one end (`alice:net0`). */
  packets(where?: { readonly link?: string; readonly from?: string }): readonly CapturedPacket[];
  /** Puts frames on a link towards one end, then lets the lab carry them and their answers. */
  send(link: string, towards: string, frames: readonly Uint8Array[]): Promise<void>;
  /** What a judgement rests on that cited nothing itself: what alice put on her links. */
  citeAll(): void;
  /** Of every SA that the run has had. */
  keys(): readonly EspSaKeys[];
}

export interface SceneOrder {
  readonly subject: Subject;
  readonly about: {
    readonly esp?: string;
    readonly selectors?: readonly [string, string];
  };
  readonly settings: SuiteSettings;
}

export async function openScene(order: SceneOrder): Promise<Scene> {
  const topology = arranged(readTopology('site-to-site-manual'), order.about);
  const seen: CapturedPacket[] = [];
  const citations = citationsOf(seen);
  const driver = await driverFor(order);
  const lab = await driver.up(topology, {
    runId: randomUUID(),
    seed: order.settings.seed,
    onPacket: packet => seen.push(packet),
    onEvent: () => undefined,
  });
  return {
    ...citations,
    lab,
    topology,
    packets: where =>
      seen.filter(
        packet => (where?.link ?? packet.link) === packet.link && (where?.from ?? packet.from) === packet.from,
      ),
    send: async (link, towards, frames) => {
      for (const frame of frames) await lab.inject(link, towards, frame);
      await lab.sleep(SETTLE_MS);
    },
    citeAll: () => {
      const sent = seen.filter(packet => packet.from.startsWith('alice:') && isIp(packet));
      for (const packet of sent.slice(0, CITED_MAX)) citations.cite(packet, 'what alice sent');
    },
    keys: () => lab.keys(),
  };
}

/** A report is to be read. */
const CITED_MAX = 4;

const isIp = ({ octets }: CapturedPacket): boolean => octets[12] === 0x08 && octets[13] === 0x00;

/** Loads only the driver that is asked for: the live one wants the native addon. */
async function driverFor({ subject, settings }: SceneOrder): Promise<Driver> {
  if (subject.implementation !== undefined) throw new Unsupported(`${subject.name} is given no SAs by hand`);
  if (settings.driver === 'netns') {
    const { createNetnsDriver } = await import('../../lab/drivers/netns/netns-driver.ts');
    const implementation = implementationOf(subject);
    return createNetnsDriver({ standFor: node => (node === 'alice' ? { implementation } : {}) });
  }
  const { createSimDriver } = await import('../../lab/drivers/sim/sim-driver.ts');
  return createSimDriver({
    pace: 'virtual',
    makeNode: (config, context) => (config.name === 'alice' ? subject : ENGINE).make(config, context),
  });
}

function readTopology(name: string): Topology {
  const { topology, diagnostics } = openTopology(name);
  if (topology === null) throw new Error(`topology ${name}: ${diagnostics[0]?.message ?? 'cannot be read'}`);
  return { ...topology, checks: [], faults: [] };
}

/** The topology as the clause wants its gateways: keyed with one ESP suite, and with selectors where it names them. */
function arranged(topology: Topology, { esp = 'aes256gcm16', selectors }: SceneOrder['about']): Topology {
  const policyOf = (node: string, policy: TopologyPolicy): TopologyPolicy => {
    if (policy.action.kind !== 'protect') return policy;
    const sides = selectors === undefined ? null : sidesOf(node, selectors);
    const { local, remote } = sides === null ? policy : { local: [sides[0]], remote: [sides[1]] };
    const transforms = policy.action.transforms.map(transform => ({ ...transform, suites: [esp] }));
    return { ...policy, local, remote, action: { ...policy.action, transforms } };
  };
  const nodes = topology.nodes.map(node => ({
    ...node,
    policies: node.policies.map(policy => policyOf(node.name, policy)),
  }));
  return { ...topology, nodes, sas: topology.sas.map(sa => ({ ...sa, suite: esp })) };
}

const sidesOf = (node: string, [a, b]: readonly [string, string]): readonly [string, string] =>
  node === 'alice' ? [a, b] : [b, a];
