import type { PlainNetwork } from './network.ts';

/** Lines for the comment at the head of an exported file: what it is, and what of the topology is not in it. */
export function headLines({ name, title, leftOut }: PlainNetwork): string[] {
  return [
    `${name}: ${title}`,
    'Written by: lab export. The network of the topology, of plain Linux nodes; nothing in it reaches beyond it.',
    ...leftOut,
  ];
}
