import type { EstablishedIsakmpSa } from './isakmp-sa.ts';
import { type Effect, type Step, step, type World } from './step.ts';

/**
 * An exchange of an ISAKMP SA that another has replaced meanwhile goes on under the old keys, and its Child SAs are with the heir:
 * the step is made as if they were still here, and what comes of it is put there.
 */
export function withChildrenOfHeir(
  sa: EstablishedIsakmpSa,
  world: World,
  run: (sa: EstablishedIsakmpSa) => Step,
): Step {
  const heir = sa.replacedBy === null ? null : world.find(sa.replacedBy);
  if (heir?.kind !== 'established') return run(sa);
  const { children, lingering, virtualAddresses } = heir;
  const ran = run({ ...sa, children, lingering, virtualAddresses });
  if (ran.sa?.kind !== 'established') return step(null, ...ran.effects.filter(({ kind }) => kind === 'send'));
  const next: EstablishedIsakmpSa = { ...heir, children: ran.sa.children, lingering: ran.sa.lingering };
  const put: Effect = { kind: 'put', sa: next };
  return step({ ...ran.sa, children: [], lingering: [], virtualAddresses: [] }, put, ...ran.effects);
}
