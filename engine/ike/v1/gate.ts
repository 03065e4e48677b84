import { tellAtRate } from '../tell.ts';
import { type Core } from './core.ts';
import { halfOpenOf } from '../counted.ts';

/**
 * Whether a stranger's first message is looked at. IKEv1 cannot ask for a cookie before it keeps anything: what is kept is little,
 * for a short time, and no more than so many of one address and of all. Beyond it nothing is answered.
 */
export function mayEnter(core: Core, remote: Uint8Array): boolean {
  const { limits } = core.config;
  const own = halfOpenOf(core, remote);
  const isFull =
    core.halfOpen.total >= limits.halfOpen || own >= limits.halfOpenPerSource || core.sas.size >= limits.ikeSas;
  if (!isFull) return true;
  const detail = `${core.halfOpen.total} half-open, ${own} of this source, ${core.sas.size} ISAKMP SAs`;
  tellAtRate(core, { kind: 'limitReached', connection: null, detail });
  return false;
}
