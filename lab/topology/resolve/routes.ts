import {
  type Address,
  addressesEqual,
  addressKey,
  addressVersion,
  formatAddress,
  isLinkLocal,
} from '../../../engine/wire/address.ts';
import { formatPrefix, networkOf, type Prefix, prefixContains } from '../../../engine/wire/prefix.ts';
import { quoted, type Place, type Report } from '../../../engine/config/diagnostic.ts';
import type { Located } from '../shape.ts';
import { didYouMean } from '../../../engine/config/suggest.ts';
import type { Owners } from './addresses.ts';
import type { ResolvedLinks } from './links.ts';
import { endName, familyName, type InterfaceScope, type NodeScope, type Scope } from './scope.ts';

/** A row of a node's routing table that the file asks for; attached networks are not in it. */
export interface Route {
  readonly destination: Prefix;
  readonly via: Address | null;
  readonly interface: string;
  readonly place: Place;
}

/** Gateways, static routes and tunnel routes of one node, in this order. */
export function resolveRoutes(scope: Scope, node: NodeScope, links: ResolvedLinks, owners: Owners): Route[] {
  const routes: Route[] = [];
  for (const iface of node.interfaces.values()) routes.push(...gatewaysOf(scope, iface, links, owners));
  for (const text of node.text?.routes?.items ?? []) {
    const route = staticRoute(scope, node, text);
    if (route !== null) routes.push(route);
  }
  for (const tunnel of node.tunnels.values()) {
    for (const { value, place } of tunnel.text?.routes?.items ?? []) {
      routes.push({ destination: value, via: null, interface: tunnel.name, place });
    }
  }
  reportRepeated(node, routes, scope.report);
  return routes;
}

/** The interface or tunnel by which a packet leaves, by longest prefix; null: nowhere. */
export function egressOf(node: NodeScope, routes: readonly Route[], destination: Address): string | null {
  let best: { name: string; length: number } | null = null;
  const consider = (prefix: Prefix, name: string) => {
    if (prefixContains(prefix, destination) && (best === null || prefix.length > best.length))
      best = { name, length: prefix.length };
  };
  for (const iface of node.interfaces.values()) for (const { value } of iface.addresses) consider(value, iface.name);
  for (const route of routes) consider(route.destination, route.interface);
  return (best as { name: string } | null)?.name ?? null;
}

function gatewaysOf(scope: Scope, iface: InterfaceScope, links: ResolvedLinks, owners: Owners): Route[] {
  const routes: Route[] = [];
  for (const gateway of iface.text?.gateway?.items ?? []) {
    const version = addressVersion(gateway.value);
    if (iface.text?.complete === true && !reportGateway(scope, iface, gateway, links, owners)) continue;
    const everything = { address: new Uint8Array(version === 4 ? 4 : 16), length: 0 };
    routes.push({ destination: everything, via: gateway.value, interface: iface.name, place: gateway.place });
  }
  return routes;
}

/** Whether the gateway can be one. */
function reportGateway(
  scope: Scope,
  iface: InterfaceScope,
  gateway: Located<Address>,
  links: ResolvedLinks,
  owners: Owners,
): boolean {
  const { report } = scope;
  const shown = formatAddress(gateway.value);
  const family = addressVersion(gateway.value);
  const name = endName({ node: iface.node, interface: iface.name });
  const own = iface.addresses.filter(({ value }) => addressVersion(value.address) === family);
  const attached = own.find(({ value }) => prefixContains(value, gateway.value));
  if (attached === undefined && !isLinkLocal(gateway.value)) {
    const [first] = own;
    const fix =
      first === undefined
        ? `give ${name} an ${familyName(family)} address in the gateway's network`
        : `choose a gateway in ${formatPrefix(networkOf(first.value))}${farAddressHint(first.value, links.wiring.get(name)?.far)}`;
    report.error(gateway.place, `the gateway ${shown} is not on-link at ${name}`, fix);
    return false;
  }
  if (own.some(({ value }) => addressesEqual(value.address, gateway.value))) {
    report.error(
      gateway.place,
      `the gateway ${shown} is ${name} itself`,
      'name the router at the other end of the link',
    );
    return false;
  }
  return isLinkLocal(gateway.value) || reportGatewayNode(scope, iface, gateway, links, owners);
}

