import type { CheckDraft, InterfaceDraft, LinkDraft, NodeDraft } from './network-draft.ts';

/** That the ends of a link hear each other is what must be true at least; none where they have no addresses for it. */
export function linkCheck({ endpoints }: LinkDraft, nodes: readonly NodeDraft[]): CheckDraft[] {
  const [from = ''] = endpoints[0].split(':');
  const there = addressesOf(endpoints[1], nodes);
  const here = addressesOf(endpoints[0], nodes);
  const to = there.find(address => here.some(own => own.includes(':') === address.includes(':')));
  return to === undefined ? [] : [{ from, to: to.split('/')[0] ?? to }];
}

function addressesOf(endpoint: string, nodes: readonly NodeDraft[]): InterfaceDraft['addresses'] {
  const [node, device] = endpoint.split(':');
  const found = nodes.find(({ name }) => name === node)?.interfaces.find(({ name }) => name === device);
  return found?.addresses ?? [];
}
