import { type Address, formatAddress, parseAddress } from '../wire/address.ts';
import { parsePrefix, type Prefix } from '../wire/prefix.ts';
import type { Core } from './core.ts';
import type { NodeCommand } from './node.ts';
import { assignedEntry, beginTentative, changeRoutes } from './reconfigure.ts';
import { connectedRoutes } from './route-table.ts';
import { announce } from './solicitation.ts';

/**
 * The node is somewhere else, all at once: a link has other addresses, and the default routes over it another next hop. What it was
 * given by routers and by peers stays. Throws for a link that is not there, and for what is no address.
 */
export function renumber(core: Core, command: Extract<NodeCommand, { kind: 'renumber' }>): void {
  const link = core.ports.get(command.interface);
  if (link === undefined) throw new Error(`${core.name} has no port ${command.interface}`);
  const added = command.addresses.map(text => assignedEntry(prefixFrom(text), 'configured'));
  const before = connectedRoutes(link);
  link.addresses = [...added, ...link.addresses.filter(({ origin }) => origin !== 'configured')];
  beginTentative(core, added);
  core.addresses.rebuild();
  changeRoutes(core, before, connectedRoutes(link));
  if (command.gateway !== null) {
    const via = addressFrom(command.gateway);
    const destination = { address: new Uint8Array(via.length), length: 0 };
    core.routes.remove(
      route =>
        route.interface === link &&
        route.destination.length === 0 &&
        route.destination.address.length === via.length &&
        route.via !== null,
    );
    core.routes.add({ destination, via, interface: link, origin: 'configured' });
  }
  core.flows.clear();
  const addresses = added.map(({ address }) => address);
  if (link.up) announce(core, link, addresses);
  core.audit.note('addressesChanged', `${link.name} has ${addresses.map(formatAddress).join(', ')} now`);
}

function prefixFrom(text: string): Prefix {
  const prefix = parsePrefix(text);
  if (prefix === null) throw new Error(`address ${text}`);
  return prefix;
}

function addressFrom(text: string): Address {
  const address = parseAddress(text);
  if (address === null) throw new Error(`gateway ${text}`);
  return address;
}
