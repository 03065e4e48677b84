import { tellAtRate } from '../tell.ts';
import { type Instant, NS_PER_S } from '../../wire/instant.ts';
import { type Core } from './core.ts';
import { isInitiating, type IsakmpSa, nameOf } from './isakmp-sa.ts';

/** A message is dropped. */
export function refuseMessage(core: Core, sa: IsakmpSa | null, why: string): void {
  const detail = sa === null ? why : `${nameOf(sa)}: ${why}`;
  tellAtRate(core, { kind: 'messageRefused', connection: sa?.connection.name ?? null, detail });
}

/** The same, where a peer that this end does not know for who it says is the likeliest reason. */
export function doubtMessage(core: Core, sa: IsakmpSa, why: string): void {
  const detail = `${nameOf(sa)}: ${why}`;
  tellAtRate(core, { kind: 'authenticationFailed', connection: sa.connection.name, detail });
}

/** How long the genuine answer is waited for after a refusal of somebody unproven. */
const REFUSAL_NS = 2 * NS_PER_S;

/** A phase 1 of this end was refused by somebody who has shown nothing: it is given up when nothing better comes. */
export function withRefusal<Sa extends IsakmpSa>(sa: Sa, why: string, now: Instant): Sa {
  if (!isInitiating(sa) || sa.attempt.refusal !== null) return sa;
  return { ...sa, attempt: { ...sa.attempt, refusal: { why, until: now + REFUSAL_NS } } };
}
