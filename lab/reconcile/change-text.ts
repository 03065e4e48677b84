import type { Change } from './changes.ts';

/** `+ node b2`, `~ link wan: impairment`: one line a change, in their order. */
export function changeLine(change: Change): string {
  switch (change.kind) {
    case 'nodeAdded':
      return `+ node ${change.node}`;
    case 'nodeRemoved':
      return `- node ${change.node}`;
    case 'linkAdded':
      return `+ link ${change.link}`;
    case 'linkRemoved':
      return `- link ${change.link}`;
    case 'linkImpaired':
      return `~ link ${change.link}: impairment`;
    case 'nodeChanged':
      return `~ node ${change.node}: ${nodeText(change)}`;
    case 'judgement':
      return change.what === 'faults' ? '~ faults: from the next lab up on' : `~ ${change.what}`;
  }
}

function nodeText({ aspects, because }: Extract<Change, { kind: 'nodeChanged' }>): string {
  if (because.length === 0) return aspects.join(', ');
  const rest = aspects.filter(aspect => !because.includes(aspect));
  return `${[...because, ...rest].join(', ')} (restarts)`;
}
