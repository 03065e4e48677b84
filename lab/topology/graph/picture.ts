import type { Impairment, NodeKind, Topology, TopologyNode, TopologyTransform } from '../model.ts';
import { formatDuration, formatRate } from '../quantity.ts';

/** What a drawing of a topology shows, whatever draws it. */
export interface Picture {
  readonly title: string;
  readonly description: string;
  readonly nodes: readonly PictureNode[];
  readonly links: readonly PictureLink[];
  readonly tunnels: readonly PictureTunnel[];
}

export interface PictureNode {
  readonly name: string;
  readonly kind: NodeKind;
  readonly rows: readonly PictureRow[];
}

/** An interface and its addresses. */
export interface PictureRow {
  readonly name: string;
  readonly addresses: readonly string[];
}

export interface PictureLink {
  readonly name: string;
  readonly from: PictureEnd;
  readonly to: PictureEnd;
  /** `20ms`, `0.1% loss`, `1gbit`; nothing for a perfect wire. */
  readonly impairments: readonly string[];
}

export interface PictureEnd {
  readonly node: string;
  readonly interface: string;
}

/** A tunnel, or a pair of policies without one: once for its two ends. */
export interface PictureTunnel {
  readonly from: string;
  readonly to: string;
  /** `v4_bob0 ⇄ v4_alice0`, or the policy's name. */
  readonly name: string;
  /** `ESP aes256gcm16`; null: in the clear. */
  readonly protection: string | null;
}

export function pictureOf(topology: Topology): Picture {
  return {
    title: topology.title,
    description: topology.description,
    nodes: topology.nodes.map(node => ({
      name: node.name,
      kind: node.kind,
      rows: node.interfaces.map(({ name, addresses }) => ({ name, addresses })),
    })),
    links: topology.links.map(({ name, endpoints: [from, to], impairments: [forward, backward] }) => {
      return { name, from, to, impairments: bothWays(impairmentTexts(forward), impairmentTexts(backward)) };
    }),
    tunnels: [...tunnelsOf(topology), ...transportOf(topology)],
  };
}

function tunnelsOf(topology: Topology): PictureTunnel[] {
  const tunnels: PictureTunnel[] = [];
  for (const node of topology.nodes) {
    for (const tunnel of node.tunnels) {
      const peer = topology.nodes.find(({ name }) => name === tunnel.peer);
      const back = peer?.tunnels.find(other => other.peer === node.name && other.local === tunnel.remote);
      if (peer === undefined || topology.nodes.indexOf(peer) < topology.nodes.indexOf(node)) continue;
      const name = back === undefined ? tunnel.name : `${tunnel.name} ⇄ ${back.name}`;
      tunnels.push({ from: node.name, to: peer.name, name, protection: protectionOf(node, tunnel.name) });
    }
  }
  return tunnels;
}

function protectionOf(node: TopologyNode, tunnel: string): string | null {
  const actions = node.policies.filter(policy => policy.tunnel === tunnel).map(({ action }) => action);
  const texts = actions.flatMap(action => (action.kind === 'protect' ? [protectionText(action.transforms)] : []));
  return texts.length === 0 ? null : [...new Set(texts)].join(', ');
}

/** `ESP aes256gcm16`, `AH sha256 around ESP aes128-sha256`, the outermost first; what may also go without is marked. */
function protectionText(transforms: readonly TopologyTransform[]): string {
  const texts = transforms.map(({ protocol, suites, level, encapsulation }) => {
    const name = encapsulation === null ? protocol.toUpperCase() : `${protocol.toUpperCase()} in UDP`;
    return [name, ...suites.slice(0, 1), ...(level === 'use' ? ['(use)'] : [])].join(' ');
  });
  return texts.toReversed().join(' around ');
}

/** Policies between two nodes without a tunnel interface: one line for each pair of nodes, mode and suite. */
function transportOf(topology: Topology): PictureTunnel[] {
  const drawn = new Map<string, PictureTunnel>();
  for (const [index, node] of topology.nodes.entries()) {
    for (const { tunnel, action } of node.policies) {
      if (action.kind !== 'protect' || node.tunnels.some(({ name }) => name === tunnel)) continue;
      for (const [peer, transforms] of byPeer(topology, node.name, action.transforms)) {
        const isSecondEnd = topology.nodes.findIndex(({ name }) => name === peer) < index;
        const [first] = transforms;
        if (isSecondEnd || first === undefined) continue;
        const protection = protectionText(transforms);
        const key = [node.name, peer, first.mode, protection].join(' ');
        drawn.set(key, { from: node.name, to: peer, name: `${first.mode} mode`, protection });
      }
    }
  }
  return [...drawn.values()];
}

/** Nested transforms end at different nodes; one of a native file may end at all that it selects. */
function byPeer(
  { sas }: Topology,
  node: string,
  transforms: readonly TopologyTransform[],
): Map<string, TopologyTransform[]> {
  const found = new Map<string, TopologyTransform[]>();
  for (const transform of transforms) {
    const selected = sas.filter(
      ({ from, protocol, mode }) =>
        from.node === node && from.policy === null && protocol === transform.protocol && mode === transform.mode,
    );
    const peers = transform.peer === null ? [...new Set(selected.map(({ to }) => to.node))] : [transform.peer];
    for (const peer of peers) {
      const used = selected.find(({ to }) => to.node === peer)?.suite;
      const suites = transform.suites.length > 0 || used === undefined ? transform.suites : [used];
      found.set(peer, [...(found.get(peer) ?? []), { ...transform, suites }]);
    }
  }
  return found;
}

function bothWays(forward: readonly string[], backward: readonly string[]): string[] {
  if (forward.join() === backward.join()) return [...forward];
  return [...forward.map(text => `→ ${text}`), ...backward.map(text => `← ${text}`)];
}

function impairmentTexts(impairment: Impairment): string[] {
  const { delayNs, jitterNs, loss, duplicate, reorder, corrupt, rateBitsPerSecond } = impairment;
  const parts = [
    delayNs === 0 ? '' : `${formatDuration(delayNs)}${jitterNs === 0 ? '' : ` ± ${formatDuration(jitterNs)}`}`,
    share(loss, 'loss'),
    share(duplicate, 'duplicate'),
    share(reorder, 'reorder'),
    share(corrupt, 'corrupt'),
    rateBitsPerSecond === null ? '' : formatRate(rateBitsPerSecond),
  ];
  return parts.filter(part => part !== '');
}

function share(probability: number, what: string): string {
  return probability === 0 ? '' : `${Number((probability * 100).toPrecision(6))}% ${what}`;
}
