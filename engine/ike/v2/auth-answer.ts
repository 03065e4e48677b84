import type { IdPayload, Payload } from '../../wire/ike/payload.ts';
import { NotifyType } from '../../wire/ike/registry.ts';
import type { ConnectionConfig } from '../config.ts';
import { credentialsOf } from '../credentials.ts';
import { formatIdentity, type Identity, identityOfPayload, payloadOfIdentity } from '../identity.ts';
import { connectionsFor, connectionsOf } from '../peer-authorization.ts';
import { authLifetime } from './auth-lifetime.ts';
import { authNotifies, judgePeer, ownIdentity, proveSelf } from './auth-parts.ts';
import { authenticationKindOf, type PeerVerdict } from './authenticate.ts';
import { certificatesToSend } from './certificate-payloads.ts';
import { answerChild } from './child-answer.ts';
import { childPlace } from './child-place.ts';
import { endIkeSa, nameOf } from './end.ts';
import { addFirstChild, establish } from './establish.ts';
import { payloadOf, requiredPayload } from './exchange-table.ts';
import type { ReceivedMessage, Responder } from './exchange.ts';
import type { EstablishedIkeSa, HalfOpenIkeSa } from './ike-sa.ts';
import { certificateRequestsOf } from './initial-candidate.ts';
import { IKE_AUTH } from './initial-tables.ts';
import { isKeyExchangeComplete } from './intermediate-exchange.ts';
import { areNatsRefused } from './mobike-payloads.ts';
import { notifyFor, notifyName, notifyOf, notifyPayload } from './notify.ts';
import { choosePpk, mixed, type Ppk } from './ppk.ts';
import { ikeChoices } from './proposals.ts';
import { redirectNotify, sendsElsewhere } from './redirect.ts';
import { ticketFor } from './resume.ts';
import { type Effect, type Step, step, unchanged, type World } from './step.ts';
import { assignAddresses, assignedEffects } from './virtual-addresses.ts';
import type { ProtocolError } from '../protocol-error.ts';
import type { IkeSuite } from './suite.ts';
import type { Resumed } from './ticket.ts';
import { ADDITIONAL_KEY_EXCHANGES, NONE } from './transforms.ts';
import { isKeptOut, replaceOlder } from './unique.ts';

export const authAnswer: Responder = {
  table: IKE_AUTH,
  takes: () => true,
  accepts: sa => sa.kind === 'halfOpen' && isKeyExchangeComplete(sa),
  respond(sa, { payloads, from }, world) {
    if (sa.kind !== 'halfOpen') return unchanged(sa);
    const heard: HalfOpenIkeSa = {
      ...sa,
      initial: {
        ...sa.initial,
        certificateRequests: certificateRequestsOf(payloads),
        peerFetchesCertificates: notifyOf(payloads, NotifyType.HTTP_CERT_LOOKUP_SUPPORTED) !== null,
      },
    };
    return answer(heard, payloads, from, world);
  },
};

/** A peer that was found to be who it says, and the connection that it means. */
interface Accepted {
  readonly connection: ConnectionConfig;
  readonly idi: IdPayload;
  readonly localIdentity: Identity;
  readonly remoteIdentity: Identity;
  readonly method: string;
  /** null: without. */
  readonly ppk: Ppk | null;
}

