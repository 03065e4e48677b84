import { type Address, addressesEqual, addressVersion, formatAddress } from '../../../engine/wire/address.ts';
import { quoted } from '../diagnostic.ts';
import { oneOf } from '../suggest.ts';
import { egressOf, type Route } from './routes.ts';
import {
  addressesOf,
  familyName,
  findNode,
  isFullyRead,
  type NodeScope,
  type Scope,
  shownAddresses,
  type TunnelScope,
} from './scope.ts';

/** A tunnel with both of its ends. */
export interface Tunnel {
  readonly node: string;
  readonly name: string;
  readonly peer: string;
  /** Its other end: the tunnel on `peer` that leads back. */
  readonly peerTunnel: string;
  readonly local: Address;
  readonly remote: Address;
  /** The interface that has the outer address. */
  readonly outerInterface: string;
}

/** By node, then by name. */
export type Tunnels = ReadonlyMap<string, ReadonlyMap<string, Tunnel>>;

export function resolveTunnels(scope: Scope, routes: ReadonlyMap<string, readonly Route[]>): Tunnels {
  const all = new Map<string, ReadonlyMap<string, Tunnel>>();
  for (const node of scope.nodes.values()) {
    const tunnels = new Map<string, Tunnel>();
    for (const scoped of node.tunnels.values()) {
      reportName(node, scoped, scope);
      const tunnel = resolveTunnel(scope, node, scoped);
      if (tunnel === null) continue;
      reportOuterRoute(scope, node, scoped, tunnel, routes.get(node.name) ?? []);
      tunnels.set(tunnel.name, tunnel);
    }
    all.set(node.name, tunnels);
  }
  return all;
}

/** The outer address of one end and where it stands; null when there is none. */
export function outerEnd(
  node: NodeScope,
  family: 4 | 6,
  peer: string,
  scope: Scope,
): { address: Address; interface: string } | null {
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

function isWiredTo(scope: Scope, node: string, iface: string, peer: string): boolean {
  return [...scope.links.values()].some(link => {
    const ends = link?.endpoints.items.map(({ value }) => value) ?? [];
    return ends.some(end => end.node === node && end.interface === iface) && ends.some(end => end.node === peer);
  });
}

function reportName(node: NodeScope, tunnel: TunnelScope, scope: Scope): void {
  if (node.interfaces.has(tunnel.name)) {
    scope.report.error(
      tunnel.place,
      `${node.name} has an interface ${quoted(tunnel.name)} as well`,
      'rename one of the two',
    );
  }
  const kind = node.text?.kind.value ?? 'gateway';
  if (kind === 'gateway') return;
  scope.report.error(
    tunnel.place,
    `${node.name} is a ${kind}, and only gateways have tunnels`,
    `make ${node.name} kind: gateway`,
  );
}

function resolveTunnel(scope: Scope, node: NodeScope, tunnel: TunnelScope): Tunnel | null {
  const { text } = tunnel;
  if (text === null) return null;
  const peer = findNode(scope, text.remote, `tunnel ${tunnel.name}`);
  if (peer === null) return null;
  if (peer.name === node.name) {
    scope.report.error(
      text.remote.place,
      `tunnel ${tunnel.name} leads to its own node`,
      'name the node at the other end',
    );
    return null;
  }
  const near = localEnd(scope, node, tunnel, peer.name);
  const back = peerTunnel(scope, node, tunnel, peer);
  if (near === null || back === null || back.text === null) return null;
  const far = localEndOf(scope, peer, back, node.name); // what is wrong with it is reported when its own turn comes
  if (far === null) return null;
  return {
    node: node.name,
    name: tunnel.name,
    peer: peer.name,
    peerTunnel: back.name,
    local: near.address,
    remote: far.address,
    outerInterface: near.interface,
  };
}

function localEndOf(
  scope: Scope,
  node: NodeScope,
  tunnel: TunnelScope,
  peer: string,
): { address: Address; interface: string } | null {
  const wanted = tunnel.text?.local?.value;
  if (wanted === undefined) return outerEnd(node, tunnel.family, peer, scope);
  if (addressVersion(wanted) !== tunnel.family) return null;
  const iface = [...node.interfaces.values()].find(candidate =>
    candidate.addresses.some(({ value }) => addressesEqual(value.address, wanted)),
  );
  return iface === undefined ? null : { address: wanted, interface: iface.name };
}

function localEnd(
  scope: Scope,
  node: NodeScope,
  tunnel: TunnelScope,
  peer: string,
): { address: Address; interface: string } | null {
  const found = localEndOf(scope, node, tunnel, peer);
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

/** The tunnel that leads back: same outer family, same number at the end of its name. */
function peerTunnel(scope: Scope, node: NodeScope, tunnel: TunnelScope, peer: NodeScope): TunnelScope | null {
  const number = numberOf(tunnel.name);
  const back = [...peer.tunnels.values()].filter(({ text }) => text?.remote.value === node.name);
  const [match, second] = back.filter(({ name, family }) => family === tunnel.family && numberOf(name) === number);
  if (match !== undefined && second === undefined) return match;
  if (peer.text === null || !peer.text.complete) return null;
  if (second !== undefined) {
    const message = `both ${match?.name} and ${second.name} of ${peer.name} could be the other end of ${tunnel.name}`;
    scope.report.error(tunnel.place, message, 'give the two ends of each tunnel a number of their own');
    return null;
  }
  const wanted = `v${tunnel.family}_${node.name.slice(0, 11)}${number}`;
  const near = back.map(({ name }) => name);
  const fix =
    near.length === 0
      ? `add ${wanted}: { remote: ${node.name} } under the tunnels of ${peer.name}`
      : `${oneOf(near)} of ${peer.name} differs in outer family or number: name it ${wanted}`;
  scope.report.error(tunnel.place, `${peer.name} has no tunnel back for ${tunnel.name}`, fix);
  return null;
}

function numberOf(name: string): string {
  return /[0-9]+$/.exec(name)?.[0] ?? '';
}

function reportOuterRoute(
  scope: Scope,
  node: NodeScope,
  scoped: TunnelScope,
  tunnel: Tunnel,
  routes: readonly Route[],
): void {
  if (!isFullyRead(node) || node.text?.complete !== true) return;
  const egress = egressOf(node, routes, tunnel.remote);
  const outer = formatAddress(tunnel.remote);
  if (egress === null) {
    const fix = `give ${tunnel.outerInterface} a gateway, or add a route`;
    scope.report.error(scoped.place, `${node.name} has no route to ${outer}, the other end of ${tunnel.name}`, fix);
  } else if (node.tunnels.has(egress)) {
    const fix = `route less than that into ${egress}, or add a longer route to ${outer}`;
    scope.report.error(
      scoped.place,
      `the outer packets of ${tunnel.name} to ${outer} are routed into the tunnel ${egress}`,
      fix,
    );
  }
}
