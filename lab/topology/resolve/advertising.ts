import { addressVersion, isLinkLocal } from '../../../engine/wire/address.ts';
import type { ResolvedLinks } from './links.ts';
import { endName, type InterfaceScope, type NodeScope, type Scope } from './scope.ts';

/** SLAAC forms addresses of a 64-bit interface identifier, RFC 4862 §5.5.3 and RFC 7136. */
const SLAAC_PREFIX_BITS = 64;

/** Router Advertisements need a router with prefixes; autoconfiguration needs a host, and a router on its link. */
export function reportAdvertising(scope: Scope, links: ResolvedLinks): void {
  for (const node of scope.nodes.values()) {
    for (const iface of node.interfaces.values()) {
      reportAdvertise(scope, node, iface);
      reportAutoconfigure(scope, node, iface, links);
    }
  }
}

function reportAdvertise(scope: Scope, node: NodeScope, iface: InterfaceScope): void {
  const advertise = iface.text?.advertise;
  if (advertise?.value !== true || iface.text?.complete !== true) return;
  if (node.text?.kind.value === 'host') {
    scope.report.error(
      advertise.place,
      `${node.name} is a host, and only routers advertise`,
      'remove advertise, or make it a router or a gateway',
    );
  }
  const prefixes = iface.addresses.filter(
    ({ value }) => addressVersion(value.address) === 6 && !isLinkLocal(value.address),
  );
  const odd = prefixes.find(({ value }) => value.length !== SLAAC_PREFIX_BITS);
  if (prefixes.length === 0) {
    scope.report.error(
      advertise.place,
      `${iface.name} of ${node.name} has no IPv6 prefix to advertise`,
      'add an IPv6 address with /64',
    );
  } else if (odd !== undefined) {
    scope.report.error(
      odd.place,
      `nobody can autoconfigure in a /${odd.value.length}`,
      'advertise a /64 (RFC 4862 §5.5.3)',
    );
  }
}

function reportAutoconfigure(scope: Scope, node: NodeScope, iface: InterfaceScope, links: ResolvedLinks): void {
  const autoconfigure = iface.text?.autoconfigure;
  if (autoconfigure?.value !== true || iface.text?.complete !== true) return;
  const kind = node.text?.kind.value;
  if (kind !== undefined && kind !== 'host') {
    scope.report.error(
      autoconfigure.place,
      `${node.name} is a ${kind}, and routers do not autoconfigure (RFC 4862 §1)`,
      'give it an IPv6 address',
    );
    return;
  }
  const name = endName({ node: node.name, interface: iface.name });
  const plug = links.wiring.get(name);
  const far = plug?.far.text;
  if (plug !== undefined && (far?.complete !== true || far.advertise?.value === true)) return;
  if (plug === undefined && !links.complete) return;
  const fix =
    plug === undefined
      ? `add a link with an end "${name}"`
      : `add advertise: true to ${endName({ node: plug.far.node, interface: plug.far.name })}`;
  scope.report.error(autoconfigure.place, `nobody advertises a prefix to ${name}`, fix);
}
