import { parsePrefix } from '../../engine/wire/prefix.ts';
import { formatAddress, isLinkLocal } from '../../engine/wire/address.ts';
import type { Topology } from '../topology/model.ts';

/** The address of each node that has one, by its name: for URLs. The first that is configured. */
export function hostsOf(topology: Topology): Readonly<Record<string, string>> {
  const found: [string, string][] = [];
  for (const { name, interfaces } of topology.nodes) {
    const addresses = interfaces.flatMap(each => each.addresses).map(text => parsePrefix(text)?.address ?? null);
    const first = addresses.find(address => address !== null && !isLinkLocal(address)) ?? null;
    if (first !== null) found.push([name, formatAddress(first)]);
  }
  return Object.fromEntries(found);
}
