import type { NodeCommand } from '../../engine/node/node.ts';
import { parsePrefix } from '../../engine/wire/prefix.ts';
import { act, nodeAction } from './effect.ts';
import { ikeActions } from './ike-service.ts';
import { activeOf, type AddressSetting, type RouteSetting, type Settings, type TunnelSetting } from './settings.ts';
import type { System, SystemAction, SystemEffect } from './system.ts';

/** The system with other settings, and what brings its node there; in.iked hears of tunnels that come or go. */
export function withSettings(system: System, settings: Settings): SystemEffect {
  const next = { ...system, settings };
  const negotiation = tunnelKeys(system.settings) === tunnelKeys(settings) ? [] : ikeActions(next);
  return act(next, ...changesBetween(system.settings, settings), ...negotiation);
}

/**
 * What brings a node from where one system wants it to where the next one does: what goes first, what comes after it, each before
 * what stands on it. With a tunnel go its addresses and routes, without being asked.
 */
export function changesBetween(before: Settings, after: Settings): SystemAction[] {
  const tunnels = difference(activeOf(before.tunnels), activeOf(after.tunnels), tunnelKey);
  const goneLinks = new Set(tunnels.gone.map(({ name }) => name));
  const newLinks = new Set(tunnels.come.map(({ name }) => name));
  const links = new Set(activeOf(after.tunnels).map(({ name }) => name));
  const addresses = difference(standing(before, goneLinks), standing(after, newLinks), addressKey);
  const newAddresses = activeOf(after.addresses).filter(each => !each.isDown && newLinks.has(each.interface));
  const routes = difference(activeOf(before.routes), activeOf(after.routes), routeKey);
  const lostRoutes = activeOf(after.routes).filter(({ interface: out }) => out !== null && newLinks.has(out));
  const comingRoutes = [...new Set([...routes.come, ...lostRoutes])];
  const goneRoutes = routes.gone.filter(({ interface: out }) => out === null || !goneLinks.has(out));
  return [
    ...goneRoutes.map(route => command({ kind: 'removeRoute', route: routeConfig(route) })),
    ...addresses.gone.flatMap(address => withoutAddress(address, links)),
    ...tunnels.gone.map(({ name }) => command({ kind: 'removeTunnel', name })),
    ...hostModelChanges(before, after),
    ...tunnels.come.map(withTunnel),
    ...[...addresses.come, ...newAddresses].flatMap(address => withAddress(address, links)),
    ...comingRoutes.map(route => command({ kind: 'addRoute', route: routeConfig(route) })),
  ];
}

const command = (nodeCommand: NodeCommand): SystemAction => nodeAction(nodeCommand);

function difference<T>(before: readonly T[], after: readonly T[], keyOf: (value: T) => string) {
  const [old, young] = [new Set(before.map(keyOf)), new Set(after.map(keyOf))];
  return {
    gone: before.filter(value => !young.has(keyOf(value))),
    come: after.filter(value => !old.has(keyOf(value))),
  };
}

const tunnelKey = ({ name, local, remote, mtu }: TunnelSetting): string => [name, local, remote, mtu].join(' ');
const tunnelKeys = ({ tunnels }: Settings): string => activeOf(tunnels).map(tunnelKey).join('\n');
const routeKey = ({ destination, gateway, interface: out }: RouteSetting): string =>
  [destination, gateway, out].join(' ');

/** The addresses that are in use, but for those of some links. */
const standing = ({ addresses }: Settings, away: ReadonlySet<string>): AddressSetting[] =>
  activeOf(addresses).filter(address => !address.isDown && !away.has(address.interface));

function addressKey(address: AddressSetting): string {
  const what = address.kind === 'static' ? `${address.local} ${address.remote}` : '';
  return [address.interface, address.kind, what].join(' ');
}

const withTunnel = ({ name, local, remote, mtu }: TunnelSetting): SystemAction =>
  command({ kind: 'addTunnel', tunnel: { name, local, remote, mtu, addresses: [], linkLocal: false } });

/** A link has its link-local address by itself, so that `addrconf` is a matter of tunnels. */
function withAddress(address: AddressSetting, tunnels: ReadonlySet<string>): SystemAction[] {
  const { interface: name } = address;
  if (address.kind === 'addrconf') {
    return tunnels.has(name) ? [command({ kind: 'setAddrconf', tunnel: name, on: true })] : [];
  }
  const { local, remote } = address;
  const peer = remote === null ? {} : { peer: withoutLength(remote) };
  return [command({ kind: 'addAddress', interface: name, address: local, isPreferred: false, ...peer })];
}

function withoutAddress(address: AddressSetting, tunnels: ReadonlySet<string>): SystemAction[] {
  const { interface: name } = address;
  if (address.kind === 'addrconf') {
    return tunnels.has(name) ? [command({ kind: 'setAddrconf', tunnel: name, on: false })] : [];
  }
  return [command({ kind: 'removeAddress', interface: name, address: address.local })];
}

function hostModelChanges(before: Settings, after: Settings): SystemAction[] {
  const families = [
    ['ipv4', 4],
    ['ipv6', 6],
  ] as const;
  return families.flatMap(([name, family]) => {
    const [old, young] = [before, after].map(({ properties }) => modelOf(properties.current.hostmodel[name]));
    return old === young || young === undefined ? [] : [command({ kind: 'setHostModel', family, model: young })];
  });
}

/** The node has no model between the two: `src-priority` prefers, and refuses nothing. */
const modelOf = (model: 'weak' | 'src-priority' | 'strong'): 'weak' | 'strong' =>
  model === 'strong' ? 'strong' : 'weak';

const routeConfig = ({ destination, gateway, interface: out }: RouteSetting) => ({
  destination,
  via: gateway,
  interface: out,
});

/** Of an address that may have a prefix length. */
export function withoutLength(text: string): string {
  return parsePrefix(text) === null ? text : (text.split('/')[0] ?? text);
}
