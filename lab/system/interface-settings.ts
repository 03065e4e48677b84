import { type Address, formatAddress, isLinkLocal, parseAddress } from '../../engine/wire/address.ts';
import { parsePrefix, prefixContains } from '../../engine/wire/prefix.ts';
import { withoutLength } from './apply.ts';
import { activeOf, type Family, type InterfaceSetting, type RouteSetting, type Settings } from './settings.ts';
import type { System, SystemView } from './system.ts';

/** The interface of that link with all that stands on it taken away, for good. */
export function settingsWithoutInterface(settings: Settings, name: string): Settings {
  return {
    ...settings,
    interfaces: settings.interfaces.filter(each => each.name !== name),
    addresses: settings.addresses.filter(each => each.interface !== name),
    routes: settings.routes.flatMap(route => (route.interface === name ? idle(route) : [route])),
  };
}

/** A route whose way out is gone is not in use; one that is meant for good comes back with its interface. */
export const idle = (route: RouteSetting): RouteSetting[] =>
  route.isPersistent ? [{ ...route, isActive: false }] : [];

/** IP uses that link from now on, in that family too. */
export function withInterface(
  interfaces: readonly InterfaceSetting[],
  name: string,
  families: readonly Family[],
  isPersistent: boolean,
): InterfaceSetting[] {
  const before = interfaces.find(each => each.name === name);
  const young: InterfaceSetting = {
    name,
    families: [...new Set([...(before?.families ?? []), ...families])].sort(),
    isActive: true,
    isPersistent: isPersistent || before?.isPersistent === true,
  };
  return before === undefined ? [...interfaces, young] : interfaces.map(each => (each === before ? young : each));
}

/** What a gateway is behind. */
export interface Way {
  readonly interface: string;
}

/** The interface by which a gateway is reached without another one; null: none. `out` asks for one of them only. */
export function wayTo(system: System, view: SystemView, gateway: Address, out: string | null): Way | null {
  const { addresses } = system.settings;
  const isMeant = (name: string) => out === null || out === name;
  const text = formatAddress(gateway);
  if (gateway.length === 16 && isLinkLocal(gateway)) {
    const far = view.status.interfaces.find(each => isMeant(each.name) && each.tunnel?.remoteLinkLocal === text);
    if (far !== undefined) return { interface: far.name };
    const links = view.status.interfaces.filter(each => isMeant(each.name) && each.kind === 'ethernet');
    return links.length === 1 || out !== null ? (links[0] === undefined ? null : { interface: links[0].name }) : null;
  }
  const standing = activeOf(addresses).filter(each => !each.isDown && isMeant(each.interface));
  const far = standing.find(
    each => each.kind === 'static' && each.remote !== null && sameAddress(each.remote, gateway),
  );
  if (far !== undefined) return { interface: far.interface };
  const near = standing.find(each => each.kind === 'static' && each.remote === null && holds(each.local, gateway));
  if (near !== undefined) return { interface: near.interface };
  const learnt = view.status.interfaces.find(
    each => isMeant(each.name) && each.kind === 'ethernet' && each.addresses.some(own => holds(own, gateway)),
  );
  return learnt === undefined ? null : { interface: learnt.name };
}

/** The interface that has this address itself, if one does. */
export function ownerOf({ status }: SystemView, address: string): string | null {
  return status.interfaces.find(each => each.addresses.some(own => withoutLength(own) === address))?.name ?? null;
}

const sameAddress = (text: string, address: Address): boolean => withoutLength(text) === formatAddress(address);

function holds(text: string, address: Address): boolean {
  const prefix = parsePrefix(text);
  if (prefix === null || prefix.address.length !== address.length) return false;
  return prefixContains(prefix, address);
}

/** Text of an address as the node says it; null: it is none. */
export function canonical(text: string): string | null {
  const address = parseAddress(text);
  return address === null ? null : formatAddress(address);
}
