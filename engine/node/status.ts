import { formatAddress } from '../wire/address.ts';
import { formatPrefix } from '../wire/prefix.ts';
import type { Core } from './core.ts';
import type { NodeInterface } from './interfaces.ts';
import type { NodeStatus } from './node.ts';
import { tunnelMtu } from './path.ts';

/** A copy: nothing of it changes when the node goes on. */
export function statusOf(core: Core): NodeStatus {
  return {
    name: core.name,
    interfaces: core.interfaces.map(netInterface => ({
      name: netInterface.name,
      kind: netInterface.kind,
      up: netInterface.up,
      mtu: mtuOf(core, netInterface),
      addresses: netInterface.addresses.map(({ address, prefixLength }) =>
        formatPrefix({ address, length: prefixLength }),
      ),
      counters: { ...netInterface.counters },
    })),
    routes: core.routes.all().map(route => ({
      destination: formatPrefix(route.destination),
      via: route.via === null ? null : formatAddress(route.via),
      interface: route.interface.name,
    })),
    policies: core.policies.entries.map(({ policy, packets }) => ({
      name: policy.name,
      action: policy.action.kind === 'protect' ? `protect ${policy.action.mode}` : policy.action.kind,
      packets,
    })),
    sas: core.sad.all().map(sa => ({
      spi: sa.spi,
      direction: sa.direction,
      mode: sa.mode,
      source: formatAddress(sa.source),
      destination: formatAddress(sa.destination),
      suite: sa.suite.name,
      policy: sa.policy,
      sequence: String(sa.direction === 'outbound' ? sa.sequence : sa.window.top),
      packets: sa.packets,
      octets: sa.octets,
    })),
    drops: { ...core.audit.counts },
  };
}

/** Of a tunnel: what is left of the path as it is known now; 0 while there is no path. */
function mtuOf(core: Core, netInterface: NodeInterface): number {
  return netInterface.kind === 'ethernet' ? netInterface.mtu : (tunnelMtu(core, netInterface) ?? 0);
}
