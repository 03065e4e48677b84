import { type Instant, NS_PER_S } from '../wire/instant.ts';
import type { ChildSaStatus, IkeSaStatus } from './status.ts';
import type { ChildSa } from './v2/child-sa.ts';
import type { Path } from './v2/ike-sa.ts';
import { formatSelector } from './v2/sa-selector.ts';

/** What is shown alike of both versions. */

export function childStatus(child: Omit<ChildSa, 'state'> & Pick<ChildSaStatus, 'state'>, now: Instant): ChildSaStatus {
  const { inbound } = child;
  return {
    id: child.id,
    name: child.config.name,
    state: child.state,
    protocol: inbound.protocol ?? 'esp',
    mode: inbound.mode,
    spiIn: child.spiIn,
    spiOut: child.spiOut,
    suite: child.suite,
    esn: inbound.esn,
    encapsulated: (inbound.encapsulation ?? null) !== null,
    local: child.local.map(formatSelector),
    remote: child.remote.map(formatSelector),
    ageSeconds: secondsIn(now - child.installedAt),
    rekeySeconds: secondsLeft(child.rekeyAt, now),
  };
}

export function natOf({ isLocalNatted, isRemoteNatted }: Path): IkeSaStatus['nat'] {
  if (isLocalNatted) return isRemoteNatted ? 'both' : 'local';
  return isRemoteNatted ? 'remote' : 'none';
}

export const secondsIn = (ns: number): number => Math.floor(ns / NS_PER_S);

/** null: never. */
export const secondsLeft = (at: Instant | null, now: Instant): number | null =>
  at === null ? null : Math.max(0, secondsIn(at - now));
