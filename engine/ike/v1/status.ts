import { formatAddress } from '../../wire/address.ts';
import { type Instant, NS_PER_S } from '../../wire/instant.ts';
import type { ChildSaStatus, IkeSaStatus, IkeStatus } from '../status.ts';
import { formatSelector } from '../v2/sa-selector.ts';
import type { ChildSa } from './child-sa.ts';
import type { Core } from './core.ts';
import { identityText } from './identities.ts';
import type { EstablishedIsakmpSa, IsakmpSa, Path } from './isakmp-sa.ts';
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
    ageSeconds: seconds(now - (established?.establishedAt ?? sa.createdAt)),
    rekeySeconds: left(established?.rekeyAt ?? null, now),
    reauthenticateSeconds: left(established?.expiresAt ?? null, now),
    sent: sa.sent,
    received: sa.received,
    retransmitted: sa.retransmitted,
    children: (established?.children ?? []).map(child => childStatus(child, now)),
  };
}

/** Whoever XAuth has let in. */
const userOf = (sa: EstablishedIsakmpSa | null): string[] =>
  sa === null || sa.user === null ? [] : [`user ${sa.user}`];

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

function stateOf(core: Core, sa: IsakmpSa): IkeSaStatus['state'] {
  if (sa.kind !== 'established') return 'connecting';
  if (sa.replacedBy !== null) return 'rekeyed';
  if (sa.isForgotten === true) return 'deleting';
  const caller = core.callers.get(sa.connection.name);
  return caller !== undefined && caller.attempt !== null && caller.replaces === sa.id ? 'rekeying' : 'established';
}

function natOf({ isLocalNatted, isRemoteNatted }: Path): IkeSaStatus['nat'] {
  if (isLocalNatted) return isRemoteNatted ? 'both' : 'local';
  return isRemoteNatted ? 'remote' : 'none';
}

const seconds = (ns: number): number => Math.floor(ns / NS_PER_S);
const left = (at: Instant | null, now: Instant): number | null => (at === null ? null : Math.max(0, seconds(at - now)));
