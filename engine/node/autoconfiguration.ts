import { type Address, addressesEqual, addressKey, formatAddress, isLinkLocal } from '../wire/address.ts';
import { type Instant, NS_PER_S } from '../wire/instant.ts';
import type { NdMessage } from '../wire/nd.ts';
import type { NdOption } from '../wire/nd-option.ts';
import { networkOf, type Prefix } from '../wire/prefix.ts';
import { ALL_ROUTERS, multicastMac } from './address-table.ts';
import type { Core } from './core.ts';
import { type EthernetInterface, type NodeInterface, withIdentifier } from './interfaces.ts';
import { IPV6_MINIMUM_MTU } from './path-mtu.ts';
import { addAddress, addRoute, removeAddress, removeRoutes } from './reconfigure.ts';
import { announce, sendNd, sourceOptions } from './solicitation.ts';

/** RFC 4861 §10. The first goes out at once: links of a lab do not come up all together after a power failure. */
const SOLICITATIONS_MAX = 3;
const SOLICITATION_INTERVAL_NS = 4 * NS_PER_S;
/** RFC 4862 §5.5.3 (e): an advertisement, which nobody signs, cannot shorten an address's life to less. */
const SHORTEST_LIFETIME_NS = 7200 * NS_PER_S;
const INFINITE_LIFETIME_S = 0xffff_ffff;
const PREFIXES_MAX = 16;
const ROUTERS_MAX = 4;
const DEFAULT_ROUTE: Prefix = { address: new Uint8Array(16), length: 0 };

/** What a link has learnt from its routers, RFC 4861 §6.3 and RFC 4862 §5.5. Expiry times may be infinite. */
export interface Autoconfiguration {
  readonly link: NodeInterface;
  solicitations: number;
  /** null: a router has answered, or none ever will. */
  solicitAt: Instant | null;
  readonly routers: Map<string, { readonly address: Address; expiresAt: Instant }>;
  readonly onLink: Map<string, { readonly prefix: Prefix; expiresAt: Instant }>;
  readonly addresses: Map<string, { readonly address: Address; expiresAt: Instant }>;
}

export function startAutoconfiguration(link: NodeInterface, now: Instant): Autoconfiguration {
  return { link, solicitations: 0, solicitAt: now, routers: new Map(), onLink: new Map(), addresses: new Map() };
}

export function takeRouterAdvertisement(
  core: Core,
  link: NodeInterface,
  router: Address,
  message: Extract<NdMessage, { type: 'routerAdvertisement' }>,
): void {
  const state = core.autoconfigurations.find(candidate => candidate.link === link);
  if (state === undefined) return;
  state.solicitAt = null;
  if (message.hopLimit > 0 && link.kind === 'ethernet') link.hopLimit = message.hopLimit;
  takeDefaultRouter(core, state, router, message.routerLifetimeS);
  for (const option of message.options) {
    if (option.type === 'mtu' && link.kind === 'ethernet') takeMtu(core, link, option.mtu);
    else if (option.type === 'prefixInformation') takePrefix(core, state, option);
  }
}

export function autoconfigureWhatIsDue(core: Core, state: Autoconfiguration): void {
  const { link } = state;
  if (state.solicitAt !== null && state.solicitAt <= core.now && link.up) solicitRouters(core, state);
  for (const { address, expiresAt } of state.routers.values()) {
    if (expiresAt <= core.now) takeDefaultRouter(core, state, address, 0);
  }
  for (const [key, { prefix, expiresAt }] of state.onLink) {
    if (expiresAt > core.now) continue;
    state.onLink.delete(key);
    removeRoutes(core, route => route.interface === link && route.via === null && isAdvertised(route, prefix));
  }
  for (const [key, { address, expiresAt }] of state.addresses) {
    if (expiresAt > core.now) continue;
    state.addresses.delete(key);
    removeAddress(core, link, address);
  }
}

/** When to call `autoconfigureWhatIsDue`; null when nothing is going to happen by itself. */
export function nextAutoconfiguration(state: Autoconfiguration): Instant | null {
  const expiries = [state.routers, state.onLink, state.addresses].flatMap(map =>
    [...map.values()].map(({ expiresAt }) => expiresAt),
  );
  const solicitAt = state.link.up ? (state.solicitAt ?? Number.POSITIVE_INFINITY) : Number.POSITIVE_INFINITY;
  const earliest = Math.min(solicitAt, ...expiries);
  return Number.isFinite(earliest) ? earliest : null;
}

