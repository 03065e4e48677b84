import type { TopologyNode } from '../../topology/model.ts';
import { script, setting } from './script.ts';

/**
 * The shell script that makes a namespace a plain host or router: the kernel's own stack, with the topology's addresses and
 * routes. May be run again, after links were down: it replaces what is there.
 */
export function plainNodeScript(node: TopologyNode): string {
  const settings = [
    setting('ipv4/ip_forward', node.forwarding),
    setting('ipv6/conf/all/forwarding', node.forwarding),
    // A lab may well be asymmetric, and nothing here needs to be protected from spoofing.
    setting('ipv4/conf/all/rp_filter', false),
    setting('ipv4/conf/default/rp_filter', false),
    ...node.interfaces.flatMap(({ name, autoconfigure }) => [
      // Addresses that can be used at once: nobody else in a lab has them.
      setting(`ipv6/conf/${name}/accept_dad`, false),
      setting(`ipv6/conf/${name}/dad_transmits`, false),
      setting(`ipv6/conf/${name}/accept_ra`, autoconfigure),
      setting(`ipv6/conf/${name}/autoconf`, autoconfigure),
      setting(`ipv6/conf/${name}/router_solicitation_delay`, false),
      setting(`ipv6/conf/${name}/keep_addr_on_down`, true),
      setting(`ipv4/conf/${name}/rp_filter`, false),
    ]),
  ];
  const commands = [
    'link set dev lo up',
    ...node.interfaces.flatMap(({ name, addresses }) => [
      ...addresses.map(address => `addr replace ${address} dev ${name}${address.includes(':') ? ' nodad' : ''}`),
      `link set dev ${name} up`,
    ]),
    ...node.routes.map(route => `route replace ${routeText(route)}`),
  ];
  return script(settings, commands);
}

/** Takes away what a plain node has by `before` and not by `after`: addresses and routes, as far as they are there. */
export function plainGoneScript(before: TopologyNode, after: TopologyNode): string {
  const routes = new Set(after.routes.map(routeText));
  const gone = before.interfaces.flatMap(({ name, addresses }) => {
    const wanted = after.interfaces.find(each => each.name === name)?.addresses ?? [];
    return addresses.filter(address => !wanted.includes(address)).map(address => `addr del ${address} dev ${name}`);
  });
  const lines = [
    ...before.routes
      .map(routeText)
      .filter(route => !routes.has(route))
      .map(route => `route del ${route}`),
    ...gone,
  ];
  return lines.map(line => `ip ${line} 2>/dev/null || true\n`).join('');
}

/** The same for a node that is somewhere else: other addresses of an interface, another next hop of its default route. */
export function moveScript(device: string, addresses: readonly string[], gateway: string | null): string {
  return script(
    [],
    [
      `addr flush dev ${device} scope global`,
      ...addresses.map(address => `addr replace ${address} dev ${device}${isV6(address) ? ' nodad' : ''}`),
      ...(gateway === null
        ? []
        : [`route replace ${isV6(gateway) ? '::/0' : '0.0.0.0/0'} via ${gateway} dev ${device}`]),
    ],
  );
}

const isV6 = (text: string): boolean => text.includes(':');

const routeText = (route: TopologyNode['routes'][number]): string => `${route.destination}${nextHop(route)}`;

function nextHop({ via, interface: device }: TopologyNode['routes'][number]): string {
  return `${via === null ? '' : ` via ${via}`}${device === null ? '' : ` dev ${device}`}`;
}
