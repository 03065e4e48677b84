import { addressVersion, isLinkLocal } from '../../../engine/wire/address.ts';
import { formatPrefix, networkOf, type Prefix, prefixesOverlap } from '../../../engine/wire/prefix.ts';
import type { TunnelText } from '../description.ts';
import type { Place, Report } from '../../../engine/config/diagnostic.ts';
import type { Located } from '../shape.ts';
import type { ResolvedLinks } from './links.ts';
import { endName, type InterfaceScope, type NodeScope, type Scope, type TunnelScope } from './scope.ts';
import type { Tunnel, Tunnels } from './tunnels.ts';

/** SLAAC forms addresses of a 64-bit interface identifier, RFC 4862 §5.5.3 and RFC 7136. */
const SLAAC_PREFIX_BITS = 64;

/** Router Advertisements need a router with prefixes; autoconfiguration needs a host, and a router on its link. */
export function reportAdvertising(scope: Scope, links: ResolvedLinks): void {
  for (const node of scope.nodes.values()) {
    for (const iface of node.interfaces.values()) {
      reportAdvertise(scope, node, iface);
      reportAutoconfigure(scope, node, iface, links);
    }
  }
}

/**
 * The same for tunnels. A gateway may autoconfigure there, as Solaris does with `ipadm create-addr -T addrconf`: to the inside
 * of a tunnel it is a host, whose only router is the far end.
 */
export function reportTunnelAdvertising(scope: Scope, tunnels: Tunnels): void {
  for (const node of scope.nodes.values()) {
    for (const tunnel of node.tunnels.values()) {
      if (tunnel.text?.complete !== true) continue;
      reportTunnelAdvertise(scope, node, tunnel, tunnel.text);
      reportTunnelAutoconfigure(scope, tunnel, tunnel.text, tunnels.get(node.name)?.get(tunnel.name));
    }
  }
}

function reportAdvertise(scope: Scope, node: NodeScope, iface: InterfaceScope): void {
  const advertise = iface.text?.advertise;
  if (advertise?.value !== true || iface.text?.complete !== true) return;
  if (node.text?.kind.value === 'host') {
    scope.report.error(
      advertise.place,
      `${node.name} is a host, and only routers advertise`,
      'remove advertise, or make it a router or a gateway',
    );
  }
  reportPrefixes(scope.report, `${iface.name} of ${node.name}`, advertise.place, iface.addresses.filter(isGlobal6));
}

/** `advertised`: what the interface or tunnel called `who` has to advertise. */
function reportPrefixes(report: Report, who: string, place: Place, advertised: readonly Located<Prefix>[]): void {
  const odd = advertised.find(({ value }) => value.length !== SLAAC_PREFIX_BITS);
  if (advertised.length === 0) {
    report.error(place, `${who} has no IPv6 prefix to advertise`, 'add an IPv6 address with /64');
  } else if (odd !== undefined) {
    report.error(odd.place, `nobody can autoconfigure in a /${odd.value.length}`, 'advertise a /64 (RFC 4862 §5.5.3)');
  }
}

const isGlobal6 = ({ value: { address } }: Located<Prefix>): boolean =>
  addressVersion(address) === 6 && !isLinkLocal(address);

function reportAutoconfigure(scope: Scope, node: NodeScope, iface: InterfaceScope, links: ResolvedLinks): void {
  const autoconfigure = iface.text?.autoconfigure;
  if (autoconfigure?.value !== true || iface.text?.complete !== true) return;
  const kind = node.text?.kind.value;
  if (kind !== undefined && kind !== 'host') {
    scope.report.error(
      autoconfigure.place,
      `${node.name} is a ${kind}, and routers do not autoconfigure (RFC 4862 §1)`,
      'give it an IPv6 address',
    );
    return;
  }
  const name = endName({ node: node.name, interface: iface.name });
  const plug = links.wiring.get(name);
  const far = plug?.far.text;
  if (plug !== undefined && (far?.complete !== true || far.advertise?.value === true)) return;
  if (plug === undefined && !links.complete) return;
  const fix =
    plug === undefined
      ? `add a link with an end "${name}"`
      : `add advertise: true to ${endName({ node: plug.far.node, interface: plug.far.name })}`;
  scope.report.error(autoconfigure.place, `nobody advertises a prefix to ${name}`, fix);
}

function reportTunnelAdvertise({ report }: Scope, node: NodeScope, tunnel: TunnelScope, text: TunnelText): void {
  if (text.advertise?.value !== true) return;
  // A single address, as it may be borrowed from an interface, is nothing that others can have a part of.
  const prefixes = (text.addresses?.items ?? []).filter(isGlobal6).filter(({ value }) => value.length < 128);
  reportPrefixes(report, `${tunnel.name} of ${node.name}`, text.advertise.place, prefixes);
  for (const { value, place } of prefixes) {
    const rival = [...node.interfaces.values()].find(iface =>
      iface.addresses.some(address => prefixesOverlap(address.value, value)),
    );
    if (rival === undefined) continue;
    const message = `${formatPrefix(networkOf(value))} is on ${rival.name} already: who autoconfigures in it is looked for there`;
    report.error(place, message, 'give the tunnel a /64 of its own');
  }
}

function reportTunnelAutoconfigure(
  { nodes, report }: Scope,
  tunnel: TunnelScope,
  text: TunnelText,
  resolved: Tunnel | undefined,
): void {
  const { advertise, autoconfigure } = text;
  if (autoconfigure?.value !== true) return;
  const name = endName({ node: tunnel.node, interface: tunnel.name });
  if (advertise?.value === true) {
    report.error(
      autoconfigure.place,
      `${name} cannot be the router and the host of one tunnel`,
      'keep advertise at one end and autoconfigure at the other',
    );
    return;
  }
  if (resolved === undefined) return;
  const far = nodes.get(resolved.peer)?.tunnels.get(resolved.peerTunnel)?.text;
  if (far?.complete !== true || far.advertise?.value === true) return;
  const fix = `add advertise: true to ${endName({ node: resolved.peer, interface: resolved.peerTunnel })}`;
  report.error(autoconfigure.place, `nobody advertises a prefix to ${name}`, fix);
}
