import type { EstablishedIkeSa } from './ike-sa.ts';
import { type Effect, type Step, step } from './step.ts';

/**
 * Reauthentication, RFC 7296 §2.8.3: a new IKE SA from scratch with the same children, and the old one is deleted. Make before
 * break: the old one goes when the new one is established (`replaces`), so that no packet is without an SA; or at once.
 */
export function reauthenticate(sa: EstablishedIkeSa): Step {
  const { connection } = sa;
  const children = [...new Map(sa.children.map(({ config }) => [config.name, config])).values()];
  const begin: Effect = { kind: 'initiate', connection: connection.name, children, replaces: sa.id };
  if (connection.makeBeforeBreak) return step(sa, begin);
  return step(sa, { kind: 'task', task: { kind: 'deleteIke' } }, begin);
}
