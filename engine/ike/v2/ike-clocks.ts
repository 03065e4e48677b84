import type { Clock } from './clocks.ts';
import { isGiver } from './child-place.ts';
import { NS_PER_S } from '../../wire/instant.ts';
import { type EstablishedIkeSa, hasBegun, type IkeSa } from './ike-sa.ts';
import { reauthenticate } from './reauthenticate.ts';
import { step, unchanged } from './step.ts';

/** RFC 7296 §2.8. */
const rekeying: Clock = {
  dueAt: sa => (isIdle(sa) ? sa.rekeyAt : null),
  fire: sa =>
    isIdle(sa)
      ? step({ ...sa, rekeyAt: null }, { kind: 'task', task: { kind: 'rekeyIke', progress: null } })
      : unchanged(sa),
};

/** §2.8.3: by whoever began the original one where addresses were given; the other end waits, and then ends it. */
const reauthenticating: Clock = {
  dueAt: sa => (isIdle(sa) ? sa.reauthenticateAt : null),
  fire(sa, { now }) {
    if (!isIdle(sa)) return unchanged(sa);
    const done: EstablishedIkeSa = { ...sa, reauthenticateAt: null };
    if (hasBegun(sa) || !isGiver(sa.connection)) return reauthenticate(done);
    const end = now + sa.connection.overSeconds * NS_PER_S;
    return unchanged({ ...done, expiresAt: Math.min(end, sa.expiresAt ?? end) });
  },
};

/** It could not be rekeyed in time: it ends, and whoever began it begins anew. */
const expiring: Clock = {
  dueAt: sa => (isIdle(sa) ? sa.expiresAt : null),
  fire(sa) {
    if (!isIdle(sa)) return unchanged(sa);
    // One that never had any is begun for those that are to be there.
    const starting = sa.connection.children.filter(({ start }) => start === 'start');
    const children = sa.children.length === 0 ? starting : sa.children.map(({ config }) => config);
    const end = { kind: 'task', task: { kind: 'deleteIke' } } as const;
    const over = { ...sa, expiresAt: null };
    if (!hasBegun(sa) || children.length === 0) return step(over, end);
    return step(over, end, { kind: 'initiate', connection: sa.connection.name, children });
  },
};

export const IKE_CLOCKS: readonly Clock[] = [rekeying, reauthenticating, expiring];

const isIdle = (sa: IkeSa): sa is EstablishedIkeSa => sa.kind === 'established' && !sa.isRekeying;
