import { isLegacy } from '../crypto/esp-suite.ts';
import type { PolicyAction } from '../ipsec/spd.ts';
import { formatAddress } from '../wire/address.ts';
import { type Instant, NS_PER_S } from '../wire/instant.ts';
import { formatPrefix } from '../wire/prefix.ts';
import type { Core } from './core.ts';
import { filterStatus } from './filter-gate.ts';
import type { NodeInterface, TunnelInterface } from './interfaces.ts';
import type { NodeStatus, TunnelStatus } from './node.ts';
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
      ...(netInterface.kind === 'tunnel' ? { tunnel: tunnelStatus(netInterface) } : {}),
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
    policies: core.policies.entries.map(({ policy, config, packets, installedAt, usedAt }) => ({
      name: policy.name,
      action: describeAction(policy.action),
      config,
      packets,
      ageSeconds: secondsSince(installedAt, core.now),
      idleSeconds: usedAt === null ? null : secondsSince(usedAt, core.now),
    })),
    sas: core.sad.all().map(sa => ({
      spi: sa.spi,
      direction: sa.direction,
      protocol: sa.protocol,
      mode: sa.mode,
      source: formatAddress(sa.source),
      destination: formatAddress(sa.destination),
      suite: sa.protocol === 'esp' ? sa.suite.name : sa.integrity.token,
      legacy: sa.protocol === 'esp' ? isLegacy(sa.suite) : sa.integrity.legacy,
      policy: sa.policy,
      requestId: sa.requestId,
      esn: sa.esn,
      windowPackets: sa.direction === 'inbound' ? sa.window.sizePackets : 0,
      encapsulation:
        sa.encapsulation === null ? null : `${sa.encapsulation.localPort} > ${sa.encapsulation.remotePort}`,
      sequence: String(sa.direction === 'outbound' ? sa.sequence : sa.window.top),
      packets: sa.packets,
      octets: sa.octets,
      dummyPackets: core.upkeep.of(sa)?.dummies ?? 0,
      ageSeconds: secondsSince(sa.lifetime.installedAt, core.now),
      lifetime: { soft: sa.lifetime.soft, hard: sa.lifetime.hard },
    })),
    filter: core.filter === null ? null : filterStatus(core.filter),
    hostModel: { ...core.hostModel },
    drops: { ...core.audit.counts },
  };
}

const tunnelStatus = ({ local, remote, remoteLinkLocal }: TunnelInterface): TunnelStatus => ({
  local: formatAddress(local),
  remote: formatAddress(remote),
  remoteLinkLocal: formatAddress(remoteLinkLocal),
});

const secondsSince = (from: Instant, now: Instant): number => Math.max(0, (now - from) / NS_PER_S);

/** Of a tunnel: what is left of the path as it is known now; 0 while there is no path. */
function mtuOf(core: Core, netInterface: NodeInterface): number {
  return netInterface.kind === 'ethernet' ? netInterface.mtu : (tunnelMtu(core, netInterface) ?? 0);
}

/** `protect esp/tunnel/require`, with one part for each transform. */
function describeAction(action: PolicyAction): string {
  if (action.kind !== 'protect') return action.kind;
  return ['protect', ...action.transforms.map(({ protocol, mode, level }) => `${protocol}/${mode}/${level}`)].join(' ');
}
