import type { Payload } from '../../wire/ike/payload.ts';
import { NotifyType } from '../../wire/ike/registry.ts';
import { NS_PER_S } from '../../wire/instant.ts';
import { credentialsOf } from '../credentials.ts';
import { formatIdentity, type Identity, identityOfPayload, payloadOfIdentity } from '../identity.ts';
import { authNotifies, expectedIdentity, judgePeer, ownIdentity, proveSelf } from './auth-parts.ts';
import { certificateRequests, certificatesToSend, lookupNotifies } from './certificate-payloads.ts';
import { type ChildOffer, concludeChild, offerChild, offerPayloads } from './child-offer.ts';
import { LINGER_NS } from './child-closing.ts';
import { childPlace } from './child-place.ts';
import { endIkeSa, nameOf } from './end.ts';
import { addFirstChild, establish } from './establish.ts';
import { payloadOf } from './exchange-table.ts';
import type { Initiator, ReceivedMessage } from './exchange.ts';
import type { AuthenticatingIkeSa, EstablishedIkeSa } from './ike-sa.ts';
import { IKE_AUTH } from './initial-tables.ts';
import { errorOf, notifyName, notifyOf, notifyPayload } from './notify.ts';
import { mixed, ppkIdentityNotify, ppkInUse } from './ppk.ts';
import { readRedirect } from './redirect.ts';
import { takeTicket, ticketRequest } from './resume.ts';
import { type Effect, type Step, step, unchanged, type World } from './step.ts';
import type { TaskOf } from './task.ts';
import { addressesHere, requestConfiguration, takeAddresses } from './virtual-addresses.ts';
import type { TicketIdentity } from './ticket.ts';
import { isAlone, replaceOlder } from './unique.ts';

export const authenticate: Initiator<'authenticate'> = {
  kind: 'authenticate',
  table: IKE_AUTH,
  begin(sa, _task, world) {
    if (sa.kind !== 'authenticating') throw new Error(`IKE_AUTH of an IKE SA that is ${sa.kind}`);
    return request(sa, world);
  },
  conclude(sa, { task }, response, world) {
    if (sa.kind !== 'authenticating') return unchanged(sa);
    return conclude(sa, task, response, world);
  },
};

/** `IDi, [CERT,] [CERTREQ,] [IDr,] AUTH, [CP,] [SAi2, TSi, TSr,] [N...]`. */
function request(sa: AuthenticatingIkeSa, world: World): Step {
  const { connection } = sa;
  const { authentication } = connection;
  const credentials = credentialsOf(world.config);
  const { resumed } = sa.initial;
  const localIdentity = ownName(sa);
  const remoteIdentity = resumed === undefined ? expectedIdentity(connection) : named(resumed.remoteIdentity);
  if (connection.childless === 'force' && !sa.extensions.has('childless')) {
    return failed(sa, 'the peer makes no IKE SA without a child (RFC 6023)', world);
  }
  const idi = payloadOfIdentity(localIdentity, 'IDi');
  const identities = { localIdentity, remoteIdentity };
  // RFC 8784 §3: not again for what was resumed.
  const ppk = resumed === undefined ? ppkInUse(sa, credentials) : null;
  const needsPpk = connection.ppk?.isRequired === true && resumed === undefined;
  if (ppk === null && needsPpk) return failed(sa, 'no PPK that both know', world);
  const proof = proveSelf(mixed(sa, ppk), connection, idi, identities, world);
  if (proof.kind === 'impossible') return failed(sa, proof.why, world);
  const withoutPpk = ppk === null || needsPpk ? null : proveSelf(sa, connection, idi, identities, world);
  const { initial } = sa;
  const certificates =
    resumed === undefined
      ? certificatesToSend(
          authentication.local,
          credentials,
          initial.certificateRequests,
          initial.peerFetchesCertificates,
        )
      : [];
  // RFC 5723 §4.3.3: nobody is certified anew.
  const asked =
    resumed === undefined
      ? [...certificateRequests([authentication.remote], credentials), ...lookupNotifies([authentication.remote])]
      : [];
  const configuration = requestConfiguration(connection, addressesHere(connection, world));
  const offered = offerFirst(sa, world);
  const offerParts = offered === null ? null : offerPayloads(offered);
  const payloads: Payload[] = [
    idi,
    ...certificates,
    ...(isAlone(sa, world) ? [notifyPayload(NotifyType.INITIAL_CONTACT)] : []),
    ...asked,
    ...(isNamed(remoteIdentity) ? [payloadOfIdentity(remoteIdentity, 'IDr')] : []),
    proof.auth,
    ...(configuration === null ? [] : [configuration]),
    ...(offerParts === null ? [] : [...offerParts.notifies, offerParts.sa, ...offerParts.selectors]),
    ...(ppk === null ? [] : [ppkIdentityNotify(ppk)]),
    ...(withoutPpk?.kind === 'made' ? [notifyPayload(NotifyType.NO_PPK_AUTH, withoutPpk.auth.data)] : []),
    ...ticketRequest(connection),
    ...authNotifies(connection, sa, world),
  ];
  return step(sa, {
    kind: 'request',
    exchangeType: IKE_AUTH.exchangeType,
    payloads,
    task: { kind: 'authenticate', offer: offered, method: proof.method },
  });
}

