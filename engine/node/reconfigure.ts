import { type Address, addressesEqual } from '../wire/address.ts';
import { NS_PER_S } from '../wire/instant.ts';
import type { Core } from './core.ts';
import type { InterfaceAddress, NodeInterface } from './interfaces.ts';
import type { Route } from './route-table.ts';

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
}

/** One solicitation, one RETRANS_TIMER: DupAddrDetectTransmits of RFC 4862 §5.1. */
export function beginTentative(core: Core, entries: readonly InterfaceAddress[]): void {
  for (const entry of entries) entry.tentativeUntil = core.now + NS_PER_S;
}
