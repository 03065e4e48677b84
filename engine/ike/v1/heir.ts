import { addressesEqual } from '../../wire/address.ts';
import type { EstablishedIsakmpSa, IsakmpSa } from './isakmp-sa.ts';
import { isSamePeer } from './same-peer.ts';
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
  const heir = heirOf(sa, world);
  if (heir === null) return run(sa);
  const children = [...sa.children, ...heir.children];
  const lingering = [...sa.lingering, ...heir.lingering];
  const ran = run({ ...sa, children, lingering, virtualAddresses: heir.virtualAddresses });
  if (ran.sa?.kind !== 'established') throw new Error('what is with the heir does not end with another ISAKMP SA');
  const next: EstablishedIsakmpSa = { ...heir, children: ran.sa.children, lingering: ran.sa.lingering };
  const put: Effect = { kind: 'put', sa: next };
  return step({ ...ran.sa, children: [], lingering: [], virtualAddresses: [] }, put, ...ran.effects);
}

/** Who has what it had: the heir may have been replaced as well, or be gone. null: nobody else. */
export function heirOf(sa: EstablishedIsakmpSa, world: World): EstablishedIsakmpSa | null {
  if (sa.replacedBy === null) return null;
  const named = world.find(sa.replacedBy);
  if (named !== null && isHeir(named)) return named;
  const others = [...world.sas].filter(isHeir).filter(other => isSamePeer(other, sa));
  return others.findLast(({ path }) => addressesEqual(path.remote, sa.path.remote)) ?? null;
}

const isHeir = (sa: IsakmpSa): sa is EstablishedIsakmpSa =>
  sa.kind === 'established' && sa.replacedBy === null && sa.isForgotten !== true;
