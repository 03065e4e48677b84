import { addressesEqual, formatAddress, parseAddress } from '../../wire/address.ts';
import type { Payload } from '../../wire/ike/payload.ts';
import { ExchangeType, NotifyType } from '../../wire/ike/registry.ts';
import { octetsEqual } from '../../wire/octets.ts';
import type { Initiator, ReceivedMessage } from './exchange.ts';
import { type EstablishedIkeSa, hasBegun, type IkeSa, type Path } from './ike-sa.ts';
import { additionalAddresses, ownAddresses } from './mobike-payloads.ts';
import { type MobikeState, NO_MOBIKE } from './mobike-state.ts';
import { MOBIKE } from './mobike-table.ts';
import { isSamePath, moveChildren, possiblePaths } from './move-path.ts';
import { detectNats, natDetectionNotifies } from './nat-detection.ts';
import { errorOf, notifyOf, notifyPayload } from './notify.ts';
import { type Effect, type Step, step, unchanged, type World } from './step.ts';
import type { Task } from './task.ts';

/**
 * This node's addresses have changed. Whoever began the IKE SA goes to another path where its own is gone, at once, and says so
 * (RFC 4555 §3.5); the other end can only tell what it has (§3.6).
 */
export function addressesChanged(sa: IkeSa, world: World): Step {
  if (sa.kind !== 'established' || !sa.extensions.has('mobike')) return unchanged(sa);
  const isGone = !world.addresses.some(text => isAddress(text, sa.path.local));
  if (isGone) {
    const [next] = possiblePaths(sa, world);
    return next === undefined ? unchanged(sa) : takePath(sa, next, 'both');
  }
  const told = sa.mobike?.told ?? NO_MOBIKE.told;
  const own = ownAddresses(sa.connection, world);
  const isNews = told.length !== own.length || told.some(text => !own.includes(text));
  return isNews && !isAsked(sa, 'tellAddresses')
    ? step(sa, { kind: 'task', task: { kind: 'tellAddresses' } })
    : unchanged(sa);
}

/** How much longer than otherwise requests are sent: there are paths to be tried, or the peer has some to try (§3.11). */
export function patienceOf(sa: IkeSa, world: World): number {
  if (sa.kind !== 'established' || !sa.extensions.has('mobike')) return 1;
  if (hasBegun(sa)) return possiblePaths(sa, world).length > 1 ? 2 : 1;
  return (sa.mobike?.peerAddresses.length ?? 0) > 0 || ownAddresses(sa.connection, world).length > 1 ? 3 : 1;
}

/** Requests go unanswered: another path may work, RFC 4555 §3.5 and §3.10. null: there is none, or it is for the peer to say. */
export function otherPath(sa: IkeSa, world: World): Step | null {
  if (sa.kind !== 'established' || !sa.extensions.has('mobike') || !hasBegun(sa)) return null;
  const paths = possiblePaths(sa, world);
  const at = paths.findIndex(path => isSamePath(path, sa.path));
  const next = paths[(at + 1) % paths.length];
  if (next === undefined || isSamePath(next, sa.path)) return null;
  // The SAs follow when something has come back: until then nobody knows which path is the better one.
  return takePath(sa, next, 'none');
}

/** Goes there, and says so. Where the peer was until now it may be again: that is tried last. */
export function takePath(sa: EstablishedIkeSa, path: Path, halves: 'both' | 'none'): Step {
  const mobike = sa.mobike ?? NO_MOBIKE;
  const others = mobike.peerAddresses.filter(address => !addressesEqual(address, path.remote));
  const isElsewhere = !addressesEqual(sa.path.remote, path.remote);
  const peerAddresses = isElsewhere ? [...others, sa.path.remote] : others;
  const going: EstablishedIkeSa = { ...sa, path, mobike: { ...mobike, peerAddresses } };
  const moved = halves === 'both' ? moveChildren(going, 'both') : { sa: going, effects: [] };
  const task: Task = hasBegun(sa) ? { kind: 'updateAddresses', cookie: null, path: null } : { kind: 'tellAddresses' };
  const tasks: Effect[] = isAsked(sa, task.kind) ? [] : [{ kind: 'task', task }];
  return step(moved.sa, ...moved.effects, ...tasks);
}

