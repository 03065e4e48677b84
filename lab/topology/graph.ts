import { graphToDot } from './graph/dot.ts';
import { graphToMermaid } from './graph/mermaid.ts';
import { pictureOf } from './graph/picture.ts';
import { graphToSvg } from './graph/svg.ts';
import type { Topology } from './model.ts';

export const GRAPH_FORMATS = ['mermaid', 'svg', 'dot'] as const;

export type GraphFormat = (typeof GRAPH_FORMATS)[number];

/** The picture of a topology: Mermaid for Markdown, a self-contained SVG, or Graphviz. The same topology gives the same text. */
export function drawTopology(topology: Topology, format: GraphFormat): string {
  const picture = pictureOf(topology);
  switch (format) {
    case 'mermaid':
      return graphToMermaid(picture);
    case 'svg':
      return graphToSvg(picture);
    case 'dot':
      return graphToDot(picture);
  }
}
