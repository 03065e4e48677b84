import { NS_PER_S } from '../../wire/instant.ts';
import { childEvent, installCommand, removeCommand, removeCommands } from './child-install.ts';
import { towardsPeer } from './child-place.ts';
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
    const twins = without.children.filter(other => isTwin(other, child) && isActive(other));
    const left = allSending(without, twins);
    const commands = [
      ...left.effects,
      ...removeCommands(child).map((command): Effect => ({ kind: 'command', command })),
    ];
    // A redundant one, or one that is on its way out together with what it replaced, is missed by nobody.
    if (isRedundant(sa, child)) return { sa: left.sa, effects: [...commands, deleted] };
    const lost: Effect = { kind: 'lost', connection: connection.name, children: [child.config], cause };
    return { sa: left.sa, effects: [...commands, deleted, lost] };
  }
  const begun = allSending(without, successors.filter(isActive));
  const lingering = [...begun.sa.lingering, { inbound: child.inbound, until: now + LINGER_NS }];
  // A peer that rekeys without end makes the oldest go earlier.
  const over = lingering.splice(0, Math.max(0, lingering.length - LINGERING_MAX));
  const gone = over.map(({ inbound }): Effect => ({ kind: 'command', command: removeCommand(inbound, 'inbound') }));
  return {
    sa: { ...begun.sa, lingering },
    effects: [...begun.effects, ...stopSending(child), ...gone, deleted],
  };
}

/** Made for the same from scratch: it does not wait for the end of another. */
const isTwin = (a: ChildSa, b: ChildSa): boolean => a.config.name === b.config.name && a.origin.replaces === null;

const isActive = ({ state }: ChildSa): boolean => state === 'installed' || state === 'rekeying';

function allSending<Sa extends AuthenticatedIkeSa>(sa: Sa, children: readonly ChildSa[]): Closed<Sa> {
  let next = sa;
  const effects: Effect[] = [];
  for (const child of children) {
    const begun = beginSending(next, child);
    next = begun.sa;
    effects.push(...begun.effects);
  }
  return { sa: next, effects };
}

/** The peer is ready to receive by this Child SA. */
export function beginSending<Sa extends AuthenticatedIkeSa>(sa: Sa, child: ChildSa): Closed<Sa> {
  if (child.isOutboundInstalled) return { sa, effects: [] };
  const ready = { ...child, outbound: towardsPeer(child.outbound, sa.path), isOutboundInstalled: true };
  return { sa: withChild(sa, ready), effects: [{ kind: 'command', command: installCommand(ready, 'outbound') }] };
}

/** Nothing leaves by it any more; it may still receive. */
export function stopSending(child: ChildSa): Effect[] {
  return child.isOutboundInstalled ? [{ kind: 'command', command: removeCommand(child.outbound, 'outbound') }] : [];
}

/** Whether another exchange has made the same, or is just making it: RFC 7296 §2.8.1. */
function isRedundant(sa: AuthenticatedIkeSa, child: ChildSa): boolean {
  const { id, origin } = child;
  if (origin.replaces === null) return false;
  if (childById(sa, origin.replaces)?.state === 'rekeying') return true;
  return !isActive(child) && successorsOf(sa, origin.replaces).some(other => other.id !== id);
}
