import { formatAddress } from '../../wire/address.ts';
import type { Instant } from '../../wire/instant.ts';
import { childStatus, natOf, secondsIn, secondsLeft } from '../sa-status.ts';
import type { IkeSaStatus, IkeStatus } from '../status.ts';
import type { Core } from './core.ts';
import { identityText } from './identities.ts';
import type { EstablishedIsakmpSa, IsakmpSa } from './isakmp-sa.ts';
import { isakmpSuiteName } from './suite.ts';

/** What anybody may see; no keys. */
export function statusOf(core: Core, now: Instant): IkeStatus {
  return {
    sas: [...core.sas.values()].map(sa => saStatus(core, sa, now)),
    halfOpen: core.halfOpen.total,
    cookies: false,
    counters: { ...core.counters },
  };
}

function saStatus(core: Core, sa: IsakmpSa, now: Instant): IkeSaStatus {
  const { path } = sa;
  const established = sa.kind === 'established' ? sa : null;
  return {
    id: sa.id,
    connection: sa.connection.name,
    version: 1,
    role: sa.role,
    state: stateOf(core, sa),
    initiatorSpi: sa.initiatorCookie,
    responderSpi: sa.responderCookie,
    local: `${formatAddress(path.local)}:${path.localPort}`,
    remote: `${formatAddress(path.remote)}:${path.remotePort}`,
    localIdentity: established === null ? null : identityText(established.localIdentity),
    remoteIdentity: established === null ? null : identityText(established.remoteIdentity),
    localAuthentication: established?.localAuthentication ?? null,
    remoteAuthentication: established?.remoteAuthentication ?? null,
    suite: 'suite' in sa ? isakmpSuiteName(sa.suite) : null,
    nat: natOf(path),
    extensions: [sa.mode, ...sa.extensions, ...userOf(established)],
    virtualAddresses: established?.virtualAddresses ?? [],
    ageSeconds: secondsIn(now - (established?.establishedAt ?? sa.createdAt)),
    rekeySeconds: secondsLeft(established?.rekeyAt ?? null, now),
    reauthenticateSeconds: secondsLeft(established?.expiresAt ?? null, now),
    sent: sa.sent,
    received: sa.received,
    retransmitted: sa.retransmitted,
    children: (established?.children ?? []).map(child => childStatus(child, now)),
  };
}

/** Whoever XAuth has let in. */
const userOf = (sa: EstablishedIsakmpSa | null): string[] =>
  sa === null || sa.user === null ? [] : [`user ${sa.user}`];

function stateOf(core: Core, sa: IsakmpSa): IkeSaStatus['state'] {
  if (sa.kind !== 'established') return 'connecting';
  if (sa.replacedBy !== null) return 'rekeyed';
  if (sa.isForgotten === true) return 'deleting';
  const caller = core.callers.get(sa.connection.name);
  return caller !== undefined && caller.attempt !== null && caller.replaces === sa.id ? 'rekeying' : 'established';
}
