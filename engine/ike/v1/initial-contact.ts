import { closeChild } from './child-closing.ts';
import type { EstablishedIsakmpSa } from './isakmp-sa.ts';
import { isSamePeer } from './same-peer.ts';
import { type Effect, type Step, step, unchanged, type World } from './step.ts';

/**
 * INITIAL-CONTACT behind phase 1, RFC 2407 §4.6.3.3: the peer knows of nothing that was before this ISAKMP SA. Others with it go,
 * and so do the Child SAs that this one has taken over.
 */
export function takeInitialContact(before: EstablishedIsakmpSa, world: World): Step {
  if (!world.steps.heedsInitialContact()) return unchanged(before);
  // Who that is XAuth has still to say.
  const { succession } = before;
  if (succession !== undefined) return unchanged({ ...before, succession: { ...succession, isContact: true } });
  let sa = before;
  const effects: Effect[] = [];
  for (const other of world.sas) {
    const isOlder = other.kind === 'established' && other.id !== sa.id && other.establishedAt < sa.establishedAt;
    if (!isOlder || !isSamePeer(other, sa)) continue;
    effects.push({ kind: 'discard', isakmpSa: other.id, why: 'the peer has forgotten it' });
  }
  for (const child of before.children.filter(({ installedAt }) => installedAt < before.establishedAt)) {
    const closed = closeChild(sa, child, 'closed', world);
    sa = closed.sa;
    effects.push(...closed.effects);
  }
  return step(sa, ...effects);
}
