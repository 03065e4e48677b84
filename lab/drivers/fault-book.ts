import type { FaultAction, Impairment, LinkEnd, Topology, TopologyLink } from '../topology/model.ts';
import { directionFrom } from './link/link-faults.ts';

export type NodeCondition = 'up' | 'paused' | 'down';

export interface LinkCondition {
  /** Unplugged: both ends see it. */
  readonly isCut: boolean;
  /** Ends (`node:interface`) whose frames are lost, and nobody sees it. */
  readonly lostFrom: readonly string[];
  /** From endpoints[0] to endpoints[1], and back: of the file, or as a fault has made them. */
  readonly impairments: readonly [Impairment, Impairment];
}

/** What is wrong with a lab, as far as somebody has made it so, or a process has ended. By name. */
export interface LabCondition {
  readonly nodes: Readonly<Record<string, NodeCondition>>;
  readonly links: Readonly<Record<string, LinkCondition>>;
}

/** Keeps the account of what faults have done to a lab. The drivers do it, and write it down here. */
export class FaultBook {
  #topology: Topology;
  readonly #nodes = new Map<string, NodeCondition>();
  readonly #links = new Map<string, LinkCondition>();

  constructor(topology: Topology) {
    this.#topology = topology;
  }

  /** What has gone from the topology is forgotten, and so is what was done to impairments that are others now. */
  follow(topology: Topology): void {
    for (const [name, { impairments, ...rest }] of this.#links) {
      const [before, after] = [this.#topology, topology].map(each => each.links.find(link => link.name === name));
      if (after === undefined) this.#links.delete(name);
      else if (JSON.stringify(before?.impairments) !== JSON.stringify(after.impairments)) {
        this.#links.set(name, { ...rest, impairments: after.impairments });
      } else this.#links.set(name, { ...rest, impairments });
    }
    for (const name of this.#nodes.keys()) {
      if (!topology.nodes.some(node => node.name === name)) this.#nodes.delete(name);
    }
    this.#topology = topology;
  }

  /** Of a node's process, or the node itself. */
  set(node: string, condition: NodeCondition): void {
    this.#nodes.set(node, condition);
  }

  node(name: string): NodeCondition {
    return this.#nodes.get(name) ?? 'up';
  }

  /** Throws for a link that the topology does not have, or that does not end where a partition says. */
  note(action: FaultAction): void {
    switch (action.kind) {
      case 'crash':
        return this.set(action.node, 'down');
      case 'restart':
      case 'resume':
        return this.set(action.node, 'up');
      case 'pause':
        return this.set(action.node, 'paused');
      case 'linkDown':
      case 'linkUp':
        return this.#change(action.link, { isCut: action.kind === 'linkDown' });
      case 'heal':
        return this.#change(action.link, { lostFrom: [] });
      case 'impair':
        return this.#change(action.link, { impairments: action.impairments });
      case 'partition': {
        const link = this.#link(action.link);
        const end = endName(link.endpoints[directionFrom(link, action.from)]);
        return this.#change(action.link, { lostFrom: [...new Set([...this.#of(link).lostFrom, end])] });
      }
      case 'rebind':
      case 'move':
      case 'clockSkew':
    }
  }

  condition(): LabCondition {
    const { nodes, links } = this.#topology;
    return {
      nodes: Object.fromEntries(nodes.map(({ name }) => [name, this.node(name)])),
      links: Object.fromEntries(links.map(link => [link.name, this.#of(link)])),
    };
  }

  #of(link: TopologyLink): LinkCondition {
    return this.#links.get(link.name) ?? { isCut: false, lostFrom: [], impairments: link.impairments };
  }

  #change(name: string, change: Partial<LinkCondition>): void {
    this.#links.set(name, { ...this.#of(this.#link(name)), ...change });
  }

  #link(name: string): TopologyLink {
    const link = this.#topology.links.find(each => each.name === name);
    if (link === undefined) throw new Error(`there is no link ${name}`);
    return link;
  }
}

const endName = (end: LinkEnd): string => `${end.node}:${end.interface}`;
