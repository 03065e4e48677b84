import { didYouMean } from '../../engine/config/suggest.ts';
import { withSettings } from './apply.ts';
import { complain, say, stepPlan, wrong } from './effect.ts';
import { addRoute } from './route-add.ts';
import { readRouteArguments, type RouteArguments } from './route-arguments.ts';
import type { RouteSetting } from './settings.ts';
import type { System, SystemEffect, SystemPlan, SystemView } from './system.ts';
import { routeText } from './route-text.ts';
import { longestMatch } from './routing-table.ts';

const USAGE = [
  'usage: route [-p] [-n] add [-inet|-inet6] [-net|-host] <destination>[/<prefixlen>] <gateway> [-ifp <interface>]',
  '       route [-p] delete [-inet|-inet6] <destination>[/<prefixlen>] <gateway>',
  '       route [-p] change [-inet|-inet6] <destination>[/<prefixlen>] <gateway>',
  '       route get [-inet|-inet6] <destination>',
  '       route -p show',
  '       route [-p] flush',
];
const COMMANDS = ['add', 'delete', 'change', 'get', 'show', 'flush'] as const;

/** route(8) of illumos. `argv` without its name. */
export function route(argv: readonly string[]): SystemPlan {
  const reading = readRouteArguments(argv);
  if (reading.kind === 'wrong') return wrong(reading.lines);
  const { command } = reading;
  if (command === null) return wrong(USAGE);
  const known = COMMANDS.find(each => each === command);
  switch (known) {
    case 'add':
      return stepPlan((system, view) => addRoute(system, view, reading));
    case 'delete':
      return stepPlan((system, view) => deleteRoute(system, view, reading));
    case 'change':
      return stepPlan((system, view) => changeRoute(system, view, reading));
    case 'get':
      return stepPlan((system, view) => getRoute(system, view, reading));
    case 'show':
      return stepPlan(system => say(system, shown(system)));
    case 'flush':
      return stepPlan(system => flushRoutes(system, reading));
    case undefined:
      return wrong([`route: bad keyword: ${command}`, `  fix: ${didYouMean(command, COMMANDS, '')}`]);
  }
}

function deleteRoute(
  system: System,
  view: SystemView,
  { target, gateway, isPersistent }: RouteArguments,
): SystemEffect {
  if (target === null) return complain(system, USAGE[1] ?? '');
  const { settings } = system;
  const isMeant = (each: RouteSetting) =>
    each.destination === target && (gateway === null || each.gateway === gateway || each.interface === gateway);
  const found = settings.routes.filter(isMeant);
  const [first] = found;
  if (first === undefined || (!isPersistent && !found.some(({ isActive }) => isActive))) {
    const connected = view.status.routes.some(each => each.destination === target && each.via === null);
    return complain(system, [
      `delete ${routeText({ destination: target, gateway, interface: null })}: not in table`,
      connected ? '  it comes with an address: ipadm delete-addr takes both' : '  netstat -rn shows those that are',
    ]);
  }
  const routes = settings.routes.flatMap(each => {
    if (!isMeant(each)) return [each];
    return !isPersistent && each.isPersistent ? [{ ...each, isActive: false }] : [];
  });
  const text = routeText(first);
  const lasting = isPersistent && first.isPersistent ? `delete persistent ${text}\n` : '';
  return { ...withSettings(system, { ...settings, routes }), stdout: `delete ${text}\n${lasting}` };
}

function changeRoute(system: System, view: SystemView, args: RouteArguments): SystemEffect {
  const { target } = args;
  if (!system.settings.routes.some(each => each.destination === target && each.isActive)) {
    return complain(
      system,
      `change ${routeText({ destination: target ?? '', gateway: args.gateway, interface: null })}: not in table`,
    );
  }
  const routes = system.settings.routes.filter(each => each.destination !== target);
  const without = { ...system, settings: { ...system.settings, routes } };
  const added = addRoute(without, view, args);
  if (added.exitStatus !== 0) return { ...added, system };
  return { ...withSettings(system, added.system.settings), stdout: added.stdout.replaceAll('add ', 'change ') };
}

function getRoute(system: System, { status }: SystemView, { target }: RouteArguments): SystemEffect {
  const asked = target?.split('/')[0] ?? '';
  const found = longestMatch(status, asked);
  if (found === null) return complain(system, `route to: ${asked}\nroute: ${asked}: not in table`);
  const [destination = '', length = ''] = found.destination.split('/');
  const lines = [
    `   route to: ${asked}`,
    `destination: ${length === '0' ? 'default' : destination}`,
    `       mask: ${length === '0' ? 'default' : `/${length}`}`,
    ...(found.via === null ? [] : [`    gateway: ${found.via}`]),
    `  interface: ${found.interface}`,
    `      flags: <UP,${found.via === null ? '' : 'GATEWAY,'}DONE${found.via === null ? '' : ',STATIC'}>`,
  ];
  return say(system, `${lines.join('\n')}\n`);
}

function shown({ settings }: System): string {
  const lasting = settings.routes.filter(({ isPersistent }) => isPersistent);
  if (lasting.length === 0) return 'No persistent routes are defined\n';
  return lasting
    .map(({ destination, gateway, interface: out }) => {
      const family = destination.includes(':') ? '-inet6 ' : '';
      const to = destination.endsWith('/0') ? 'default' : destination;
      return `persistent: route add ${family}${to} ${gateway ?? `-ifp ${out}`}\n`;
    })
    .join('');
}

function flushRoutes(system: System, { isPersistent }: RouteArguments): SystemEffect {
  const { settings } = system;
  const gone = settings.routes.filter(each => each.gateway !== null);
  const routes = settings.routes.flatMap(each => {
    if (each.gateway === null) return [each];
    return !isPersistent && each.isPersistent ? [{ ...each, isActive: false }] : [];
  });
  const text = gone.map(each => `${routeText(each).replace(/^\w+ /, '').replace(': gateway', '').padEnd(40)} done\n`);
  return { ...withSettings(system, { ...settings, routes }), stdout: text.join('') };
}