function reportGatewayNode(
  scope: Scope,
  iface: InterfaceScope,
  gateway: Located<Address>,
  links: ResolvedLinks,
  owners: Owners,
): boolean {
  const { report } = scope;
  const shown = formatAddress(gateway.value);
  const name = endName({ node: iface.node, interface: iface.name });
  const plug = links.wiring.get(name);
  if (plug === undefined && !links.complete) return true;
  if (plug === undefined) {
    report.error(gateway.place, `${name} has a gateway and no link`, `add a link with an end "${name}"`);
    return false;
  }
  const farNode = scope.nodes.get(plug.far.node)?.text;
  if (plug.far.text?.complete !== true || farNode === null || farNode === undefined) return true;
  const owner = owners.get(addressKey(gateway.value));
  if (owner?.node !== plug.far.node || owner.interface !== plug.far.name) {
    const network = iface.addresses.find(({ value }) => prefixContains(value, gateway.value));
    const hint = network === undefined ? '' : farAddressHint(network.value, plug.far);
    const fix = `name the node at the other end of the link${hint}`;
    report.error(gateway.place, `nobody on link "${plug.link}" has the address ${shown}`, fix);
    return false;
  }
  if (farNode.kind.value === 'host') {
    const fix = `make ${plug.far.node} a router or a gateway, or choose another gateway`;
    report.error(gateway.place, `the gateway ${shown} is ${plug.far.node}, a host, and hosts do not forward`, fix);
    return false;
  }
  return true;
}

/** `: 1.2.3.1 (internet)`, where the other end has an address of that network. */
function farAddressHint(network: Prefix, far: InterfaceScope | undefined): string {
  const found = far?.addresses.find(({ value }) => prefixContains(network, value.address));
  return found === undefined || far === undefined ? '' : `: ${formatAddress(found.value.address)} (${far.node})`;
}

type StaticText = NonNullable<NonNullable<NodeScope['text']>['routes']>['items'][number];

function staticRoute(scope: Scope, node: NodeScope, text: StaticText): Route | null {
  const { report } = scope;
  const destination = text.to.value;
  if (text.via !== null) return routeVia(node, destination, text.via, report);
  if (text.interface === null) return null;
  const name = text.interface.value;
  if (node.interfaces.has(name) || node.tunnels.has(name)) {
    return { destination, via: null, interface: name, place: text.place };
  }
  const names = [...node.interfaces.keys(), ...node.tunnels.keys()];
  const message = `${node.name} has no interface or tunnel ${quoted(name)}`;
  report.error(text.interface.place, message, didYouMean(name, names, `declare it under ${node.name}`));
  return null;
}

function routeVia(node: NodeScope, destination: Prefix, via: Located<Address>, report: Report): Route | null {
  const shown = formatAddress(via.value);
  if (via.value.length !== destination.address.length) {
    report.error(
      via.place,
      `${shown} is of another family than ${formatPrefix(destination)}`,
      'name a next hop of the same family',
    );
    return null;
  }
  for (const iface of node.interfaces.values()) {
    if (iface.text === null || !iface.text.complete) return null;
    const on = iface.addresses.find(({ value }) => prefixContains(value, via.value));
    if (on === undefined) continue;
    if (addressesEqual(on.value.address, via.value)) {
      report.error(via.place, `the next hop ${shown} is ${node.name} itself`, 'name a neighbour');
      return null;
    }
    return { destination, via: via.value, interface: iface.name, place: via.place };
  }
  report.error(
    via.place,
    `the next hop ${shown} is on-link at no interface of ${node.name}`,
    'name a neighbour in an attached network',
  );
  return null;
}

function reportRepeated(node: NodeScope, routes: readonly Route[], report: Report): void {
  const seen = new Map<string, string>();
  for (const iface of node.interfaces.values()) {
    for (const { value } of iface.addresses) seen.set(formatPrefix(networkOf(value)), `attached to ${iface.name}`);
  }
  for (const route of routes) {
    const key = formatPrefix(route.destination);
    const before = seen.get(key);
    if (before !== undefined) {
      const what =
        route.destination.length === 0
          ? `the ${familyName(addressVersion(route.destination.address))} default route`
          : key;
      report.error(route.place, `${what} of ${node.name} is ${before} already`, 'keep one of the two');
      continue;
    }
    seen.set(key, `routed to ${route.interface} (line ${route.place.line})`);
  }
}
