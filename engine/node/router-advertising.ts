import type { Random } from '../crypto/random.ts';
import { type Address, addressesEqual, isUnspecified } from '../wire/address.ts';
import { type Instant, NS_PER_MS, NS_PER_S } from '../wire/instant.ts';
import type { NdMessage } from '../wire/nd.ts';
import type { NdOption } from '../wire/nd-option.ts';
import { u32At } from '../wire/octets.ts';
import { networkOf } from '../wire/prefix.ts';
import { ALL_NODES, multicastMac } from './address-table.ts';
import type { Core } from './core.ts';
import { NO_MAC } from './frame-output.ts';
import type { EthernetInterface, NodeInterface } from './interfaces.ts';
import { usableNeighbour } from './link-output.ts';
import { sendNd, sourceOptions } from './solicitation.ts';

/** RFC 4861 §10 and the defaults of §6.2.1. */
const INITIAL_ADVERTISEMENTS = 3;
const INITIAL_INTERVAL_NS = 16 * NS_PER_S;
const INTERVAL_MIN_NS = 200 * NS_PER_S;
const INTERVAL_MAX_NS = 600 * NS_PER_S;
const DELAY_MAX_NS = 500 * NS_PER_MS;
const MIN_DELAY_BETWEEN_NS = 3 * NS_PER_S;
const ROUTER_LIFETIME_S = 1800;
const VALID_LIFETIME_S = 2_592_000;
const PREFERRED_LIFETIME_S = 604_800;
/** Solicitations that wait for their answer; when there are more, everybody is answered at once. */
const WAITING_MAX = 8;

/** When a router advertises on one link, RFC 4861 §6.2.4 and §6.2.6. */
export interface Advertising {
  readonly link: NodeInterface;
  nextAt: Instant;
  sent: number;
  lastAt: Instant;
  /** Hosts that have asked, and when each is answered. */
  waiting: { readonly destination: Address; readonly at: Instant }[];
}

export function startAdvertising(link: NodeInterface, now: Instant): Advertising {
  return { link, nextAt: now, sent: 0, lastAt: Number.NEGATIVE_INFINITY, waiting: [] };
}

/** A host asks: it is answered after a random while, alone if its address is known. */
export function takeRouterSolicitation(core: Core, link: NodeInterface, source: Address): void {
  const advertising = core.advertising.find(candidate => candidate.link === link);
  if (advertising === undefined) return;
  const at = core.now + fraction(core.random) * DELAY_MAX_NS;
  if (advertising.waiting.some(({ destination }) => addressesEqual(destination, source))) return;
  if (!isUnspecified(source) && advertising.waiting.length < WAITING_MAX) {
    advertising.waiting.push({ destination: source.slice(), at: Math.floor(at) });
    return;
  }
  const soonest = Math.max(Math.floor(at), advertising.lastAt + MIN_DELAY_BETWEEN_NS);
  advertising.nextAt = Math.min(advertising.nextAt, soonest);
}

export function advertiseWhatIsDue(core: Core, advertising: Advertising): void {
  const { link } = advertising;
  if (!link.up) return;
  const due = advertising.waiting.filter(({ at }) => at <= core.now);
  advertising.waiting = advertising.waiting.filter(({ at }) => at > core.now);
  for (const { destination } of due) {
    const mac = link.kind === 'tunnel' ? NO_MAC : knownMac(core, link, destination);
    if (mac !== null) advertise(core, link, destination, mac);
    else
      advertising.nextAt = Math.min(advertising.nextAt, Math.max(core.now, advertising.lastAt + MIN_DELAY_BETWEEN_NS));
  }
  if (advertising.nextAt > core.now) return;
  advertise(core, link, ALL_NODES, multicastMac(ALL_NODES));
  advertising.lastAt = core.now;
  advertising.sent++;
  const spread = INTERVAL_MIN_NS + fraction(core.random) * (INTERVAL_MAX_NS - INTERVAL_MIN_NS);
  const interval = advertising.sent < INITIAL_ADVERTISEMENTS ? Math.min(INITIAL_INTERVAL_NS, spread) : spread;
  advertising.nextAt = core.now + Math.floor(interval);
}

/** When to call `advertiseWhatIsDue`; null while the link is down. */
export function nextAdvertisement({ link, nextAt, waiting }: Advertising): Instant | null {
  return link.up ? Math.min(nextAt, ...waiting.map(({ at }) => at)) : null;
}

function knownMac(core: Core, link: EthernetInterface, destination: Address): Uint8Array | null {
  const neighbour = usableNeighbour(core, link, destination);
  return neighbour.state === 'incomplete' ? null : neighbour.mac;
}

function advertise(core: Core, link: NodeInterface, destination: Address, mac: Uint8Array): void {
  const message: NdMessage = {
    type: 'routerAdvertisement',
    hopLimit: link.kind === 'ethernet' ? link.hopLimit : 0,
    managed: false,
    otherConfiguration: false,
    routerLifetimeS: core.forwarding ? ROUTER_LIFETIME_S : 0,
    reachableTimeMs: 0,
    retransTimerMs: 0,
    options: [...sourceOptions(link), ...mtuOptions(link), ...prefixOptions(link)],
  };
  sendNd(core, link, message, link.linkLocal, destination, mac);
}

/** Of a tunnel it depends on the path, and both ends find it out. */
function mtuOptions(link: NodeInterface): NdOption[] {
  return link.kind === 'ethernet' ? [{ type: 'mtu', mtu: link.mtu6 }] : [];
}

function prefixOptions(link: NodeInterface): NdOption[] {
  return link.addresses
    .filter(({ address, origin }) => address.length === 16 && origin === 'configured')
    .map(({ address, prefixLength }) => ({
      type: 'prefixInformation',
      prefixLength,
      onLink: true,
      autonomous: prefixLength === 64,
      validLifetimeS: VALID_LIFETIME_S,
      preferredLifetimeS: PREFERRED_LIFETIME_S,
      prefix: networkOf({ address, length: prefixLength }).address,
    }));
}

/** 0 to 1, without 1. */
function fraction(random: Random): number {
  return u32At(random.bytes(4), 0) / 2 ** 32;
}