/** Whether the same waits to be asked already; what is under way does not count: it is of an older state. */
const isAsked = (sa: EstablishedIkeSa, kind: Task['kind']): boolean => sa.tasks.some(task => task.kind === kind);

/** `HDR, SK {N(UPDATE_SA_ADDRESSES), N(NAT_DETECTION_*), [N(ADDITIONAL_*_ADDRESS)+], N(COOKIE2)}`. */
export const updateAddresses: Initiator<'updateAddresses'> = {
  table: MOBIKE,
  kind: 'updateAddresses',
  begin(sa, task, world) {
    if (sa.kind !== 'established') return unchanged(sa);
    const cookie = world.random.bytes(COOKIE_OCTETS);
    const payloads: Payload[] = [
      notifyPayload(NotifyType.UPDATE_SA_ADDRESSES),
      ...natNotifies(sa),
      ...listPayloads(sa, world),
      notifyPayload(NotifyType.COOKIE2, cookie),
    ];
    const told = { ...(sa.mobike ?? NO_MOBIKE), told: ownAddresses(sa.connection, world) };
    const asked = { ...task, cookie, path: sa.path };
    return step({ ...sa, mobike: told }, inform(payloads, asked));
  },
  conclude(sa, { task }, response, world) {
    if (sa.kind !== 'established' || task.path === null) return unchanged(sa);
    if (!hasCookie(response, task.cookie)) return mistrust(sa);
    // It has moved on since, and another request is to come: this answer is about what is over (§3.5).
    if (!isSamePath(task.path, sa.path)) return unchanged(sa);
    const error = errorOf(response.payloads);
    if (error !== null) return refused(sa, (task.retries ?? 0) + 1, error.notifyType, world);
    return arrive(sa, response, world);
  },
};

/** The peer is there: all goes that way now, in UDP where there is a NAT on it. */
function arrive(sa: EstablishedIkeSa, { payloads, header, from }: ReceivedMessage, world: World): Step {
  const detected = world.steps.natsDetected(detectNats(payloads, header, from));
  const seenAs = notifyOf(payloads, NotifyType.NAT_DETECTION_DESTINATION_IP)?.data ?? null;
  const mobike: MobikeState = { ...(sa.mobike ?? NO_MOBIKE), seenAs };
  const moved = moveChildren({ ...sa, path: { ...sa.path, ...detected }, mobike }, 'both');
  return step(moved.sa, ...moved.effects);
}

/** UNACCEPTABLE_ADDRESSES: not there. UNEXPECTED_NAT_DETECTED: perhaps a packet was tampered with, so again (§3.9). */
function refused(sa: EstablishedIkeSa, retries: number, notifyType: number, world: World): Step {
  if (retries > RETRIES_MAX) return step(sa, { kind: 'task', task: { kind: 'deleteIke' } });
  const other = notifyType === NotifyType.UNACCEPTABLE_ADDRESSES ? otherPath(sa, world) : null;
  if (other !== null) return other;
  return step(sa, { kind: 'task', task: { kind: 'updateAddresses', cookie: null, path: null, retries } });
}

const RETRIES_MAX = 4;

/** `HDR, SK {N(ADDITIONAL_*_ADDRESS)+ | N(NO_ADDITIONAL_ADDRESSES)}`, §3.6. */
export const tellAddresses: Initiator<'tellAddresses'> = {
  table: MOBIKE,
  kind: 'tellAddresses',
  begin(sa, task, world) {
    if (sa.kind !== 'established') return unchanged(sa);
    const told = { ...(sa.mobike ?? NO_MOBIKE), told: ownAddresses(sa.connection, world) };
    return step({ ...sa, mobike: told }, inform(listPayloads(sa, world), task));
  },
  conclude: sa => unchanged(sa),
};

