import { NS_PER_S } from '../../wire/instant.ts';
import { childEvent, installCommand, removeCommand, removeCommands } from './child-install.ts';
import type { ChildSa } from './child-sa.ts';
import { childById, successorsOf, withChild, withoutChild } from './child-table.ts';
import type { AuthenticatedIkeSa } from './ike-sa.ts';
import type { Effect, LossCause, World } from './step.ts';

/** How long packets that were sent by an SA that was replaced may be on their way. */
export const LINGER_NS = 5 * NS_PER_S;
const LINGERING_MAX = 256;

interface Closed<Sa> {
  readonly sa: Sa;
  readonly effects: readonly Effect[];
}

/**
 * Both ends know that a Child SA is no more. The outbound half of what took its place is installed now, where it waited for
 * this (RFC 7296 §2.8); the inbound half of the old one lingers then. One that nothing replaced is lost, and `cause` says why.
 */
export function closeChild<Sa extends AuthenticatedIkeSa>(
  sa: Sa,
  child: ChildSa,
  cause: LossCause,
  { now }: World,
): Closed<Sa> {
  const { connection } = sa;
  const without = withoutChild(sa, child.id);
  const successors = successorsOf(sa, child.id);
  const deleted: Effect = { kind: 'event', event: childEvent('childDeleted', connection, child) };
  if (successors.length === 0) {
    const commands = removeCommands(child).map((command): Effect => ({ kind: 'command', command }));
    // A redundant one, or one that is on its way out together with what it replaced, is missed by nobody.
    if (isRedundant(sa, child)) return { sa: without, effects: [...commands, deleted] };
    const lost: Effect = { kind: 'lost', connection: connection.name, children: [child.config], cause };
    return { sa: without, effects: [...commands, deleted, lost] };
  }
  const used = successors.filter(({ state }) => state === 'installed' || state === 'rekeying');
  const begun = used.reduce<Closed<Sa>>(
    (so, successor) => {
      const next = beginSending(so.sa, successor);
      return { sa: next.sa, effects: [...so.effects, ...next.effects] };
    },
    { sa: without, effects: [] },
  );
  const lingering = [...begun.sa.lingering, { inbound: child.inbound, until: now + LINGER_NS }];
  // A peer that rekeys without end makes the oldest go earlier.
  const over = lingering.splice(0, Math.max(0, lingering.length - LINGERING_MAX));
  const gone = over.map(({ inbound }): Effect => ({ kind: 'command', command: removeCommand(inbound, 'inbound') }));
  return {
    sa: { ...begun.sa, lingering },
    effects: [...begun.effects, ...stopSending(child), ...gone, deleted],
  };
}

/** The peer is ready to receive by this Child SA. */
export function beginSending<Sa extends AuthenticatedIkeSa>(sa: Sa, child: ChildSa): Closed<Sa> {
  if (child.isOutboundInstalled) return { sa, effects: [] };
  const command = installCommand(child, 'outbound');
  return { sa: withChild(sa, { ...child, isOutboundInstalled: true }), effects: [{ kind: 'command', command }] };
}

/** Nothing leaves by it any more; it may still receive. */
export function stopSending(child: ChildSa): Effect[] {
  return child.isOutboundInstalled ? [{ kind: 'command', command: removeCommand(child.outbound, 'outbound') }] : [];
}

/** Whether another exchange has made the same, or is just making it: RFC 7296 §2.8.1. */
function isRedundant(sa: AuthenticatedIkeSa, { id, state, origin }: ChildSa): boolean {
  if (origin.replaces === null) return false;
  if (childById(sa, origin.replaces)?.state === 'rekeying') return true;
  const isActive = state === 'installed' || state === 'rekeying';
  return !isActive && successorsOf(sa, origin.replaces).some(other => other.id !== id);
}