/** The child that goes along; null: none by this way (RFC 6023). A peer that does not know that way wants one, wanted or not. */
function offerFirst(sa: AuthenticatingIkeSa, world: World): ChildOffer | null {
  const { connection, children } = sa;
  const isPossible = sa.extensions.has('childless');
  const [wanted] = children;
  const isChildless = connection.childless === 'force' || connection.childless === 'prefer' || wanted === undefined;
  if (isChildless && isPossible) return null;
  const [any] = connection.children;
  const first = wanted ?? (any === undefined ? null : { child: any, flow: null });
  if (first === null) return null;
  return offerChild(first.child, world.newChildSpi(), childPlace(sa, []), 'without', { flow: first.flow });
}

/** With these the IKE SA is not created, whatever is beside them: RFC 7296 §2.21.2. */
const FATAL: readonly number[] = [
  NotifyType.AUTHENTICATION_FAILED,
  NotifyType.INVALID_SYNTAX,
  NotifyType.UNSUPPORTED_CRITICAL_PAYLOAD,
];

function conclude(
  sa: AuthenticatingIkeSa,
  { offer: offered, method }: TaskOf<'authenticate'>,
  response: ReceivedMessage,
  world: World,
): Step {
  const { payloads } = response;
  const { connection } = sa;
  const error = errorOf(payloads);
  const idr = payloadOf(payloads, 'IDr');
  if (idr === null || payloadOf(payloads, 'AUTH') === null || (error !== null && FATAL.includes(error.notifyType))) {
    return failed(sa, error === null ? 'an answer without AUTH' : notifyName(error.notifyType), world);
  }
  const remoteIdentity = identityOfPayload(idr);
  if (remoteIdentity === null) return refusePeer(sa, 'an identity that is none');
  const localIdentity = ownName(sa);
  const { resumed } = sa.initial;
  const offeredPpk = resumed === undefined ? ppkInUse(sa, credentialsOf(world.config)) : null;
  // RFC 8784 §3: what the notify has in it is of no matter.
  const ppk = notifyOf(payloads, NotifyType.PPK_IDENTITY) === null ? null : offeredPpk;
  if (ppk === null && connection.ppk?.isRequired === true && resumed === undefined)
    return refusePeer(sa, 'the peer does not use the PPK');
  const basis = mixed(sa, ppk);
  const identities = { localIdentity, remoteIdentity };
  const verdict = judgePeer(basis, connection, idr, identities, payloads, ppk !== null, world);
  if (verdict.kind === 'needsFetches') {
    return step(sa, ...verdict.fetches.map((fetch): Effect => ({ kind: 'fetch', fetch })));
  }
  if (verdict.kind === 'refused') return refusePeer(sa, `${formatIdentity(remoteIdentity)}: ${verdict.why}`);
  const taken = takeAddresses(connection, payloads, addressesHere(connection, world));
  const made = establish(
    sa,
    {
      connection,
      localIdentity,
      remoteIdentity,
      localId: payloadOfIdentity(localIdentity, 'IDi'),
      remoteId: idr,
      localAuthentication: method ?? connection.authentication.local.method,
      remoteAuthentication: verdict.method,
      keys: basis.keys,
      isPpkUsed: ppk !== null,
      virtualAddresses: taken.kind === 'taken' ? taken.addresses : [],
    },
    payloads,
    world,
  );
  const old = sa.notes.flatMap(note => (note.kind === 'replaces' ? [latestOf(note.ikeSa, world)] : []));
  // Not before the children that do not come along with this are there, which have exchanges of their own.
  const at = sa.children.length > 1 || offered === null ? world.now + LINGER_NS : world.now;
  const end = { kind: 'deleteIke', cause: 'failed' } as const;
  const replaced = old.map((ikeSa): Effect => ({ kind: 'delay', at, task: end, ikeSa }));
  const older = replaceOlder(made.sa, payloads, old, world);
  const redirection = readRedirect(payloads);
  if (redirection !== null && connection.followsRedirects) {
    return step(made.sa, ...made.effects, ...moved(sa, redirection.to));
  }
  const child =
    taken.kind === 'missing'
      ? withoutAddresses(made.sa, payloads, world)
      : offered === null
        ? step(made.sa, ...taken.effects, ...firstByItself(sa))
        : concludeFirst(made.sa, sa, offered, response, world, taken.effects);
  const came: Effect[] = [...cameBack(sa), ...takeTicket(made.sa, payloads, world)];
  return { sa: child.sa, effects: [...came, ...made.effects, ...child.effects, ...older, ...replaced] };
}

/** Who this node is in this exchange. */
function ownName({ connection, path, initial }: AuthenticatingIkeSa): Identity {
  const { resumed } = initial;
  return resumed === undefined ? ownIdentity(connection, path, null) : named(resumed.localIdentity);
}

function named(id: TicketIdentity): Identity {
  const identity = identityOfPayload(id);
  if (identity === null) throw new Error('a ticket is of an identity that is none');
  return identity;
}

