import { type Address, addressVersion, formatAddress } from '../../../engine/wire/address.ts';
import type { NodeScope, Scope } from './scope.ts';

/** Who is behind which NAT. */
export type NatPaths = readonly NatPath[];

interface NatPath {
  readonly nat: string;
  /** The outside address, IPv4. */
  readonly address: Address;
  /** The nodes behind it, and those in front of it. */
  readonly inside: ReadonlySet<string>;
  readonly outside: ReadonlySet<string>;
}

/** Takes each NAT out of the network: what its outside interface does not lead to is behind it. */
export function natPathsOf(scope: Scope): NatPaths {
  const paths: NatPath[] = [];
  for (const node of scope.nodes.values()) {
    const name = node.text?.nat?.outside.value;
    const outside = name === undefined ? undefined : node.interfaces.get(name);
    const address = outside?.addresses.map(({ value }) => value.address).find(found => addressVersion(found) === 4);
    if (node.text?.kind.value !== 'nat' || outside === undefined || address === undefined) continue;
    const neighbours = [...node.interfaces.keys()].filter(iface => iface !== outside.name);
    const front = reachable(scope, node.name, [outside.name]);
    const behind = reachable(scope, node.name, neighbours);
    for (const member of front) behind.delete(member);
    paths.push({ nat: node.name, address, inside: behind, outside: front });
  }
  return paths;
}

/** How `viewer` sees an address of `node`: a NAT between them has put its own in its place. IPv6 passes untouched. */
export function seenFrom(paths: NatPaths, node: NodeScope, address: Address, viewer: string): Address {
  if (addressVersion(address) !== 4) return address;
  const between = paths.find(({ inside, outside }) => inside.has(node.name) && outside.has(viewer));
  return between?.address ?? address;
}

/** The address that a NAT puts in the place of those of `node` for `viewer`, as text; null: there is no NAT between. */
export function natAddress(paths: NatPaths, node: string, viewer: string): string | null {
  const between = paths.find(({ inside, outside }) => inside.has(node) && outside.has(viewer));
  return between === undefined ? null : formatAddress(between.address);
}

/** The NAT behind which `node` is for `viewer`; null: none. */
export function natBefore(paths: NatPaths, node: string, viewer: string): string | null {
  return paths.find(({ inside, outside }) => inside.has(node) && outside.has(viewer))?.nat ?? null;
}

/** All nodes that these interfaces of a node lead to, without passing the node itself. */
function reachable(scope: Scope, start: string, interfaces: readonly string[]): Set<string> {
  const found = new Set<string>();
  const visit = (from: string, through: readonly string[] | null) => {
    for (const link of scope.links.values()) {
      const ends = link?.endpoints.items.map(({ value }) => value) ?? [];
      const near = ends.find(end => end.node === from && (through === null || through.includes(end.interface)));
      const far = ends.find(end => end !== near);
      if (near !== undefined && far !== undefined && far.node !== start) found.add(far.node);
    }
  };
  visit(start, interfaces);
  for (const name of found) visit(name, null); // a Set visits what is added meanwhile
  return found;
}
