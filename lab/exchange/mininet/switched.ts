import type { MininetNode, MininetTopo, MininetTopoEnd, MininetTopoLink } from './topo.ts';

/** A wire between hosts, or what switches that hang together make one. */
export interface Segment {
  /** Of the first switch, or link, of it. */
  readonly line: number;
  readonly switches: readonly string[];
  /** Those that are hosts'. */
  readonly ends: readonly MininetTopoEnd[];
  readonly links: readonly MininetTopoLink[];
}

/** The segments of a topology, in the order of their first link. A link to a node that it does not have is left out. */
export function segmentsOf({ nodes, links }: MininetTopo): Segment[] {
  const known = new Map(nodes.map(node => [node.name, node]));
  const rest = new Set(links.filter(({ ends }) => ends.every(({ node }) => known.has(node))));
  const segments: Segment[] = [];
  for (const link of rest) {
    rest.delete(link);
    segments.push(grown(link, known, rest));
  }
  return segments;
}

/** Takes from `rest` all links that a switch joins with the first. */
function grown(first: MininetTopoLink, known: ReadonlyMap<string, MininetNode>, rest: Set<MininetTopoLink>): Segment {
  const isSwitch = ({ node }: MininetTopoEnd): boolean => known.get(node)?.isSwitch ?? false;
  const links = [first];
  const switches = new Set<string>();
  // The list grows while it is walked.
  for (const { ends } of links) {
    for (const { node } of ends.filter(isSwitch)) {
      switches.add(node);
      for (const link of rest) {
        if (link.ends.every(end => end.node !== node)) continue;
        rest.delete(link);
        links.push(link);
      }
    }
  }
  return {
    line: known.get([...switches][0] ?? '')?.line ?? first.line,
    switches: [...switches],
    ends: links.flatMap(({ ends }) => ends.filter(end => !isSwitch(end))),
    links,
  };
}
