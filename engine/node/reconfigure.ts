import { type Address, addressesEqual, formatAddress, parseAddress } from '../wire/address.ts';
import { NS_PER_S } from '../wire/instant.ts';
import { networkOf, parsePrefix, type Prefix } from '../wire/prefix.ts';
import type { Core } from './core.ts';
import type { InterfaceAddress, NodeInterface } from './interfaces.ts';
import type { NodeCommand } from './node.ts';
import { configuredRoute, connectedRoutes, type Route } from './route-table.ts';
import { announce } from './solicitation.ts';

/** Changes of routes and addresses while the node runs. Each empties the flow cache: what was decided may be wrong now. */
export function addRoute(core: Core, route: Route): void {
  core.routes.add(route);
  core.flows.clear();
}

export function removeRoutes(core: Core, isGone: (route: Route) => boolean): void {
  core.routes.remove(isGone);
  core.flows.clear();
}

/** An address formed from an advertised prefix. */
export function addAddress(core: Core, link: NodeInterface, address: Address, prefixLength: number): void {
  const entry: InterfaceAddress = { address, prefixLength, origin: 'autoconfigured', tentativeUntil: 0 };
  link.addresses = [...link.addresses, entry];
  beginTentative(core, [entry]);
  core.addresses.rebuild();
  core.flows.clear();
}

export function removeAddress(core: Core, link: NodeInterface, address: Address): void {
  link.addresses = link.addresses.filter(entry => !addressesEqual(entry.address, address));
  core.addresses.rebuild();
  core.flows.clear();
  core.audit.note('addressesChanged', `${link.name} has no more ${formatAddress(address)}`);
}

type AddressCommand = Extract<NodeCommand, { kind: 'addAddress' | 'removeAddress' }>;

/** Addresses come and go by command. Nothing happens for what is there already, or gone. Throws for an interface that is not there. */
export function runAddressCommand(core: Core, command: AddressCommand): void {
  const prefix = parsePrefix(command.address);
  if (prefix === null) throw new Error(`${command.interface}: address ${command.address}`);
  const has = ({ addresses }: NodeInterface) => addresses.some(entry => addressesEqual(entry.address, prefix.address));
  const netInterface = core.interfaces.find(each => {
    if (command.interface !== null) return each.name === command.interface;
    return command.kind === 'addAddress' ? each.kind === 'ethernet' && each.up : has(each);
  });
  if (netInterface === undefined && command.interface === null) return;
  if (netInterface === undefined) throw new Error(`${core.name} has no interface ${command.interface}`);
  const isThere = has(netInterface);
  if (isThere === (command.kind === 'addAddress')) return;
  const kept = netInterface.addresses.filter(entry => !addressesEqual(entry.address, prefix.address));
  const added = command.kind === 'addAddress' ? [entryOf(command, prefix)] : [];
  const before = connectedRoutes(netInterface);
  netInterface.addresses = [...kept, ...added];
  beginTentative(core, added);
  core.addresses.rebuild();
  changeRoutes(core, before, connectedRoutes(netInterface));
  if (netInterface.kind === 'ethernet' && netInterface.up && added.length > 0) {
    announce(core, netInterface, [prefix.address]);
  }
  const verb = command.kind === 'addAddress' ? 'has' : 'has no more';
  core.audit.note('addressesChanged', `${netInterface.name} ${verb} ${formatAddress(prefix.address)}`);
}

/** Throws for a far end that has no address of that family. */
function entryOf(
  { isPreferred, peer }: Extract<AddressCommand, { kind: 'addAddress' }>,
  own: Prefix,
): InterfaceAddress {
  const entry = assignedEntry(own, isPreferred ? 'assigned' : 'configured');
  if (peer === undefined) return entry;
  const far = parseAddress(peer);
  if (far?.length !== own.address.length) throw new Error(`from ${formatAddress(own.address)} to ${peer}`);
  return { ...entry, peer: far };
}

type RouteCommand = Extract<NodeCommand, { kind: 'addRoute' | 'removeRoute' }>;

/** Throws for a route that contradicts itself; nothing happens when one that is to be removed is not there. */
export function runRouteCommand(core: Core, command: RouteCommand): void {
  const route = configuredRoute(command.route, core.interfaces);
  if (command.kind === 'addRoute') addRoute(core, route);
  else if (core.routes.removeOne(other => isSameRoute(other, route))) core.flows.clear();
}

function isSameRoute(a: Route, b: Route): boolean {
  if (a.origin !== b.origin || a.interface !== b.interface) return false;
  const isSameHop = a.via === null || b.via === null ? a.via === b.via : addressesEqual(a.via, b.via);
  const isSamePlace = addressesEqual(a.destination.address, networkOf(b.destination).address);
  return isSameHop && isSamePlace && a.destination.length === b.destination.length;
}

/** Two addresses may imply the same subnet: of those that are alike, one goes, or one comes. */
export function changeRoutes(core: Core, before: readonly Route[], after: readonly Route[]): void {
  const gone = before.filter(old => !after.some(route => isSameRoute(old, route)));
  core.routes.remove(route => gone.some(old => isSameRoute(old, route)));
  for (const route of after) if (!before.some(old => isSameRoute(old, route))) core.routes.add(route);
  core.flows.clear();
}

export function assignedEntry({ address, length }: Prefix, origin: 'configured' | 'assigned'): InterfaceAddress {
  return { address, prefixLength: length, origin, tentativeUntil: 0 };
}

/** One solicitation, one RETRANS_TIMER: DupAddrDetectTransmits of RFC 4862 §5.1. */
export function beginTentative(core: Core, entries: readonly InterfaceAddress[]): void {
  for (const entry of entries) entry.tentativeUntil = core.now + NS_PER_S;
}
