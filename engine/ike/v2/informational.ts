import type { Payload } from '../../wire/ike/payload.ts';
import { ExchangeType, NotifyType, ProtocolId } from '../../wire/ike/registry.ts';
import { takeDeletes } from './delete-child.ts';
import { comingChildren, endIkeSa, endOfChildren, lingeringOf, nameOf, outlivedChildren } from './end.ts';
import { type ExchangeTable, payloadsOf } from './exchange-table.ts';
import type { Initiator, Responder } from './exchange.ts';
import { type AuthenticatedIkeSa, type DeletingIkeSa, isAuthenticated, type IkeSa } from './ike-sa.ts';
import { natProbe, takeNatProbe } from './mobike.ts';
import { errorOf, notifyName, notifyOf } from './notify.ts';
import { crashTokenOf } from './quick-crash.ts';
import { readRedirect } from './redirect.ts';
import { takeTicket, ticketFor } from './resume.ts';
import { type Effect, type Step, step, unchanged, type World } from './step.ts';
import { asDeletes } from './stray.ts';
import { peerWindow } from './window-size.ts';

/**
 * RFC 7296 §1.4: with nothing in it, a question whether the peer lives (§2.4).
 *
 *     HDR, SK {[N,] [D,] [CP,] ...}  -->
 *                                    <--  HDR, SK {[N,] [D,] [CP,] ...}
 */
export const INFORMATIONAL: ExchangeTable = {
  name: 'INFORMATIONAL',
  exchangeType: ExchangeType.INFORMATIONAL,
  isProtected: true,
  request: { required: [], optional: ['CP'], repeated: ['N', 'D', 'V'] },
  response: { required: [], optional: ['CP'], repeated: ['N', 'D', 'V'] },
};

/** Whatever has no answerer of its own: liveness, the end of the IKE SA, errors that the peer tells of. */
export const informational: Responder = {
  table: INFORMATIONAL,
  takes: () => true,
  accepts: sa => isAuthenticated(sa),
  respond(sa, { payloads }, world) {
    if (!isAuthenticated(sa)) return unchanged(sa);
    const isEnd = payloadsOf(payloads, 'D').some(({ protocolId }) => protocolId === ProtocolId.IKE);
    if (isEnd) return ended(sa, 'closed', 'deleted by the peer', world);
    const error = errorOf(payloads);
    // What the initiator says when it could not authenticate us, or read what we said: §2.21.2 and §2.21.3.
    if (error !== null && FATAL.includes(error.notifyType)) {
      const why = notifyName(error.notifyType);
      const kind = error.notifyType === NotifyType.AUTHENTICATION_FAILED ? 'authenticationFailed' : 'negotiationFailed';
      const event: Effect = {
        kind: 'event',
        event: { kind, connection: sa.connection.name, detail: `${nameOf(sa)}: ${why} from the peer` },
      };
      const end = ended(sa, 'failed', why, world);
      return { ...end, effects: [event, ...end.effects] };
    }
    const deleted = takeDeletes(sa, [...payloads, ...asDeletes(payloads)], world);
    const next = { ...withWindow(deleted.sa, payloads), ...crashTokenOf(payloads) };
    const tickets = sa.kind === 'established' ? ticketFor(sa, payloads, world) : [];
    return step(
      next,
      ...deleted.effects,
      { kind: 'respond', payloads: [...deleted.payloads, ...tickets] },
      ...moves(sa, payloads),
    );
  },
};

const FATAL: readonly number[] = [
  NotifyType.AUTHENTICATION_FAILED,
  NotifyType.INVALID_SYNTAX,
  NotifyType.UNSUPPORTED_CRITICAL_PAYLOAD,
];

function ended(sa: IkeSa, cause: 'closed' | 'failed', why: string, world: World): Step {
  const end = endIkeSa(sa, cause, why, world);
  return { ...end, effects: [...end.effects, { kind: 'respond', payloads: [] }] };
}