/** RFC 5723: without an exchange of keys and proofs. */
function cameBack({ connection, initial }: AuthenticatingIkeSa): Effect[] {
  if (initial.resumed === undefined) return [];
  return [{ kind: 'event', event: { kind: 'resumed', connection: connection.name, detail: 'by a ticket' } }];
}

/** The child that would have come along, and did not: by an exchange of its own, RFC 6023. */
function firstByItself({ children }: AuthenticatingIkeSa): Effect[] {
  return children
    .slice(0, 1)
    .map(({ child, flow }) => ({ kind: 'task', task: { kind: 'newChild', child, flow, progress: null } }));
}

/** RFC 5685 §6: this one has no child, and ends; another gateway is asked for the same. */
function moved({ connection, children }: AuthenticatingIkeSa, to: string): Effect[] {
  return [
    { kind: 'event', event: { kind: 'redirected', connection: connection.name, detail: `to ${to}` } },
    { kind: 'task', task: { kind: 'deleteIke' } },
    { kind: 'initiate', connection: connection.name, children: children.map(({ child }) => child), to },
  ];
}

/**
 * This node has asked for an address and got none, and its children cannot be without. The IKE SA is kept until it makes sense to
 * ask again: that takes minutes, not seconds (RFC 7296 §3.15.4).
 */
function withoutAddresses(sa: EstablishedIkeSa, payloads: readonly Payload[], { now }: World): Step {
  const error = errorOf(payloads);
  const why = error === null ? 'the peer gives no address' : notifyName(error.notifyType);
  const event = { kind: 'negotiationFailed', connection: sa.connection.name, detail: `${nameOf(sa)}: ${why}` } as const;
  return step({ ...sa, expiresAt: now + ADDRESS_PATIENCE_NS }, { kind: 'event', event });
}

const ADDRESS_PATIENCE_NS = 120 * NS_PER_S;

/** The Child SA of the answer; what is wrong with it does not harm the IKE SA, RFC 7296 §2.21.2. */
function concludeFirst(
  sa: EstablishedIkeSa,
  initial: AuthenticatingIkeSa,
  offered: ChildOffer,
  { payloads }: ReceivedMessage,
  world: World,
  before: readonly Effect[],
): Step {
  const error = errorOf(payloads);
  const isWhole = (['SA', 'TSi', 'TSr'] as const).every(type => payloadOf(payloads, type) !== null);
  if (error !== null || !isWhole) {
    const why = error === null ? 'the answer has no Child SA' : notifyName(error.notifyType);
    return step(sa, ...before, ...withoutChild(sa, offered, why));
  }
  const place = childPlace(sa, sa.virtualAddresses);
  const concluded = concludeChild(offered, payloads, place);
  const protocol = offered.config.proposals[0]?.protocol ?? 'esp';
  const refusal: Effect = { kind: 'task', task: { kind: 'refuseChild', protocol, spi: offered.spiIn } };
  if (concluded.kind === 'unusable') return step(sa, ...before, ...withoutChild(sa, offered, concluded.why), refusal);
  const added = addFirstChild(sa, initial, concluded.child, world);
  if (added.kind === 'weak') return step(sa, ...before, ...withoutChild(sa, offered, added.why), refusal);
  return step(added.sa, ...before, ...added.effects);
}

function withoutChild({ connection }: EstablishedIkeSa, { config }: ChildOffer, why: string): Effect[] {
  return [
    {
      kind: 'event',
      event: { kind: 'negotiationFailed', connection: connection.name, detail: `${config.name}: ${why}` },
    },
    { kind: 'lost', connection: connection.name, children: [config], cause: 'failed' },
  ];
}

/** The peer believes that the IKE SA stands: it is told that it does not, §2.21.2. */
function refusePeer(sa: AuthenticatingIkeSa, why: string): Step {
  const { connection } = sa;
  const payloads = [notifyPayload(NotifyType.AUTHENTICATION_FAILED)];
  const detail = `${nameOf(sa)}: ${why}`;
  return step(
    { ...sa, tasks: [] },
    { kind: 'event', event: { kind: 'authenticationFailed', connection: connection.name, detail } },
    { kind: 'task', task: { kind: 'inform', payloads, isLast: true } },
  );
}

function failed(sa: AuthenticatingIkeSa, why: string, world: World): Step {
  const { connection } = sa;
  const event = { kind: 'authenticationFailed', connection: connection.name, detail: `${nameOf(sa)}: ${why}` } as const;
  const end = endIkeSa(sa, 'failed', why, world);
  return { ...end, effects: [{ kind: 'event', event }, ...end.effects] };
}

/** One that names somebody in particular. */
function isNamed(identity: Identity): boolean {
  if (identity.kind === 'any' || identity.kind === 'null') return false;
  return !formatIdentity(identity).includes('*');
}

/** An IKE SA that was to be replaced may have been rekeyed meanwhile. */
function latestOf(id: number, world: World): number {
  const sa = world.find(id);
  return sa?.kind === 'rekeyed' ? latestOf(sa.replacedBy, world) : id;
}
