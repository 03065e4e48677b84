import { type Address, formatAddress } from '../../../engine/wire/address.ts';
import { quoted } from '../../../engine/config/diagnostic.ts';
import { isTunnelName } from '../names.ts';
import { oneOf } from '../../../engine/config/suggest.ts';
import { IPV6_MTU_MIN } from './addresses.ts';
import { judgeOuterEnd, outerEndOf } from './outer-end.ts';
import { egressOf, type Route } from './routes.ts';
import { findNode, isFullyRead, type NodeScope, type Scope, type TunnelScope } from './scope.ts';

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
      reportSmallMtu(scoped, scope);
      const tunnel = resolveTunnel(scope, node, scoped);
      if (tunnel === null) continue;
      reportOuterRoute(scope, node, scoped, tunnel, routes.get(node.name) ?? []);
      tunnels.set(tunnel.name, tunnel);
    }
    all.set(node.name, tunnels);
  }
  return all;
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

function reportSmallMtu({ name, text }: TunnelScope, scope: Scope): void {
  if (text === null || text.mtu === null || text.mtu.value >= IPV6_MTU_MIN) return;
  const inner = [...(text.addresses?.items ?? []), ...(text.routes?.items ?? [])];
  if (text.autoconfigure?.value !== true && inner.every(({ value }) => value.address.length === 4)) return;
  const message = `tunnel ${name} carries IPv6 and has an MTU of ${text.mtu.value}`;
  scope.report.error(
    text.mtu.place,
    message,
    `IPv6 needs ${IPV6_MTU_MIN} or more (RFC 8200 §5): raise it, or leave it away`,
  );
}

function resolveTunnel(scope: Scope, node: NodeScope, tunnel: TunnelScope): Tunnel | null {
  const { text } = tunnel;
  if (text === null || !isTunnelName(tunnel.name)) return null;
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
  const near = judgeOuterEnd(scope, node, tunnel, peer.name);
  const back = peerTunnel(scope, node, tunnel, peer);
  if (near === null || back === null || back.text === null) return null;
  const far = outerEndOf(scope, peer, back, node.name); // what is wrong with it is reported when its own turn comes
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
  // Both ends have the same complaint: the one that comes later in the file makes it.
  if (back.some(({ place }) => place.line > tunnel.place.line)) return null;
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
