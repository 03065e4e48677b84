import type { NodeConfig } from '../../engine/node/config.ts';
import { emptyFiles, type FileEntry } from './files.ts';
import { SERVICES, type ServiceName, type Services, type ServiceStatus } from './service.ts';
import type { System, SystemEffect, SystemView } from './system.ts';

/** What the topology gives a node besides its configuration. */
export interface SystemOrigin {
  readonly node: NodeConfig;
  /** It negotiates already, by what the topology says. */
  readonly negotiates: boolean;
  /** By absolute path. */
  readonly files: ReadonlyMap<string, Uint8Array>;
  readonly unixSeconds: number;
}

/** A node's system as the lab comes up. `boot` is not needed then: the node has all that `origin.node` says. */
export function createSystem(origin: SystemOrigin): System {
  const { node, negotiates, unixSeconds } = origin;
  const files = new Map(emptyFiles());
  for (const [path, octets] of origin.files) {
    const entry: FileEntry = { kind: 'file', octets, mode: 0o644, modifiedSeconds: Math.floor(unixSeconds) };
    files.set(path, entry);
  }
  const isOn: Readonly<Record<ServiceName, boolean>> = {
    'ipsec/policy': true,
    'ipsec/ipsecalgs': true,
    'ipsec/manual-key': node.sas.length > 0,
    'ipsec/ike': negotiates,
    'network/ipfilter': (node.filter ?? null) !== null,
  };
  const entries = SERVICES.map(({ name }): [ServiceName, ServiceStatus] => {
    const state = isOn[name] ? 'online' : 'disabled';
    return [
      name,
      { isEnabled: isOn[name], untilRestart: null, state, sinceSeconds: unixSeconds, trouble: null, isGiven: true },
    ];
  });
  const services = Object.fromEntries(entries) as Services;
  const values = {
    hostmodel: { ipv4: node.hostModel ?? 'weak', ipv6: node.hostModel ?? 'weak' },
    forwarding: { ipv4: node.forwarding ? 'on' : 'off', ipv6: node.forwarding ? 'on' : 'off' },
  } as const;
  return {
    origin: node,
    files,
    services,
    settings: {
      tunnels: [],
      interfaces: [],
      addresses: [],
      routes: [],
      properties: { current: values, persistent: values },
      waitingPolicies: [],
    },
  };
}

/** The node is going down, or has crashed: what is left of its system. */
export function rebooted(system: System): System {
  return system;
}

/** The node has come up again as `system.origin` says: what brings it to where its persistent settings, files and services want it. */
export function boot(system: System, _view: SystemView): SystemEffect {
  return { system, actions: [], stdout: '', stderr: '', exitStatus: 0 };
}
