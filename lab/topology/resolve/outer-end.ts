import { type Address, addressesEqual, addressVersion, formatAddress } from '../../../engine/wire/address.ts';
import {
  addressesOf,
  familyName,
  isFullyRead,
  type NodeScope,
  type Scope,
  shownAddresses,
  type TunnelScope,
} from './scope.ts';

/** One end of the outer header. */
export interface OuterEnd {
  readonly address: Address;
  /** The interface that has it. */
  readonly interface: string;
}

/** The outer address of a tunnel: the one that the file names, or the one that faces the world. */
export function outerEndOf(scope: Scope, node: NodeScope, tunnel: TunnelScope, peer: string): OuterEnd | null {
  const wanted = tunnel.text?.local?.value;
  if (wanted === undefined) return facingAddress(node, tunnel.family, peer, scope);
  if (addressVersion(wanted) !== tunnel.family) return null;
  const iface = [...node.interfaces.values()].find(candidate =>
    candidate.addresses.some(({ value }) => addressesEqual(value.address, wanted)),
  );
  return iface === undefined ? null : { address: wanted, interface: iface.name };
}

/** The same, with a diagnostic where the file cannot be right. */
export function judgeOuterEnd(scope: Scope, node: NodeScope, tunnel: TunnelScope, peer: string): OuterEnd | null {
  const found = outerEndOf(scope, node, tunnel, peer);
  if (found !== null || !isFullyRead(node) || tunnel.text?.complete !== true) return found;
  const family = familyName(tunnel.family);
  const local = tunnel.text.local;
  if (local === null) {
    const other = tunnel.name.replace(/^v./, tunnel.family === 4 ? 'v6' : 'v4');
    const fix = `give an interface of ${node.name} an ${family} address, or name the tunnel ${other}`;
    scope.report.error(
      tunnel.place,
      `${node.name} has no ${family} address for the outer header of ${tunnel.name}`,
      fix,
    );
  } else if (addressVersion(local.value) === tunnel.family) {
    const message = `${formatAddress(local.value)} is not an address of ${node.name}`;
    scope.report.error(local.place, message, `use one of its own: ${shownAddresses(node)}`);
  } else {
    const message = `the outer header of ${tunnel.name} is ${family}, and ${formatAddress(local.value)} is not`;
    scope.report.error(local.place, message, `give an ${family} address of ${node.name}, or rename the tunnel`);
  }
  return null;
}

/**
 * The address of a node that faces the world, for the outer headers of packets to `peer`: on the interface that has the
 * gateway, else on the one that is wired to the peer, else the first. null: it has none of that family.
 */
export function facingAddress(node: NodeScope, family: 4 | 6, peer: string, scope: Scope): OuterEnd | null {
  const candidates = [...node.interfaces.values()].flatMap(iface => {
    const [first] = iface.addresses
      .map(({ value }) => value.address)
      .filter(address => addressesOf(node, family).includes(address));
    return first === undefined ? [] : [{ address: first, interface: iface.name, text: iface.text }];
  });
  const towardsGateway = candidates.find(({ text }) =>
    text?.gateway?.items.some(({ value }) => addressVersion(value) === family),
  );
  const chosen =
    towardsGateway ??
    candidates.find(({ interface: name }) => isWiredTo(scope, node.name, name, peer)) ??
    candidates[0];
  return chosen === undefined ? null : { address: chosen.address, interface: chosen.interface };
}

/** Whether an address of a node is towards the world, or wired to the peer, rather than just one that it has. */
export function isFacing(scope: Scope, node: NodeScope, end: OuterEnd, peer: string): boolean {
  const gateways = node.interfaces.get(end.interface)?.text?.gateway?.items ?? [];
  const isOut = gateways.some(({ value }) => addressVersion(value) === addressVersion(end.address));
  return isOut || isWiredTo(scope, node.name, end.interface, peer);
}

function isWiredTo(scope: Scope, node: string, iface: string, peer: string): boolean {
  return [...scope.links.values()].some(link => {
    const ends = link?.endpoints.items.map(({ value }) => value) ?? [];
    return ends.some(end => end.node === node && end.interface === iface) && ends.some(end => end.node === peer);
  });
}