function answer(sa: HalfOpenIkeSa, payloads: readonly Payload[], from: ReceivedMessage['from'], world: World): Step {
  const judged = judge(sa, payloads, world);
  if (judged.kind === 'needsFetches') {
    return step(sa, ...judged.fetches.map((fetch): Effect => ({ kind: 'fetch', fetch })));
  }
  if (judged.kind === 'refused') return refuse(sa, judged.why, world);
  const { connection, idi, localIdentity, remoteIdentity } = judged.peer;
  // RFC 4555 §3.9: somebody on the way has changed addresses, and the peer is one who minds.
  if (connection.mobike && areNatsRefused(payloads, from)) {
    return refuse(sa, 'a NAT, which the peer does not allow', world, NotifyType.UNEXPECTED_NAT_DETECTED);
  }
  const idr = payloadOfIdentity(localIdentity, 'IDr');
  const basis = mixed(sa, judged.peer.ppk);
  const proof = proveSelf(basis, connection, idr, { localIdentity, remoteIdentity }, world);
  if (proof.kind === 'impossible') return refuse(sa, proof.why, world);
  const newcomer = { connection, createdAt: sa.createdAt, remoteAuthentication: judged.peer.method };
  if (isKeptOut(newcomer, idr, idi, payloads, world)) {
    return refuse(sa, 'the peer has an IKE SA already', world);
  }
  const made = establish(
    sa,
    {
      connection,
      localIdentity,
      remoteIdentity,
      localId: idr,
      remoteId: idi,
      localAuthentication: proof.method,
      remoteAuthentication: judged.peer.method,
      keys: basis.keys,
      isPpkUsed: judged.peer.ppk !== null,
      virtualAddresses: [],
    },
    payloads,
    world,
  );
  const older = replaceOlder(made.sa, payloads, [], world);
  const child =
    sendsElsewhere(connection, sa.path.local) && sa.extensions.has('redirect')
      ? { sa: made.sa, effects: [], payloads: [redirectNotify(connection.redirectTo, null)] } // RFC 5685 §6
      : answerFirst(made.sa, sa, payloads, world);
  const { initial } = sa;
  const { resumed } = initial;
  const certificates =
    resumed === undefined
      ? certificatesToSend(
          connection.authentication.local,
          credentialsOf(world.config),
          initial.certificateRequests,
          initial.peerFetchesCertificates,
        )
      : [];
  const answered: Payload[] = [
    idr,
    ...certificates,
    proof.auth,
    ...child.payloads,
    ...(judged.peer.ppk === null ? [] : [notifyPayload(NotifyType.PPK_IDENTITY)]),
    ...authLifetime(connection),
    ...ticketFor(made.sa, payloads, world),
    ...authNotifies(connection, sa, world),
  ];
  const used: Effect[] = typeof resumed?.serial === 'number' ? [{ kind: 'ticketUsed', serial: resumed.serial }] : [];
  return {
    sa: child.sa,
    effects: [...used, ...made.effects, ...child.effects, { kind: 'respond', payloads: answered }, ...older],
  };
}

type Judged =
  | { readonly kind: 'accepted'; readonly peer: Accepted }
  | Exclude<PeerVerdict, { readonly kind: 'accepted' }>;

/** Connections that would do are tried in turn, the best fit first; no more of them than this. */
const CONNECTIONS_MAX = 8;

function judge(sa: HalfOpenIkeSa, payloads: readonly Payload[], world: World): Judged {
  const idi = requiredPayload(payloads, 'IDi');
  const idr = payloadOf(payloads, 'IDr');
  const auth = payloadOf(payloads, 'AUTH');
  const remoteIdentity = identityOfPayload(idi);
  const named = idr === null ? null : identityOfPayload(idr);
  const method = auth === null ? null : authenticationKindOf(auth);
  if (auth === null) return refused('EAP is not spoken here');
  if (remoteIdentity === null || (idr !== null && named === null)) return refused('an identity that is none');
  if (method === null) return refused(`AUTH method ${auth.method}`);
  if (sa.initial.resumed !== undefined)
    return judgeResumption(sa, sa.initial.resumed, idi, remoteIdentity, payloads, world);
  const possible = connectionsFor(world.config, sa.path).filter(one => one.version === 2 && hasSuite(one, sa.suite));
  const candidates = connectionsOf(possible, { remote: remoteIdentity, local: named, method }).slice(
    0,
    CONNECTIONS_MAX,
  );
  let first: Judged | null = null;
  for (const connection of candidates) {
    const localIdentity = ownIdentity(connection, sa.path, named);
    const choice = choosePpk(connection, credentialsOf(world.config), sa.extensions.has('ppk'), payloads);
    if (choice.kind === 'refuse') {
      first ??= refused(choice.why);
      continue;
    }
    const ppk = choice.kind === 'use' ? choice.ppk : null;
    const identities = { localIdentity, remoteIdentity };
    const proofs = choice.kind === 'use' ? payloads : withAuthData(payloads, choice.authData);
    const verdict = judgePeer(mixed(sa, ppk), connection, idi, identities, proofs, ppk !== null, world);
    if (verdict.kind === 'accepted') {
      return { kind: 'accepted', peer: { connection, idi, ...identities, method: verdict.method, ppk } };
    }
    if (verdict.kind === 'needsFetches') return verdict;
    first ??= refused(`${formatIdentity(remoteIdentity)}: ${verdict.why}`);
  }
  return first ?? refused(`no connection is for ${formatIdentity(remoteIdentity)}`);
}

/** The ticket has said which connection it is of, and who is there. */
function judgeResumption(
  sa: HalfOpenIkeSa,
  resumed: Resumed,
  idi: IdPayload,
  remoteIdentity: Identity,
  payloads: readonly Payload[],
  world: World,
): Judged {
  const { connection } = sa;
  const localIdentity = identityOfPayload(resumed.localIdentity);
  if (localIdentity === null) throw new Error('a ticket is of an identity that is none');
  const identities = { localIdentity, remoteIdentity };
  const verdict = judgePeer(sa, connection, idi, identities, payloads, false, world);
  if (verdict.kind !== 'accepted') return verdict;
  return { kind: 'accepted', peer: { connection, idi, ...identities, method: verdict.method, ppk: null } };
}

