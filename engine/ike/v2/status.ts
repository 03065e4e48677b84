import { formatAddress } from '../../wire/address.ts';
import { type Instant, NS_PER_S } from '../../wire/instant.ts';
import { formatIdentity, identityOfPayload } from '../identity.ts';
import type { ChildSaStatus, IkeSaStatus, IkeStatus } from '../status.ts';
import type { ChildSa } from './child-sa.ts';
import type { Core } from './core.ts';
import { type IkeSa, isAuthenticated, isKeyed, type Path } from './ike-sa.ts';
import { formatSelector } from './sa-selector.ts';
import { ikeSuiteName } from './suite.ts';

/** What anybody may see; no keys. Closed IKE SAs are history. */
export function statusOf(core: Core, now: Instant): IkeStatus {
  const sas = [...core.sas.values()].filter(sa => sa.kind !== 'closed' && !isAnswered(sa));
  return {
    sas: sas.map(sa => saStatus(sa, now)),
    halfOpen: core.halfOpen.total,
    cookies: core.halfOpen.asksCookies,
    counters: { ...core.counters },
  };
}

/** An attempt that has been answered is shown as the IKE SA that came of it. */
const isAnswered = (sa: IkeSa): boolean => sa.kind === 'initiating' && sa.attempt.candidates.length > 0;

function saStatus(sa: IkeSa, now: Instant): IkeSaStatus {
  const { path } = sa;
  const proven = isAuthenticated(sa) ? sa : null;
  const established = sa.kind === 'established' ? sa : null;
  return {
    id: sa.id,
    connection: sa.connection.name,
    version: 2,
    role: sa.role,
    state: stateOf(sa),
    initiatorSpi: sa.initiatorSpi,
    responderSpi: sa.responderSpi,
    local: `${formatAddress(path.local)}:${path.localPort}`,
    remote: `${formatAddress(path.remote)}:${path.remotePort}`,
    localIdentity: proven === null ? null : identityText(proven.localIdentity),
    remoteIdentity: proven === null ? null : identityText(proven.remoteIdentity),
    localAuthentication: proven?.localAuthentication ?? null,
    remoteAuthentication: proven?.remoteAuthentication ?? null,
    suite: isKeyed(sa) ? ikeSuiteName(sa.suite) : null,
    nat: natOf(path),
    extensions: [...sa.extensions],
    virtualAddresses: proven?.virtualAddresses ?? [],
    ageSeconds: seconds(now - (proven?.establishedAt ?? sa.createdAt)),
    rekeySeconds: left(established?.rekeyAt ?? null, now),
    reauthenticateSeconds: left(established?.reauthenticateAt ?? null, now),
    sent: sa.sent,
    received: sa.received,
    retransmitted: sa.retransmitted,
    children: (proven?.children ?? []).map(child => childStatus(child, now)),
  };
}

function childStatus(child: ChildSa, now: Instant): ChildSaStatus {
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
    ageSeconds: seconds(now - child.installedAt),
    rekeySeconds: left(child.rekeyAt, now),
  };
}

function stateOf(sa: IkeSa): IkeSaStatus['state'] {
  switch (sa.kind) {
    case 'initiating':
    case 'authenticating':
    case 'halfOpen':
      return 'connecting';
    case 'established':
      return sa.isRekeying ? 'rekeying' : 'established';
    case 'rekeyed':
      return 'rekeyed';
    case 'deleting':
    case 'closed':
      return 'deleting';
  }
}

function natOf({ isLocalNatted, isRemoteNatted }: Path): IkeSaStatus['nat'] {
  if (isLocalNatted) return isRemoteNatted ? 'both' : 'local';
  return isRemoteNatted ? 'remote' : 'none';
}

function identityText(id: Parameters<typeof identityOfPayload>[0]): string {
  const identity = identityOfPayload(id);
  return identity === null ? `type ${id.idType}` : formatIdentity(identity);
}

const seconds = (ns: number): number => Math.floor(ns / NS_PER_S);
const left = (at: Instant | null, now: Instant): number | null => (at === null ? null : Math.max(0, seconds(at - now)));
