import type { InterfaceDraft, LinkDraft, NodeDraft } from './network-draft.ts';

/**
 * Numbers the links of which neither end has an address: a /24 each of 198.18.0.0/15, which is set aside for benchmarks
 * (RFC 2544 appendix C.2.2). Says so above each interface.
 */
export function assumeAddresses(nodes: readonly NodeDraft[], links: readonly LinkDraft[]): NodeDraft[] {
  const assumed = new Map<string, string>();
  const has = (endpoint: string): boolean => (interfaceAt(nodes, endpoint)?.addresses.length ?? 0) > 0;
  const bare = links.filter(({ endpoints }) => !endpoints.some(has)).slice(0, NETWORKS);
  for (const [index, { endpoints }] of bare.entries()) {
    const network = `198.${18 + (index >> 8)}.${index & 255}`;
    for (const [side, endpoint] of endpoints.entries()) assumed.set(endpoint, `${network}.${side + 1}/24`);
  }
  return nodes.map(node => ({
    ...node,
    interfaces: node.interfaces.map(iface => {
      const address = assumed.get(`${node.name}:${iface.name}`);
      if (address === undefined) return iface;
      return { ...iface, addresses: [address], remark: 'The address is assumed: there was none at either end.' };
    }),
  }));
}

/** Of 198.18.0.0/15. */
const NETWORKS = 512;

/** Gives a host with one link whose address was assumed the other end as its router, where that forwards. */
export function assumedGateways(nodes: readonly NodeDraft[], links: readonly LinkDraft[]): NodeDraft[] {
  return nodes.map(node => {
    const [only, ...others] = links.filter(({ endpoints }) => endpoints.some(end => end.startsWith(`${node.name}:`)));
    const own = only?.endpoints.find(end => end.startsWith(`${node.name}:`)) ?? '';
    const far = only?.endpoints.find(end => end !== own) ?? '';
    const iface = interfaceAt(nodes, own);
    const router = nodes.find(({ name }) => name === far.split(':')[0]);
    const via = interfaceAt(nodes, far)?.addresses[0]?.split('/')[0];
    const isBare = node.kind === 'host' && others.length === 0 && iface?.remark !== null && iface !== null;
    if (!isBare || router?.kind === 'host' || via === undefined || node.routes.length > 0) return node;
    return { ...node, interfaces: node.interfaces.map(each => (each === iface ? { ...each, gateways: [via] } : each)) };
  });
}

function interfaceAt(nodes: readonly NodeDraft[], endpoint: string): InterfaceDraft | null {
  const [node, device] = endpoint.split(':');
  return nodes.find(({ name }) => name === node)?.interfaces.find(({ name }) => name === device) ?? null;
}
