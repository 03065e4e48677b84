import type { NodeConfig } from '../../engine/node/config.ts';
import { settingsOf } from './origin-settings.ts';
import { changesBetween } from './apply.ts';
import { act, done, joinedOutput } from './effect.ts';
import type { StatedPolicy } from '../../engine/config/policy.ts';
import { isImpliedName } from '../../engine/config/implied-policies.ts';
import { readIpsecinit } from '../../engine/config/ipsecinit.ts';
import { baseOf, emptyFiles, type Files, readText, withFiles } from './files.ts';
import { changedSetkeyConf } from './setkey-conf.ts';
import { followKernel } from './racoon-service.ts';
import { IPSECINIT, RACOON_CONF } from './service-files.ts';
import { isWanted, SERVICES, type ServiceName, type Services, type ServiceStatus } from './service.ts';
import { FILES, marked, stop } from './service-start.ts';
import { activeOf, afterRestart, type Lasting } from './settings.ts';
import { online } from './svcadm.ts';
import type { System, SystemEffect, SystemView } from './system.ts';

/** What the topology gives a node besides its configuration. */
export interface SystemOrigin {
  readonly node: NodeConfig;
  /** It negotiates already, by what the topology says. */
  readonly negotiates: boolean;
  /** By absolute path; directories come by themselves. */
  readonly files: ReadonlyMap<string, Uint8Array>;
  /** Addresses of the other nodes that negotiate. */
  readonly peers?: readonly string[];
  readonly unixSeconds: number;
}

/** A node's system as the lab comes up. `boot` is not needed then: the node has all that `origin.node` says. */
export function createSystem(origin: SystemOrigin): System {
  const { node, negotiates, unixSeconds } = origin;
  const files = withFiles(emptyFiles(), origin.files, unixSeconds);
  const hasRacoon = negotiates && files.has(RACOON_CONF);
  const isOn: Readonly<Record<ServiceName, boolean>> = {
    'ipsec/policy': true,
    'ipsec/ipsecalgs': true,
    'ipsec/manual-key': node.sas.length > 0,
    'ipsec/ike': negotiates && !hasRacoon,
    racoon: hasRacoon,
    // Without rules it lets everything pass.
    'network/ipfilter': true,
  };
  const entries = SERVICES.map(({ name }): [ServiceName, ServiceStatus] => {
    const state = isOn[name] ? 'online' : 'disabled';
    return [
      name,
      {
        isEnabled: isOn[name],
        untilRestart: null,
        state,
        sinceSeconds: unixSeconds,
        trouble: null,
        isGiven: !isOn[name] || !isByFile(name, node, files),
      },
    ];
  });
  const services = Object.fromEntries(entries) as Services;
  const isByFiles = (name: ServiceName) => isOn[name] && !services[name].isGiven;
  const loaded = {
    policies: isByFiles('ipsec/policy') ? policiesOfFile(files) : null,
    ike: isByFiles('ipsec/ike') ? files : null,
    racoon: hasRacoon ? files : null,
  };
  return { origin: node, files, services, settings: settingsOf(node), loaded, peers: origin.peers ?? [], given: files };
}

/** Whether what the topology has given of a service is what the service's own file says. */
function isByFile(name: ServiceName, node: NodeConfig, files: Files): boolean {
  const file = FILES[name];
  if (file === null || !files.has(file)) return false;
  return (
    name !== 'ipsec/policy' ||
    node.policies.every(policy => isImpliedName(policy.name, 'any') || policy.name.startsWith(`${baseOf(file)}:`))
  );
}

function policiesOfFile(files: Files): readonly StatedPolicy[] | null {
  return readIpsecinit(IPSECINIT, readText(files, IPSECINIT) ?? '', { legacy: true }).stated?.policies ?? null;
}

/** The node is going down, or has crashed: what is left of its system. */
export function rebooted(system: System): System {
  const { settings, services } = system;
  const { persistent } = settings.properties;
  const tunnels = afterRestart(settings.tunnels);
  const links = new Set([...system.origin.interfaces, ...tunnels].map(({ name }) => name));
  // What was meant for good on a link that was not is there still, and not in use.
  const onLink = <T extends Lasting>(list: readonly T[], linkOf: (each: T) => string | null): T[] =>
    afterRestart(list).map(each => ({ ...each, isActive: links.has(linkOf(each) ?? '') || linkOf(each) === null }));
  const addresses = onLink(settings.addresses, each => each.interface);
  const routes = onLink(settings.routes, each => each.interface);
  const usable = new Set(activeOf(addresses).map(each => each.interface));
  return {
    ...system,
    settings: {
      tunnels,
      interfaces: onLink(settings.interfaces, each => each.name),
      addresses,
      routes: routes.map(each => ({
        ...each,
        isActive: each.isActive && (each.interface === null || usable.has(each.interface)),
      })),
      properties: { current: persistent, persistent },
    },
    services: mapServices(services, status => ({ ...status, untilRestart: null })),
    loaded: { policies: null, ike: null, racoon: null },
  };
}

/**
 * The node has come up again as `system.origin` says: what brings it to where its persistent settings, files and services want
 * it. First what keeps packets in or out, then what they would pass by.
 */
export function boot(system: System, view: SystemView): SystemEffect {
  const { unixSeconds } = view;
  const given = mapServices(system.services, status =>
    status.isGiven ? { ...status, sinceSeconds: unixSeconds } : status,
  );
  const guards = inOrder({ ...system, services: given }, view, ['ipsec/ipsecalgs', 'ipsec/policy', 'network/ipfilter']);
  const moved = act(guards.system, ...changesBetween(settingsOf(system.origin), system.settings));
  const statements = changedSetkeyConf(guards.system, view);
  const keyed = together(
    guards,
    moved,
    statements,
    inOrder(statements.system, view, ['ipsec/manual-key', 'ipsec/ike', 'racoon']),
  );
  return { ...keyed, next: followKernel };
}

/** Starts those that are wanted, and ends what the topology has of those that are not. One that was never touched is as given. */
function inOrder(system: System, view: SystemView, names: readonly ServiceName[]): SystemEffect {
  let sum = done(system);
  for (const name of names) {
    const status = sum.system.services[name];
    if (status.isGiven) continue;
    const stopped = stop(sum.system, name);
    const ended = () => act(marked(stopped.system, name, { state: 'disabled' }), ...stopped.actions);
    sum = together(sum, isWanted(status) ? online(sum.system, view, name) : ended());
  }
  return sum;
}

/** The system is that of the last one. */
function together(...effects: readonly SystemEffect[]): SystemEffect {
  return effects.reduce((sum, next) => ({
    ...joinedOutput(sum, next),
    system: next.system,
    actions: [...sum.actions, ...next.actions],
  }));
}

function mapServices(services: Services, change: (status: ServiceStatus) => ServiceStatus): Services {
  const entries = SERVICES.map(({ name }): [ServiceName, ServiceStatus] => [name, change(services[name])]);
  return Object.fromEntries(entries) as Services;
}
