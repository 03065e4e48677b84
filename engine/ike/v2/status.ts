import { formatAddress } from '../../wire/address.ts';
import type { Instant } from '../../wire/instant.ts';
import { formatIdentity, identityOfPayload } from '../identity.ts';
import { childStatus, natOf, secondsIn, secondsLeft } from '../sa-status.ts';
import type { IkeSaStatus, IkeStatus } from '../status.ts';
import type { Core } from './core.ts';
import { type IkeSa, isAuthenticated, isKeyed } from './ike-sa.ts';
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
    ageSeconds: secondsIn(now - (proven?.establishedAt ?? sa.createdAt)),
    rekeySeconds: secondsLeft(established?.rekeyAt ?? null, now),
    reauthenticateSeconds: secondsLeft(established?.reauthenticateAt ?? null, now),
    sent: sa.sent,
    received: sa.received,
    retransmitted: sa.retransmitted,
    children: (proven?.children ?? []).map(child => childStatus(child, now)),
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

function identityText(id: Parameters<typeof identityOfPayload>[0]): string {
  const identity = identityOfPayload(id);
  return identity === null ? `type ${id.idType}` : formatIdentity(identity);
}
