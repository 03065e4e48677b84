import { parseAddress } from '../../engine/wire/address.ts';
import { formatPrefix, networkOf, parsePrefix, prefixContains } from '../../engine/wire/prefix.ts';
import { withSettings } from './apply.ts';
import { complain } from './effect.ts';
import { ownerOf, wayTo } from './interface-settings.ts';
import { routeText } from './route-text.ts';
import type { RouteArguments } from './route-arguments.ts';
import type { RouteSetting } from './settings.ts';
import type { System, SystemEffect, SystemView } from './system.ts';

/** `route [-p] add destination gateway`. */
export function addRoute(system: System, view: SystemView, args: RouteArguments): SystemEffect {
  const { target, gateway, isPersistent, hostBits } = args;
  if (target === null || (gateway === null && args.interface === null)) {
    return complain(system, ['usage: route [-p] add [-inet6] <destination>[/<prefixlen>] <gateway>']);
  }
  const asWritten = { destination: hostBits ?? target, gateway, interface: args.interface };
  const failed = (why: string, ...fix: readonly string[]) =>
    complain(system, [`add ${routeText(asWritten)}: ${why}`, ...fix]);
  if (hostBits !== null) return failed('Invalid argument', ...hostBitsFix(system, view, args, target, hostBits));
  const { settings } = system;
  const known = [...system.origin.interfaces, ...settings.tunnels].map(each => each.name);
  if (args.interface !== null && !known.includes(args.interface)) {
    return failed(`no such interface: ${args.interface}`, `  there is ${known.join(', ')}`);
  }
  const hop = gateway === null ? null : parseAddress(gateway);
  const way = hop === null ? { interface: args.interface ?? '' } : wayTo(system, view, hop, args.interface);
  if (way === null) return failed('Network is unreachable', ...unreachableFix(gateway ?? ''));
  if (gateway !== null && ownerOf(view, gateway) !== null) {
    return failed('Invalid argument', `  ${gateway} is this node itself: the next hop is the other end of the link`);
  }
  const route: RouteSetting = { destination: target, gateway, interface: way.interface, isActive: true, isPersistent };
  const twin = settings.routes.find(
    each => each.destination === target && each.gateway === gateway && outOf(system, view, each) === way.interface,
  );
  if (twin?.isActive === true && (!isPersistent || twin.isPersistent)) return failed('entry exists');
  const young = { ...route, interface: twin?.interface ?? route.interface };
  const routes =
    twin === undefined ? [...settings.routes, route] : settings.routes.map(each => (each === twin ? young : each));
  const text = routeText(route);
  const stdout = `add ${text}\n${isPersistent ? `add persistent ${text}\n` : ''}`;
  return { ...withSettings(system, { ...settings, routes }), stdout };
}

/** Where a setting leads; those of the topology do not say. */
function outOf(system: System, view: SystemView, { gateway, interface: out }: RouteSetting): string | null {
  const hop = gateway === null ? null : parseAddress(gateway);
  return out ?? (hop === null ? null : (wayTo(system, view, hop, null)?.interface ?? null));
}

function unreachableFix(gateway: string): readonly string[] {
  if (gateway.startsWith('fe80:')) {
    return [
      '  a link-local address does not say on which link it is: of a tunnel it is what ipadm show-addr shows behind ->,',
      '  on any other link say which: -ifp <interface>',
    ];
  }
  return ['  fix: a next hop that is on one of the links, or at the other end of a tunnel: see ipadm show-addr'];
}

/** The guide's own slip is of this kind: a host's address where a network is meant, and the near network instead of the far one. */
function hostBitsFix(
  { settings, origin }: System,
  view: SystemView,
  { gateway, isPersistent }: RouteArguments,
  target: string,
  hostBits: string,
): readonly string[] {
  const lines = [`  ${hostBits} has host bits: as a network it is ${target}`];
  const prefix = parsePrefix(target);
  const hop = gateway === null ? null : parseAddress(gateway);
  if (prefix === null || hop === null || prefixContains(prefix, hop)) {
    return [...lines, `  fix: route ${isPersistent ? '-p ' : ''}add ${inet6(target)}${target} ${gateway ?? ''}`];
  }
  const owner = ownerOf(view, hostBits.split('/')[0] ?? '');
  const near = view.status.routes.find(each => each.destination === target && each.via === null);
  const isTunnelEnd = settings.addresses.some(each => each.kind === 'static' && each.remote === gateway);
  if (owner === null && near === undefined) {
    return [...lines, `  fix: route ${isPersistent ? '-p ' : ''}add ${inet6(target)}${target} ${gateway}`];
  }
  const far = parsePrefix(`${gateway}/${prefix.length}`);
  const network = far === null || !isTunnelEnd ? '<network>/<prefixlen>' : formatPrefix(networkOf(far));
  return [
    ...lines,
    `  ${origin.name} is in that network itself${near === undefined ? '' : ` (${near.interface})`}: the route is to lead to what is behind ${gateway}`,
    `  fix: route ${isPersistent ? '-p ' : ''}add ${inet6(target)}${network} ${gateway}`,
  ];
}

const inet6 = (text: string): string => (text.includes(':') ? '-inet6 ' : '');