/** RFC 5685 §5: a new IKE SA with the gateway that the peer names, and then the end of this one. */
function moves(sa: AuthenticatedIkeSa, payloads: readonly Payload[]): Effect[] {
  const redirection = readRedirect(payloads);
  const { connection } = sa;
  if (redirection === null || sa.kind !== 'established' || !connection.followsRedirects) return [];
  const { to } = redirection;
  const children = [...new Map(sa.children.map(({ config }) => [config.name, config])).values()];
  const event = { kind: 'redirected', connection: connection.name, detail: `${nameOf(sa)}: to ${to}` } as const;
  return [
    { kind: 'event', event },
    { kind: 'initiate', connection: connection.name, children, replaces: sa.id, to },
  ];
}

/** SET_WINDOW_SIZE may come at any time, and windows only grow: §2.3. */
function withWindow<S extends IkeSa>(sa: S, payloads: Parameters<typeof peerWindow>[0]): S {
  if (notifyOf(payloads, NotifyType.SET_WINDOW_SIZE) === null) return sa;
  const { requests } = sa.windows;
  return {
    ...sa,
    windows: { ...sa.windows, requests: { ...requests, size: Math.max(requests.size, peerWindow(payloads)) } },
  };
}

/** Is the peer there? An answer is all that is wanted. */
export const liveness: Initiator<'liveness'> = {
  kind: 'liveness',
  table: INFORMATIONAL,
  begin: (sa, task) =>
    step(sa, { kind: 'request', exchangeType: INFORMATIONAL.exchangeType, payloads: natProbe(sa), task }),
  conclude: (sa, _request, { payloads }) => takeNatProbe(sa, payloads),
};

/** Something to be said, and with `isLast` nothing after it. */
export const inform: Initiator<'inform'> = {
  kind: 'inform',
  table: INFORMATIONAL,
  begin: (sa, task) =>
    step(sa, { kind: 'request', exchangeType: INFORMATIONAL.exchangeType, payloads: task.payloads, task }),
  conclude: (sa, { task }, { payloads }, world) => {
    if (task.isLast) return endIkeSa(sa, 'failed', 'it was given up', world);
    return step(sa, ...(sa.kind === 'established' ? takeTicket(sa, payloads, world) : []));
  },
};

/** `HDR, SK {D}`: the IKE SA and all of its Child SAs, §1.4.1. Nothing leaves by them from here on. */
export const deleteIke: Initiator<'deleteIke'> = {
  kind: 'deleteIke',
  table: INFORMATIONAL,
  begin(sa, task, world) {
    if (!isAuthenticated(sa) || sa.kind === 'deleting') return unchanged(sa);
    const { connection, children } = sa;
    const outlived = outlivedChildren(sa, world);
    const lingering = lingeringOf(outlived, world);
    const deleting: DeletingIkeSa = { ...sa, kind: 'deleting', tasks: [], children: [], lingering, delayed: [] };
    const configs = [...children.map(({ config }) => config), ...comingChildren(sa)];
    const lost = [...new Map(configs.map(config => [config.name, config])).values()];
    // What the peer has made in its place ends with it: nobody has asked for another one.
    const heir = sa.kind === 'established' ? sa.rival : undefined;
    const ofHeir: Effect[] = heir === undefined ? [] : [{ kind: 'task', task, ikeSa: heir }];
    return step(
      deleting,
      ...ofHeir,
      ...endOfChildren(sa, outlived),
      {
        kind: 'request',
        exchangeType: INFORMATIONAL.exchangeType,
        payloads: [{ type: 'D', protocolId: ProtocolId.IKE, spis: [] }],
        task,
      },
      { kind: 'lost', connection: connection.name, children: lost, cause: task.cause ?? 'asked' },
    );
  },
  conclude: (sa, { task }, _response, world) => endIkeSa(sa, task.cause ?? 'asked', 'deleted', world),
};
