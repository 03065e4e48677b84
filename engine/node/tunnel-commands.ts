import { addressesEqual, formatAddress } from '../wire/address.ts';
import { startAutoconfiguration } from './autoconfiguration.ts';
import type { TunnelConfig } from './config.ts';
import type { Core } from './core.ts';
import { type InterfaceAddress, linkLocalEntry, type TunnelInterface, tunnelInterface } from './interfaces.ts';
import type { NodeCommand } from './node.ts';
import { PolicySet } from './policy-set.ts';
import { connectedRoutes } from './route-table.ts';
import { deleteSas, forgetDecisions } from './sa-commands.ts';

/** Tunnels that come and go while the node runs. Their SPDs are older and younger than they are: RFC 4301 §4.4.1 names them only. */

/** Throws for a name that is in use, and for ends that are those of another tunnel: nobody could tell whose packets are whose. */
export function addTunnel(core: Core, config: TunnelConfig): void {
  if (core.interfaces.some(({ name }) => name === config.name)) {
    throw new Error(`${core.name} has an interface ${config.name} already`);
  }
  const tunnel = tunnelInterface(config);
  const twin = core.tunnels.find(
    ({ local, remote }) => addressesEqual(local, tunnel.local) && addressesEqual(remote, tunnel.remote),
  );
  if (twin !== undefined) throw new Error(`${twin.name} leads from ${config.local} to ${config.remote} already`);
  core.tunnels.push(tunnel);
  core.interfaces.push(tunnel);
  for (const route of connectedRoutes(tunnel)) core.routes.add(route);
  if (tunnel.autoconfigure) core.autoconfigurations.push(startAutoconfiguration(tunnel, core.now));
  interfacesChanged(core);
  core.audit.note('interfaceUp', `${tunnel.name} from ${config.local} to ${config.remote}`);
}

/** Nothing happens when it is gone already. */
export function removeTunnel(core: Core, name: string): void {
  const tunnel = core.tunnels.find(each => each.name === name);
  if (tunnel === undefined) return;
  core.tunnels.splice(core.tunnels.indexOf(tunnel), 1);
  core.interfaces.splice(core.interfaces.indexOf(tunnel), 1);
  core.routes.remove(route => route.interface === tunnel);
  stopAutoconfiguration(core, tunnel);
  deleteSas(
    core,
    core.sad.all().filter(({ policy }) => core.policies.named(policy)?.tunnel === name),
  );
  interfacesChanged(core);
  core.audit.note('interfaceDown', `${name} is gone`);
  if (tunnel.addresses.length > 0) core.audit.note('addressesChanged', `${name} is gone`);
}

/** Nothing happens where it is so already. Throws for a tunnel that is not there. */
export function setAddrconf(core: Core, { tunnel: name, on }: Extract<NodeCommand, { kind: 'setAddrconf' }>): void {
  const tunnel = core.tunnels.find(each => each.name === name);
  if (tunnel === undefined) throw new Error(`${core.name} has no tunnel ${name}`);
  if (on === tunnel.autoconfigure && on === core.addresses.ownedBy(tunnel, tunnel.linkLocal)) return;
  stopAutoconfiguration(core, tunnel);
  tunnel.addresses = [...tunnel.addresses.filter(isOwn), ...(on ? [linkLocalEntry(tunnel.linkLocal)] : [])];
  tunnel.autoconfigure = on;
  if (on) core.autoconfigurations.push(startAutoconfiguration(tunnel, core.now));
  core.addresses.rebuild();
  core.flows.clear();
  core.audit.note('addressesChanged', `${name} ${on ? 'has' : 'has no more'} ${formatAddress(tunnel.linkLocal)}`);
}

/** Not formed by the tunnel itself. */
const isOwn = ({ origin }: InterfaceAddress): boolean => origin !== 'linkLocal' && origin !== 'autoconfigured';

function stopAutoconfiguration(core: Core, tunnel: TunnelInterface): void {
  const at = core.autoconfigurations.findIndex(({ link }) => link === tunnel);
  if (at >= 0) core.autoconfigurations.splice(at, 1);
  core.routes.remove(route => route.interface === tunnel && route.origin === 'advertised');
}

function interfacesChanged(core: Core): void {
  core.addresses.rebuild();
  const configs = core.policies.entries.map(({ config }) => config);
  core.policies = new PolicySet(configs, core.interfaces, core.now, core.policies);
  forgetDecisions(core);
  core.fragments?.clear();
}