/** With the data of NO_PPK_AUTH in the place of AUTH's, RFC 8784 §3; null: as they are. */
function withAuthData(payloads: readonly Payload[], data: Uint8Array | null): readonly Payload[] {
  if (data === null) return payloads;
  return payloads.map(payload => (payload.type === 'AUTH' ? { ...payload, data } : payload));
}

/** What IKE_SA_INIT has agreed on must be what this connection wants as well. */
function hasSuite(connection: ConnectionConfig, suite: IkeSuite): boolean {
  const wanted = [suite.encryption, suite.integrity, suite.prf, suite.keyExchange].filter(token => token !== null);
  return ikeChoices(connection.proposals).some(({ byType }) => {
    const tokens = new Set([...byType.values()].flat());
    return (
      wanted.every(token => tokens.has(token)) &&
      ADDITIONAL_KEY_EXCHANGES.every(type => {
        const done = suite.additionalKeyExchanges.find(one => one.type === type)?.token ?? NONE;
        return (byType.get(type) ?? [NONE]).includes(done);
      })
    );
  });
}

interface FirstChild {
  readonly sa: EstablishedIkeSa;
  readonly effects: readonly Effect[];
  readonly payloads: readonly Payload[];
}

/** `[SAr2, TSi, TSr]`, or why there is none: the IKE SA stands all the same, RFC 7296 §1.2 and §2.21.2. */
function answerFirst(
  sa: EstablishedIkeSa,
  initial: HalfOpenIkeSa,
  payloads: readonly Payload[],
  world: World,
): FirstChild {
  const { connection } = sa;
  const isAsked = (['SA', 'TSi', 'TSr'] as const).map(type => payloadOf(payloads, type) !== null);
  // RFC 6023, where this node has said that it can.
  if (!isAsked.includes(true) && connection.childless !== 'no') return { sa, effects: [], payloads: [] };
  if (isAsked.includes(false)) return withoutChild(sa, 'half a Child SA', notifyPayload(NotifyType.INVALID_SYNTAX));
  const assigned = assignAddresses(sa, payloads, world);
  if (assigned.kind === 'refused') return refuseFirst(sa, assigned.error);
  const { addresses, reply } = assigned;
  const addressed = { ...sa, virtualAddresses: addresses };
  const place = childPlace(addressed, addresses);
  const answered = answerChild(payloads, connection.children, 'without', place, world.newChildSpi, null);
  if (answered.kind === 'refused') return refuseFirst(sa, answered.error);
  const added = addFirstChild(addressed, initial, answered.child, world);
  if (added.kind === 'weak') return withoutChild(sa, added.why, notifyPayload(NotifyType.NO_PROPOSAL_CHOSEN));
  return {
    sa: added.sa,
    effects: [...assignedEffects(connection, addresses), ...added.effects],
    payloads: [...(reply === null ? [] : [reply]), ...answered.notifies, answered.sa, ...answered.selectors],
  };
}

function refuseFirst(sa: EstablishedIkeSa, error: ProtocolError): FirstChild {
  const notify = notifyFor(error, { isResponse: false, isProtected: true });
  const why = error.kind === 'refused' ? notifyName(error.notifyType) : error.kind;
  return withoutChild(sa, why, notify === 'drop' ? notifyPayload(NotifyType.TS_UNACCEPTABLE) : notify);
}

function withoutChild(sa: EstablishedIkeSa, why: string, notify: Payload): FirstChild {
  const event = { kind: 'negotiationFailed', connection: sa.connection.name, detail: `${nameOf(sa)}: ${why}` } as const;
  return { sa, effects: [{ kind: 'event', event }], payloads: [notify] };
}

/** The same for every reason that is about who the peer is, §2.21.2; the log knows which it was. */
function refuse(
  sa: HalfOpenIkeSa,
  why: string,
  world: World,
  notifyType: number = NotifyType.AUTHENTICATION_FAILED,
): Step {
  const event = {
    kind: 'authenticationFailed',
    connection: sa.connection.name,
    detail: `${nameOf(sa)}: ${why}`,
  } as const;
  const end = endIkeSa(sa, 'failed', why, world);
  const payloads = [notifyPayload(notifyType)];
  return { ...end, effects: [{ kind: 'event', event }, { kind: 'respond', payloads }, ...end.effects] };
}

const refused = (why: string) => ({ kind: 'refused', why }) as const;
