import {
  addressesEqual,
  addressKey,
  addressVersion,
  formatAddress,
  isLinkLocal,
} from '../../../engine/wire/address.ts';
import { formatPrefix, networkOf, type Prefix, prefixesOverlap } from '../../../engine/wire/prefix.ts';
import type { Place, Report } from '../../../engine/config/diagnostic.ts';
import type { Located } from '../shape.ts';
import type { Wiring } from './links.ts';
import { endName, familyName, type InterfaceScope, type NodeScope, type Scope } from './scope.ts';

export const IPV6_MTU_MIN = 1280;
const MTU_DEFAULT = 1500;

/** Who has an address, by `addressKey`. Link-local addresses are not in it: they repeat from link to link. */
export type Owners = ReadonlyMap<string, Owner>;

export interface Owner {
  readonly node: string;
  /** An interface or a tunnel. */
  readonly interface: string;
  readonly line: number;
}

/** Judges all addresses; returns whose they are. */
export function resolveAddresses(scope: Scope, wiring: Wiring): Owners {
  const owners = new Map<string, Owner>();
  for (const node of scope.nodes.values()) {
    const interfaces = [...node.interfaces.values()];
    for (const iface of interfaces) {
      for (const address of iface.addresses) {
        claim(owners, address, iface, scope.report);
      }
      reportSmallMtu(iface, wiring, scope.report);
    }
    reportOverlaps(interfaces, scope.report);
    claimTunnelAddresses(node, owners, scope.report);
  }
  reportStrangers(scope, wiring);
  return owners;
}

/** The MTU of an interface: its own, or that of its link, or Ethernet's. */
export function mtuOf(iface: InterfaceScope, wiring: Wiring): number {
  const link = wiring.get(endName({ node: iface.node, interface: iface.name }));
  return iface.text?.mtu?.value ?? link?.mtu ?? MTU_DEFAULT;
}

function claim(owners: Map<string, Owner>, located: Located<Prefix>, iface: InterfaceScope, report: Report): void {
  const { address } = located.value;
  if (isLinkLocal(address)) return;
  const owner = owners.get(addressKey(address));
  if (owner === undefined) {
    owners.set(addressKey(address), { node: iface.node, interface: iface.name, line: located.place.line });
    return;
  }
  const message = `${formatAddress(address)} belongs to ${endName(owner)} already (line ${owner.line})`;
  report.error(located.place, message, 'give each interface its own address');
}

/** A tunnel may borrow an address of its own node, as in `10.0.0.1` of net1; never another node's. */
function claimTunnelAddresses(node: NodeScope, owners: Map<string, Owner>, report: Report): void {
  for (const tunnel of node.tunnels.values()) {
    for (const located of tunnel.text?.addresses?.items ?? []) {
      const { address } = located.value;
      const owner = owners.get(addressKey(address));
      if (owner === undefined) {
        owners.set(addressKey(address), { node: node.name, interface: tunnel.name, line: located.place.line });
      } else if (owner.node !== node.name) {
        const message = `${formatAddress(address)} belongs to ${endName(owner)} already (line ${owner.line})`;
        report.error(located.place, message, `use an address of ${node.name}'s own; the other end has its own`);
      }
    }
  }
}

function reportOverlaps(interfaces: readonly InterfaceScope[], report: Report): void {
  const seen: { iface: InterfaceScope; prefix: Prefix }[] = [];
  for (const iface of interfaces) {
    for (const { value, place } of iface.addresses) {
      if (isLinkLocal(value.address)) continue;
      const other = seen.find(({ iface: before, prefix }) => before !== iface && prefixesOverlap(prefix, value));
      if (other !== undefined && !addressesEqual(other.prefix.address, value.address)) {
        const message = `${formatPrefix(networkOf(value))} overlaps ${formatPrefix(networkOf(other.prefix))} of ${other.iface.name}`;
        report.error(
          place,
          message,
          'a node cannot choose between two interfaces for one destination: give each its own subnet',
        );
      }
      seen.push({ iface, prefix: value });
    }
  }
}

function reportSmallMtu(iface: InterfaceScope, wiring: Wiring, report: Report): void {
  const six = iface.addresses.find(({ value }) => addressVersion(value.address) === 6);
  const mtu = mtuOf(iface, wiring);
  if (six === undefined || mtu >= IPV6_MTU_MIN) return;
  const place = iface.text?.mtu?.place ?? six.place;
  const message = `${endName({ node: iface.node, interface: iface.name })} has an IPv6 address and an MTU of ${mtu}`;
  report.error(
    place,
    message,
    `IPv6 needs ${IPV6_MTU_MIN} or more (RFC 8200 §5): raise the MTU, or remove the IPv6 addresses`,
  );
}

/** The two ends of a wire that share no network will never hear each other. */
function reportStrangers(scope: Scope, wiring: Wiring): void {
  const done = new Set<string>();
  for (const node of scope.nodes.values()) {
    for (const iface of node.interfaces.values()) {
      const plug = wiring.get(endName({ node: node.name, interface: iface.name }));
      if (plug === undefined || done.has(plug.link)) continue;
      done.add(plug.link);
      if (iface.text?.complete !== true || plug.far.text?.complete !== true) continue;
      for (const family of [4, 6] as const) reportStrangersOf(family, iface, plug.far, plug.link, scope.report);
    }
  }
}

function reportStrangersOf(
  family: 4 | 6,
  near: InterfaceScope,
  far: InterfaceScope,
  link: string,
  report: Report,
): void {
  const ofFamily = ({ value }: Located<Prefix>) =>
    addressVersion(value.address) === family && !isLinkLocal(value.address);
  const mine = near.addresses.filter(ofFamily);
  const theirs = far.addresses.filter(ofFamily);
  const [first] = mine;
  const [second] = theirs;
  if (first === undefined || second === undefined) return;
  const inCommon = mine.some(a => theirs.some(b => isSameNetwork(a.value, b.value)));
  if (inCommon) return;
  const [place, other, own] = isAfter(first.place, second.place)
    ? [first.place, second.value, near]
    : [second.place, first.value, far];
  const ends = `${formatPrefix(first.value)} on ${near.node} and ${formatPrefix(second.value)} on ${far.node}`;
  if (prefixesOverlap(first.value, second.value)) {
    const message = `the ends of link "${link}" disagree on the length of their network: ${ends}`;
    report.error(place, message, `use /${other.length} at both ends`);
    return;
  }
  const message = `the ends of link "${link}" share no ${familyName(family)} network: ${ends}`;
  report.error(place, message, `give ${own.node} an address in ${formatPrefix(networkOf(other))}`);
}

function isAfter(a: Place, b: Place): boolean {
  return a.line > b.line || (a.line === b.line && a.column > b.column);
}

function isSameNetwork(a: Prefix, b: Prefix): boolean {
  return a.length === b.length && prefixesOverlap(a, b);
}
