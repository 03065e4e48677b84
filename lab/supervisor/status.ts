import type { NodeStatus } from '../../engine/node/node.ts';
import type { LabEvent } from '../drivers/driver.ts';
import type { TopologyNode } from '../topology/model.ts';
import type { EventStatus, LabNodeStatus, LabStatus, LinkStatus } from './api.ts';
import type { LiveLab } from './live-lab.ts';

export async function statusOf(lab: LiveLab): Promise<LabStatus> {
  const { order, running } = lab;
  const { name, title, file } = running.topology;
  return {
    version: 1,
    lab: order.name,
    runId: order.runId,
    driver: order.driver,
    state: lab.state,
    topology: { name, title, file },
    seed: order.replay ? order.seed : null,
    startedAt: lab.startedAt.toISOString(),
    labTime: isoTime(running.now()),
    nodes: await nodeStatuses(lab),
    links: linkStatuses(lab),
    tripwire: lab.leaks(),
    events: lab.events().map(eventStatus),
  };
}

async function nodeStatuses({ running }: LiveLab): Promise<LabNodeStatus[]> {
  const [statuses, ike] = await Promise.all([running.status(), running.ike()]);
  const { nodes } = running.condition();
  const ikeOf = (name: string) => ike.find(({ node }) => node === name)?.status ?? null;
  const described = ({ name, kind, engine }: TopologyNode, status: NodeStatus): LabNodeStatus => ({
    ...status,
    kind,
    engine,
    condition: nodes[name] ?? 'up',
    ike: ikeOf(name),
  });
  return running.topology.nodes.flatMap(node => {
    const status = statuses.find(found => found.name === node.name);
    return status === undefined ? [] : [described(node, status)];
  });
}

function linkStatuses(lab: LiveLab): LinkStatus[] {
  const losses = lab.running.captureLosses();
  const { links } = lab.running.condition();
  return lab.running.topology.links.map(link => {
    const [near, far] = link.endpoints.map(end => `${end.node}:${end.interface}`);
    if (near === undefined || far === undefined) throw new Error(`link ${link.name} without two ends`);
    return {
      name: link.name,
      ends: [near, far],
      impairments: links[link.name]?.impairments ?? link.impairments,
      planned: link.impairments,
      isCut: links[link.name]?.isCut ?? false,
      lostFrom: links[link.name]?.lostFrom ?? [],
      frames: [lab.framesFrom(link.name, near), lab.framesFrom(link.name, far)],
      captureLosses: losses[link.name] ?? 0,
    };
  });
}

const eventStatus = (event: LabEvent): EventStatus => ({
  at: isoTime(event.at),
  node: event.node,
  kind: event.kind,
  detail: event.detail,
  ...(event.deprecated === undefined ? {} : { deprecated: event.deprecated }),
});

/** `2026-01-01T00:00:00.000000000Z` from nanoseconds since the Unix epoch. */
function isoTime(ns: bigint): string {
  const seconds = new Date(Number(ns / 1_000_000_000n) * 1000).toISOString().slice(0, 19);
  return `${seconds}.${String(ns % 1_000_000_000n).padStart(9, '0')}Z`;
}
