import type { Diagnostic } from '../../../engine/config/diagnostic.ts';
import { type Address, addressVersion, formatAddress } from '../../../engine/wire/address.ts';
import { formatPrefix, networkOf, parsePrefix, type Prefix, prefixesOverlap } from '../../../engine/wire/prefix.ts';
import type { PlainInterface, PlainNetwork } from '../plain/network.ts';

/** A link as Docker has it: a network with a subnet of each family, and an address of that for each end. */
export interface ComposeNetwork {
  readonly name: string;
  readonly ends: readonly { readonly node: string; readonly v4: string | null; readonly v6: string | null }[];
  /** `gateway`: an address that nobody has, for Docker would take one that somebody has. */
  readonly subnets: readonly { readonly subnet: string; readonly gateway: string }[];
}

export type ComposeNetworks =
  | { readonly kind: 'networks'; readonly networks: readonly ComposeNetwork[] }
  | { readonly kind: 'cannot'; readonly diagnostics: readonly Diagnostic[] };

/** The networks of all links, or why Docker cannot have them. */
export function composeNetworks({ nodes, links }: PlainNetwork, file: string): ComposeNetworks {
  const diagnostics: Diagnostic[] = [];
  const cannot = (message: string, fix: string) => diagnostics.push({ file, line: 0, column: 0, message, fix });
  const taken: { readonly prefix: Prefix; readonly link: string }[] = [];
  const networks = links.map(({ name, ends }): ComposeNetwork => {
    const interfaces = ends.map(end => {
      const found = nodes.find(node => node.name === end.node)?.interfaces.find(each => each.name === end.interface);
      if (found === undefined) throw new Error(`there is no ${end.node}:${end.interface}`);
      return found;
    });
    const subnets = [];
    for (const version of [4, 6] as const) {
      const prefixes = interfaces.flatMap(iface => ofVersion(iface, version));
      const widest = prefixes.toSorted((a, b) => a.length - b.length)[0];
      if (widest === undefined) {
        if (version === 4)
          cannot(`Docker has no network without IPv4, and ${name} has none`, `give its ends IPv4 addresses`);
        continue;
      }
      const subnet = networkOf(widest);
      const other = taken.find(({ prefix }) => prefixesOverlap(prefix, subnet));
      if (other !== undefined)
        cannot(
          `${formatPrefix(subnet)} is on ${name} and on ${other.link}: Docker refuses that`,
          'give each link a subnet of its own',
        );
      taken.push({ prefix: subnet, link: name });
      if (interfaces.some(iface => ofVersion(iface, version).length > 1))
        cannot(`an end of ${name} has two IPv${version} addresses: Docker gives one`, 'leave one of them out');
      const gateway = freeAddress(
        subnet,
        prefixes.map(({ address }) => address),
      );
      if (gateway === null)
        cannot(
          `Docker needs an address of ${formatPrefix(subnet)} for itself, and ${name} has none left`,
          'give the link a wider subnet',
        );
      else subnets.push({ subnet: formatPrefix(subnet), gateway: formatAddress(gateway) });
    }
    return {
      name,
      ends: ends.map(({ node }, side) => ({
        node,
        v4: firstOf(interfaces[side], 4),
        v6: firstOf(interfaces[side], 6),
      })),
      subnets,
    };
  });
  return diagnostics.length > 0 ? { kind: 'cannot', diagnostics } : { kind: 'networks', networks };
}

function ofVersion({ addresses }: PlainInterface, version: 4 | 6): Prefix[] {
  return addresses.flatMap(text => {
    const prefix = parsePrefix(text);
    return prefix === null || addressVersion(prefix.address) !== version ? [] : [prefix];
  });
}

function firstOf(iface: PlainInterface | undefined, version: 4 | 6): string | null {
  const first = iface === undefined ? undefined : ofVersion(iface, version)[0];
  return first === undefined ? null : formatAddress(first.address);
}

/** Addresses at the end of a subnet that are tried: the broadcast address, and as many as may be taken. */
const TRIES = 4;

/** The last address of a subnet that nobody has and that is neither its first nor its last; null: there is none. */
function freeAddress({ address, length }: Prefix, used: readonly Address[]): Address | null {
  const bits = address.length * 8 - length;
  const size = bits >= 8 ? 256 : 1 << bits;
  const top = address.map((octet, index) => octet | (index < address.length - 1 ? hostBits(length, index) : 0));
  const base = (bits >= 8 ? 0 : (address.at(-1) ?? 0)) + size - 1;
  for (let back = 1; back <= TRIES && back < size - 1; back += 1) {
    const candidate = Uint8Array.from(top);
    candidate[candidate.length - 1] = base - back;
    if (!used.some(taken => taken.every((octet, index) => octet === candidate[index]))) return candidate;
  }
  return null;
}

/** The bits of the octet at `index` that are behind the prefix. */
const hostBits = (length: number, index: number): number => 0xff >> Math.min(8, Math.max(0, length - index * 8));
