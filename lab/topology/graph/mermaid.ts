import type { Picture, PictureNode } from './picture.ts';

/** A Mermaid flowchart, as GitHub renders it in a Markdown block. */
export function graphToMermaid(picture: Picture): string {
  const ids = new Map(picture.nodes.map(({ name }, index) => [name, `n${index}`])); // names such as "end" are words of Mermaid
  const id = (name: string) => ids.get(name) ?? '';
  const lines = ['flowchart LR'];
  for (const node of picture.nodes) lines.push(`  ${id(node.name)}${shaped(node)}:::${node.kind}`);
  for (const { name, from, to, impairments } of picture.links) {
    const label = [name, ...impairments].join('<br/>');
    lines.push(`  ${id(from.node)} ---|${quote(label)}| ${id(to.node)}`);
  }
  for (const { name, from, to, protection } of picture.tunnels) {
    lines.push(`  ${id(from)} -.-|${quote(`${name}<br/>${protection ?? 'in the clear'}`)}| ${id(to)}`);
  }
  lines.push('  classDef gateway fill:#e7f0ff,stroke:#2f6fde,color:#10233f');
  if (picture.nodes.some(({ kind }) => kind === 'nat'))
    lines.push('  classDef nat fill:#fff3df,stroke:#c98a1b,color:#3f2a08');
  if (picture.nodes.some(({ kind }) => kind === 'peer'))
    lines.push('  classDef peer fill:#f3e9fb,stroke:#8a4fc4,color:#2b1142');
  lines.push('  classDef router fill:#f1f1f4,stroke:#7a7f8c,color:#22252c');
  lines.push('  classDef host fill:#ecf8ee,stroke:#3a9b52,color:#12321b');
  return `${lines.join('\n')}\n`;
}

function shaped(node: PictureNode): string {
  const rows = node.rows.map(({ name, addresses }) => [name, ...addresses].join(' '));
  const label = quote([`<b>${node.name}</b>`, ...rows].join('<br/>'));
  if (node.kind === 'gateway' || node.kind === 'peer') return `{{${label}}}`;
  if (node.kind === 'nat') return `{${label}}`;
  return node.kind === 'router' ? `([${label}])` : `[${label}]`;
}

function quote(text: string): string {
  return `"${text.replaceAll('"', '#quot;')}"`;
}
