import type { SecurityProtocol } from '../../ipsec/sa.ts';
import type { DeletePayload, Payload } from '../../wire/ike/payload.ts';
import { ExchangeType, ProtocolId } from '../../wire/ike/registry.ts';
import { NS_PER_S } from '../../wire/instant.ts';
import { closeChild, stopSending } from './child-closing.ts';
import { noteClosed } from './closed-early.ts';
import { childById, childByPeerSpi, protocolIdOf, protocolOf, withChild } from './child-table.ts';
import type { Initiator, Responder } from './exchange.ts';
import { type ExchangeTable, payloadsOf } from './exchange-table.ts';
import { type AuthenticatedIkeSa, type EstablishedIkeSa, type IkeSa, isAuthenticated } from './ike-sa.ts';
import { type Effect, type Step, step, unchanged, type World } from './step.ts';
import type { Task } from './task.ts';

/**
 * Closing Child SAs, RFC 7296 §1.4.1. Each end names those that it receives by:
 *
 *     HDR, SK {D, ...}  -->
 *                                    <--  HDR, SK {[D, ...]}
 */
export const DELETE_CHILD: ExchangeTable = {
  name: 'INFORMATIONAL',
  exchangeType: ExchangeType.INFORMATIONAL,
  isProtected: true,
  request: { required: [], optional: [], repeated: ['D', 'N', 'V'] },
  response: { required: [], optional: [], repeated: ['D', 'N', 'V'] },
};

/** Deletes of Child SAs alone: a message that deletes the IKE SA as well is another's. */
export const deleteChildResponder: Responder = {
  table: DELETE_CHILD,
  takes: payloads => {
    const deletes = payloadsOf(payloads, 'D');
    return deletes.length > 0 && deletes.every(({ protocolId }) => protocolId !== ProtocolId.IKE);
  },
  accepts: sa => isAuthenticated(sa),
  respond(sa, { payloads }, world) {
    if (!isAuthenticated(sa)) return unchanged(sa);
    const deleted = takeDeletes(sa, payloads, world);
    return step(deleted.sa, ...deleted.effects, { kind: 'respond', payloads: deleted.payloads });
  },
};

interface Deleted<Sa> {
  readonly sa: Sa;
  readonly effects: readonly Effect[];
  /** For the answer: what this end has closed for its part. */
  readonly payloads: readonly DeletePayload[];
}

/**
 * Closes what the peer has closed. Of SAs that this end is closing itself only the outbound half goes, and the answer says
 * nothing of them: the answer to its own request is to come (§1.4.1). Nor does it of those that are not there (§2.25.1).
 */
export function takeDeletes<Sa extends AuthenticatedIkeSa>(
  before: Sa,
  payloads: readonly Payload[],
  world: World,
): Deleted<Sa> {
  let sa = before;
  const effects: Effect[] = [];
  const closed: Record<SecurityProtocol, number[]> = { esp: [], ah: [] };
  for (const { protocolId, spis } of payloadsOf(payloads, 'D')) {
    for (const spi of spis) {
      const child = childByPeerSpi(sa, protocolId, spi);
      if (child === null) {
        sa = noteClosed(sa, { protocolId, spi });
        continue;
      }
      if (child.state === 'deleting') {
        effects.push(...stopSending(child));
        sa = withChild(sa, { ...child, isOutboundInstalled: false });
        continue;
      }
      const next = closeChild(sa, child, 'closed', world);
      sa = next.sa;
      effects.push(...next.effects);
      closed[protocolOf(child)].push(child.spiIn);
    }
  }
  const deletes = (['esp', 'ah'] as const).map(protocol => deletePayload(protocol, closed[protocol]));
  return { sa, effects, payloads: deletes.filter(({ spis }) => spis.length > 0) };
}

export const deleteChild: Initiator<'deleteChild'> = {
  table: DELETE_CHILD,
  kind: 'deleteChild',
  begin(sa, task, world) {
    const child = isAuthenticated(sa) ? childById(sa, task.childId) : null;
    if (!isAuthenticated(sa) || child === null || child.state === 'deleting') return unchanged(sa);
    if (isBeingRekeyed(sa)) return afterRekey(sa, task, world);
    return step(withChild(sa, { ...child, state: 'deleting' }), {
      kind: 'request',
      exchangeType: ExchangeType.INFORMATIONAL,
      payloads: [deletePayload(protocolOf(child), [child.spiIn])],
      task,
    });
  },
  conclude(sa, { task }, _response, world) {
    const child = isAuthenticated(sa) ? childById(sa, task.childId) : null;
    if (!isAuthenticated(sa) || child === null) return unchanged(sa);
    const closed = closeChild(sa, child, task.cause ?? 'asked', world);
    return step(closed.sa, ...closed.effects);
  },
};

/** The peer has installed what this end could not use. */
export const refuseChild: Initiator<'refuseChild'> = {
  table: DELETE_CHILD,
  kind: 'refuseChild',
  begin: (sa, task, world) =>
    isBeingRekeyed(sa)
      ? afterRekey(sa, task, world)
      : step(sa, {
          kind: 'request',
          exchangeType: ExchangeType.INFORMATIONAL,
          payloads: [deletePayload(task.protocol, [task.spi])],
          task,
        }),
  conclude: sa => unchanged(sa),
};

/** Its children are with its successor soon, and there nobody would know what the answer to this is about (RFC 7296 §2.25.2). */
const isBeingRekeyed = (sa: IkeSa): sa is EstablishedIkeSa => sa.kind === 'established' && sa.isRekeying;

/** Until then it waits; where there is a successor, it waits there. */
function afterRekey(sa: EstablishedIkeSa, task: Task, { now }: World): Step {
  return unchanged({ ...sa, delayed: [...sa.delayed, { at: now + REKEY_NS, task }] });
}

const REKEY_NS = NS_PER_S;

function deletePayload(protocol: SecurityProtocol, spis: readonly number[]): DeletePayload {
  return { type: 'D', protocolId: protocolIdOf(protocol), spis };
}
