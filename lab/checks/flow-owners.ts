import { formatAddress } from '../../engine/wire/address.ts';
import { parsePrefix, type Prefix, prefixContains } from '../../engine/wire/prefix.ts';
import type { NodeStatus } from '../../engine/node/node.ts';
import type { NodeKind, Topology } from '../topology/model.ts';

export interface Owner {
  readonly node: string;
  readonly address: string;
}

/** Where real traffic begins and ends. */
const PREFERENCE: readonly NodeKind[] = ['host', 'gateway', 'router'];

/**
 * Who has an address in each prefix: hosts before gateways, otherwise in the order of the file. Addresses that a node gave
 * itself (SLAAC) come from `statuses`. A string says what is missing.
 */
export function flowOwners(
  topology: Topology,
  statuses: readonly NodeStatus[],
  a: string,
  b: string,
): readonly [Owner, Owner] | string {
  const [prefixA, prefixB] = [prefixOf(a), prefixOf(b)];
  const ownersA = ownersIn(topology, statuses, prefixA);
  const ownersB = ownersIn(topology, statuses, prefixB);
  for (const first of ownersA) {
    const second = ownersB.find(owner => owner.node !== first.node);
    if (second) return [first, second];
  }
  const lonely = ownersA.length === 0 ? a : b;
  return `no node has an address in ${lonely} from which to send`;
}

function ownersIn(topology: Topology, statuses: readonly NodeStatus[], prefix: Prefix): Owner[] {
  const owners = topology.nodes.flatMap(node => {
    const own = statuses.find(status => status.name === node.name)?.interfaces ?? [];
    const texts = [...node.interfaces, ...node.tunnels, ...own].flatMap(iface => iface.addresses);
    const addresses = texts.flatMap(text => parsePrefix(text) ?? []).map(parsed => parsed.address);
    const inside = addresses.filter(address => prefixContains(prefix, address));
    return [...new Set(inside.map(formatAddress))].map(address => ({
      node: node.name,
      address,
      rank: PREFERENCE.indexOf(node.kind),
    }));
  });
  return owners.sort((x, y) => x.rank - y.rank).map(({ node, address }) => ({ node, address }));
}

function prefixOf(text: string): Prefix {
  const prefix = parsePrefix(text);
  if (prefix === null) throw new Error(`${text} is not a prefix`);
  return prefix;
}
