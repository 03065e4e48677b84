import type { NotifyPayload, Payload } from '../../wire/ike/payload.ts';
import { NotifyType } from '../../wire/ike/registry.ts';
import { type Address, addressesEqual, formatAddress } from '../../wire/address.ts';
import type { ReceivedMessage, Responder } from './exchange.ts';
import { payloadsOf } from './exchange-table.ts';
import { type EstablishedIkeSa, hasBegun, isAuthenticated } from './ike-sa.ts';
import { takePath } from './mobike.ts';
import { areNatsRefused, isUsable, listedAddresses, returnedCookie } from './mobike-payloads.ts';
import { NO_MOBIKE } from './mobike-state.ts';
import { MOBIKE } from './mobike-table.ts';
import { isSamePath, moveChildren } from './move-path.ts';
import { detectNats, natDetectionNotifies } from './nat-detection.ts';
import { notifyOf, notifyPayload } from './notify.ts';
import { type Effect, type Step, step } from './step.ts';

/** INFORMATIONAL requests about addresses; also those that only ask for COOKIE2 or NAT detection to be answered. */
export const mobikeResponder: Responder = {
  table: MOBIKE,
  takes: payloads =>
    payloads.every(({ type }) => type === 'N' || type === 'V') && payloadsOf(payloads, 'N').some(isOurs),
  accepts: sa => isAuthenticated(sa),
  respond(sa, message, _world) {
    const echo = returnedCookie(message.payloads);
    if (sa.kind !== 'established' || !sa.extensions.has('mobike')) {
      return step(sa, { kind: 'respond', payloads: [...natAnswer(sa, message), ...echo] });
    }
    if (areNatsRefused(message.payloads, message.from) && changesAddresses(message.payloads)) {
      const notify = notifyPayload(NotifyType.UNEXPECTED_NAT_DETECTED);
      return step(sa, { kind: 'respond', payloads: [notify, ...echo] });
    }
    const listed = takeList(sa, message);
    if (notifyOf(message.payloads, NotifyType.UPDATE_SA_ADDRESSES) === null) {
      const answer: Effect = { kind: 'respond', payloads: [...natAnswer(sa, message), ...echo] };
      const follows = listed !== sa && hasBegun(sa) ? leaveGoneAddress(listed, message.from) : null;
      if (follows !== null) return { ...follows, effects: [answer, ...follows.effects] };
      return step(listed, { kind: 'respond', payloads: [...natAnswer(sa, message), ...echo] });
    }
    return update(listed, message, echo);
  },
};

/** §3.5, the responder's part: IKE goes to where the request came from; the SAs follow when the peer has shown that it is there. */
function update(sa: EstablishedIkeSa, message: ReceivedMessage, echo: readonly NotifyPayload[]): Step {
  const { header, from, payloads } = message;
  const answer: Effect = { kind: 'respond', payloads: [...natAnswer(sa, message), ...echo] };
  const mobike = sa.mobike ?? NO_MOBIKE;
  // An older one that was overtaken, or one of an end that has no say in it.
  if (header.messageId <= mobike.updateId || hasBegun(sa)) return step(sa, answer);
  if (!isUsable(from.remote) || from.remote.length !== from.local.length) {
    return step(sa, { kind: 'respond', payloads: [notifyPayload(NotifyType.UNACCEPTABLE_ADDRESSES), ...echo] });
  }
  const detected = detectNats(payloads, header, from);
  const { local, localPort, remote, remotePort } = from;
  const path = { ...sa.path, ...detected, local, localPort, remote, remotePort };
  const isSame = isSamePath(path, sa.path);
  const updated: EstablishedIkeSa = { ...sa, path, mobike: { ...mobike, updateId: header.messageId } };
  if (isSame) {
    const moved = moveChildren(updated, 'both');
    return step(moved.sa, ...moved.effects, answer);
  }
  const detail = `${formatAddress(sa.path.remote)} is now ${formatAddress(remote)} port ${remotePort}`;
  // What comes in is taken at once: it shows by itself that it is the peer's. §3.7 for what goes out.
  const moved = moveChildren(updated, 'inbound');
  return step(
    moved.sa,
    ...moved.effects,
    answer,
    { kind: 'event', event: { kind: 'peerMoved', connection: sa.connection.name, detail } },
    { kind: 'task', task: { kind: 'checkReturn', cookie: null, path: null } },
  );
}

/** The address that this end sends to is not among those of the peer any more, §3.5: it is where this came from. null: it is. */
function leaveGoneAddress(sa: EstablishedIkeSa, from: ReceivedMessage['from']): Step | null {
  const { path, mobike } = sa;
  const isThere = (address: Address) => addressesEqual(address, path.remote);
  if (isThere(from.remote) || mobike?.peerAddresses.some(isThere) === true) return null;
  const { local, remote, remotePort } = from;
  return takePath(sa, { ...path, local, remote, remotePort }, 'none');
}

/** §3.6: the whole list, each time, with the address that it came from. */
function takeList(sa: EstablishedIkeSa, { header, payloads, from }: ReceivedMessage): EstablishedIkeSa {
  const peerAddresses = listedAddresses(payloads);
  const mobike = sa.mobike ?? NO_MOBIKE;
  if (peerAddresses === null || header.messageId <= mobike.listId) return sa;
  const isElsewhere = !addressesEqual(from.remote, sa.path.remote) && isUsable(from.remote);
  const all = isElsewhere ? [from.remote, ...peerAddresses] : peerAddresses;
  return { ...sa, mobike: { ...mobike, peerAddresses: all, listId: header.messageId } };
}

/** §3.8: where a request has them, its answer has them. */
function natAnswer(
  sa: Pick<EstablishedIkeSa, 'initiatorSpi' | 'responderSpi' | 'extensions'>,
  { payloads, from }: ReceivedMessage,
): NotifyPayload[] {
  if (notifyOf(payloads, NotifyType.NAT_DETECTION_SOURCE_IP) === null) return [];
  return natDetectionNotifies(sa, from, sa.extensions.has('encapsulation') ? 'pretend' : 'asDetected');
}

function changesAddresses(payloads: readonly Payload[]): boolean {
  return payloadsOf(payloads, 'N').some(({ notifyType }) => CHANGES.has(notifyType));
}

const CHANGES: ReadonlySet<number> = new Set([
  NotifyType.UPDATE_SA_ADDRESSES,
  NotifyType.ADDITIONAL_IP4_ADDRESS,
  NotifyType.ADDITIONAL_IP6_ADDRESS,
  NotifyType.NO_ADDITIONAL_ADDRESSES,
]);

const isOurs = ({ notifyType }: NotifyPayload): boolean =>
  CHANGES.has(notifyType) || notifyType === NotifyType.COOKIE2 || notifyType === NotifyType.NAT_DETECTION_SOURCE_IP;
