import type { Picture } from './picture.ts';

const SHAPES = { gateway: 'hexagon', router: 'ellipse', host: 'box', nat: 'diamond', peer: 'octagon' } as const;
const COLOURS = { gateway: '#e7f0ff', router: '#f1f1f4', host: '#ecf8ee', nat: '#fff3df', peer: '#f3e9fb' } as const;

/** An undirected graph for Graphviz: `lab graph site-to-site --format dot | dot -Tpdf`. */
export function graphToDot(picture: Picture): string {
  const lines = [
    `graph ${quote(picture.title)} {`,
    '  graph [rankdir=LR, labelloc=t, fontname="sans-serif", nodesep=0.6, ranksep=1.2];',
    '  node [fontname="sans-serif", fontsize=11, style=filled];',
    '  edge [fontname="sans-serif", fontsize=10];',
  ];
  for (const { name, kind, rows } of picture.nodes) {
    const label = [name, ...rows.map(row => [row.name, ...row.addresses].join(' '))].join('\n');
    lines.push(`  ${quote(name)} [label=${quote(label)}, shape=${SHAPES[kind]}, fillcolor="${COLOURS[kind]}"];`);
  }
  for (const { name, from, to, impairments } of picture.links) {
    const label = [name, ...impairments].join('\n');
    const ends = `taillabel=${quote(from.interface)}, headlabel=${quote(to.interface)}`;
    lines.push(`  ${quote(from.node)} -- ${quote(to.node)} [label=${quote(label)}, ${ends}];`);
  }
  for (const { name, from, to, protection } of picture.tunnels) {
    const label = quote(`${name}\n${protection ?? 'in the clear'}`);
    const colour = protection === null ? '#b4521c' : '#2f6fde';
    lines.push(`  ${quote(from)} -- ${quote(to)} [label=${label}, style=dashed, color="${colour}", constraint=false];`);
  }
  lines.push('}');
  return `${lines.join('\n')}\n`;
}

function quote(text: string): string {
  return `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`;
}
