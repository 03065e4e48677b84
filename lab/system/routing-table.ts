import type { NodeStatus } from '../../engine/node/node.ts';
import { parseAddress } from '../../engine/wire/address.ts';
import { parsePrefix, prefixContains } from '../../engine/wire/prefix.ts';

export type StatusRoute = NodeStatus['routes'][number];

/** The route that a packet to that address takes; null: none. */
export function longestMatch(status: NodeStatus, destination: string): StatusRoute | null {
  const address = parseAddress(destination);
  if (address === null) return null;
  let best: { readonly route: StatusRoute; readonly length: number } | null = null;
  for (const route of status.routes) {
    const prefix = parsePrefix(route.destination);
    if (prefix === null || prefix.address.length !== address.length || !prefixContains(prefix, address)) continue;
    if (best === null || prefix.length > best.length) best = { route, length: prefix.length };
  }
  return best?.route ?? null;
}