/** Return routability, §3.7: whoever knows the cookie has received it where it was sent. */
export const checkReturn: Initiator<'checkReturn'> = {
  table: MOBIKE,
  kind: 'checkReturn',
  begin(sa, task, world) {
    if (sa.kind !== 'established') return unchanged(sa);
    const cookie = world.random.bytes(COOKIE_OCTETS);
    return step(sa, inform([notifyPayload(NotifyType.COOKIE2, cookie)], { ...task, cookie, path: sa.path }));
  },
  conclude(sa, { task }, response) {
    if (sa.kind !== 'established' || task.path === null) return unchanged(sa);
    if (!hasCookie(response, task.cookie)) return mistrust(sa);
    // Sent to several places, the answer does not say which of them is right (§3.7).
    if (!isSamePath(task.path, sa.path))
      return step(sa, { kind: 'task', task: { kind: 'checkReturn', cookie: null, path: null } });
    const moved = moveChildren(sa, 'both');
    return step(moved.sa, ...moved.effects);
  },
};

/** What a liveness request of an end behind a NAT has besides, §3.8. */
export function natProbe(sa: IkeSa): Payload[] {
  if (sa.kind !== 'established' || !sa.extensions.has('mobike') || !hasBegun(sa) || !sa.path.isLocalNatted) return [];
  return natNotifies(sa);
}

/** The answer to it shows this end as the peer sees it: another than before means that the NAT has changed its mind. */
export function takeNatProbe(sa: IkeSa, payloads: readonly Payload[]): Step {
  const seenAs = notifyOf(payloads, NotifyType.NAT_DETECTION_DESTINATION_IP)?.data ?? null;
  if (sa.kind !== 'established' || seenAs === null || !hasBegun(sa)) return unchanged(sa);
  const before = sa.mobike?.seenAs ?? null;
  const known: EstablishedIkeSa = { ...sa, mobike: { ...(sa.mobike ?? NO_MOBIKE), seenAs } };
  if (before !== null && octetsEqual(before, seenAs)) return unchanged(known);
  return step(known, { kind: 'task', task: { kind: 'updateAddresses', cookie: null, path: null } });
}

const COOKIE_OCTETS = 16;

function hasCookie({ payloads }: ReceivedMessage, cookie: Uint8Array | null): boolean {
  const returned = notifyOf(payloads, NotifyType.COOKIE2);
  return cookie === null || (returned !== null && octetsEqual(returned.data, cookie));
}

/** Somebody answers for the peer, §3.7. */
function mistrust(sa: EstablishedIkeSa): Step {
  const detail = `${formatAddress(sa.path.remote)} has not returned the cookie of this node`;
  return step(
    sa,
    { kind: 'event', event: { kind: 'messageRefused', connection: sa.connection.name, detail } },
    { kind: 'task', task: { kind: 'deleteIke' } },
  );
}

function inform(payloads: readonly Payload[], task: Task): Effect {
  return { kind: 'request', exchangeType: ExchangeType.INFORMATIONAL, payloads, task };
}

function natNotifies(sa: EstablishedIkeSa): Payload[] {
  return natDetectionNotifies(sa, sa.path, sa.extensions.has('encapsulation') ? 'pretend' : 'asDetected');
}

function listPayloads(sa: EstablishedIkeSa, world: World): Payload[] {
  const others = additionalAddresses(ownAddresses(sa.connection, world), sa.path.local);
  return others.length === 0 ? [notifyPayload(NotifyType.NO_ADDITIONAL_ADDRESSES)] : others;
}

function isAddress(text: string, address: Uint8Array): boolean {
  const parsed = parseAddress(text);
  return parsed !== null && addressesEqual(parsed, address);
}