function solicitRouters(core: Core, state: Autoconfiguration): void {
  const { link } = state;
  const message: NdMessage = { type: 'routerSolicitation', options: sourceOptions(link) };
  sendNd(core, link, message, link.linkLocal, ALL_ROUTERS, multicastMac(ALL_ROUTERS));
  state.solicitations++;
  state.solicitAt = state.solicitations < SOLICITATIONS_MAX ? core.now + SOLICITATION_INTERVAL_NS : null;
}

function takeDefaultRouter(core: Core, state: Autoconfiguration, router: Address, lifetimeS: number): void {
  const { link, routers } = state;
  const key = addressKey(router);
  const known = routers.get(key);
  if (lifetimeS === 0) {
    if (!routers.delete(key)) return;
    removeRoutes(
      core,
      route =>
        route.interface === link &&
        route.origin === 'advertised' &&
        route.via !== null &&
        addressesEqual(route.via, router),
    );
    return;
  }
  const expiresAt = core.now + lifetimeS * NS_PER_S;
  if (known !== undefined) {
    known.expiresAt = expiresAt;
  } else if (routers.size < ROUTERS_MAX) {
    const address = router.slice();
    routers.set(key, { address, expiresAt });
    addRoute(core, { destination: DEFAULT_ROUTE, via: address, interface: link, origin: 'advertised' });
  }
}

function takeMtu(core: Core, link: EthernetInterface, mtu: number): void {
  if (mtu < IPV6_MINIMUM_MTU || mtu > link.mtu || mtu === link.mtu6) return;
  link.mtu6 = mtu;
  core.flows.clear();
}

function takePrefix(
  core: Core,
  state: Autoconfiguration,
  option: Extract<NdOption, { type: 'prefixInformation' }>,
): void {
  const prefix = networkOf({ address: option.prefix, length: option.prefixLength });
  if (isLinkLocal(prefix.address) || (prefix.address[0] ?? 0) === 0xff) return;
  const key = `${addressKey(prefix.address)}/${prefix.length}`;
  const expiresAt =
    option.validLifetimeS === INFINITE_LIFETIME_S
      ? Number.POSITIVE_INFINITY
      : core.now + option.validLifetimeS * NS_PER_S;
  if (option.onLink && !isTunnelled(core, prefix, state.link)) takeOnLink(core, state, key, prefix, expiresAt);
  const isUsable = option.autonomous && option.prefixLength === 64;
  if (isUsable && option.preferredLifetimeS <= option.validLifetimeS) takeAddress(core, state, key, prefix, expiresAt);
}

/**
 * Whether another tunnel carries that prefix now. Nobody signs advertisements: they must not take traffic out of a tunnel (the
 * "LocalNet" attack of TunnelCrack, CVE-2023-36672).
 */
function isTunnelled(core: Core, { address, length }: Prefix, link: NodeInterface): boolean {
  const route = core.routes.lookup(address);
  if (route === null || route.interface.kind !== 'tunnel' || route.interface === link) return false;
  return route.destination.length <= length;
}

function takeOnLink(core: Core, state: Autoconfiguration, key: string, prefix: Prefix, expiresAt: Instant): void {
  const known = state.onLink.get(key);
  if (known !== undefined) {
    known.expiresAt = expiresAt; // one that is due now goes with the next `autoconfigureWhatIsDue`
  } else if (expiresAt > core.now && state.onLink.size < PREFIXES_MAX) {
    state.onLink.set(key, { prefix, expiresAt });
    addRoute(core, { destination: prefix, via: null, interface: state.link, origin: 'advertised' });
  }
}

function takeAddress(core: Core, state: Autoconfiguration, key: string, prefix: Prefix, expiresAt: Instant): void {
  const { link, addresses } = state;
  const known = addresses.get(key);
  if (known !== undefined) {
    const isLonger = expiresAt > core.now + SHORTEST_LIFETIME_NS || expiresAt > known.expiresAt;
    const shortest = core.now + SHORTEST_LIFETIME_NS;
    if (isLonger) known.expiresAt = expiresAt;
    else if (known.expiresAt > shortest) known.expiresAt = shortest;
    return;
  }
  if (expiresAt <= core.now || addresses.size >= PREFIXES_MAX) return;
  const address = withIdentifier(prefix.address, link.linkLocal.subarray(8));
  if (core.addresses.ownedBy(link, address)) return;
  addresses.set(key, { address, expiresAt });
  addAddress(core, link, address, prefix.length);
  if (link.kind === 'ethernet') announce(core, link, [address]);
  core.audit.note('addressConfigured', `${formatAddress(address)}/${prefix.length} on ${link.name}`);
}

function isAdvertised(route: { readonly destination: Prefix; readonly origin: string }, prefix: Prefix): boolean {
  const { destination, origin } = route;
  return (
    origin === 'advertised' &&
    destination.length === prefix.length &&
    addressesEqual(destination.address, prefix.address)
  );
}
