import type { IdPayload, Payload } from '../../wire/ike/payload.ts';
import { NotifyType } from '../../wire/ike/registry.ts';
import { octetsEqual } from '../../wire/octets.ts';
import type { ConnectionConfig } from '../config.ts';
import { formatIdentity, type Identity } from '../identity.ts';
import { reauthenticateAt } from './auth-lifetime.ts';
import type { Unproven } from './auth-parts.ts';
import { type AgreedChild, childEvent, createChildSa, installCommand } from './child-install.ts';
import { childKeys, weakness } from './child-keys.ts';
import { childPlace } from './child-place.ts';
import { nameOf } from './end.ts';
import { ikeLifetime } from './ike-successor.ts';
import type { EstablishedIkeSa, IkeKeys, IkeSa } from './ike-sa.ts';
import { initialMobike } from './mobike-payloads.ts';
import { notifyOf } from './notify.ts';
import { crashTokenOf } from './quick-crash.ts';
import type { Effect, World } from './step.ts';
import { ikeSuiteName } from './suite.ts';
import { peerWindow } from './window-size.ts';
import type { ResponseWindow } from './windows.ts';

/** What IKE_AUTH has brought out, at either end. */
export interface Proven {
  readonly connection: ConnectionConfig;
  readonly localIdentity: Identity;
  readonly remoteIdentity: Identity;
  readonly localId: IdPayload;
  readonly remoteId: IdPayload;
  readonly localAuthentication: string;
  readonly remoteAuthentication: string;
  /** With a PPK mixed in where one is used. */
  readonly keys: IkeKeys;
  readonly isPpkUsed: boolean;
  readonly virtualAddresses: readonly string[];
}

/** The IKE SA from here on; without children. `payloads` are the peer's. */
export function establish(
  sa: Unproven,
  proven: Proven,
  payloads: readonly Payload[],
  world: World,
): { readonly sa: EstablishedIkeSa; readonly effects: readonly Effect[] } {
  const { connection } = proven;
  const extensions = new Set(sa.extensions);
  if (connection.mobike && notifyOf(payloads, NotifyType.MOBIKE_SUPPORTED) !== null) extensions.add('mobike');
  const mobike = extensions.has('mobike') ? { mobike: initialMobike(payloads, connection, world) } : {};
  if (!proven.isPpkUsed) extensions.delete('ppk');
  const { requests, responses } = sa.windows;
  const established: EstablishedIkeSa = {
    kind: 'established',
    id: sa.id,
    role: sa.role,
    connection,
    initiatorSpi: sa.initiatorSpi,
    responderSpi: sa.responderSpi,
    path: sa.path,
    windows: {
      requests: { ...requests, size: peerWindow(payloads) },
      responses: widened(responses, connection.windowSize),
    },
    tasks: sa.tasks,
    createdAt: sa.createdAt,
    heardAt: world.now,
    extensions,
    sent: sa.sent,
    received: sa.received,
    retransmitted: sa.retransmitted,
    suite: sa.suite,
    cipher: sa.cipher,
    prf: sa.prf,
    keys: proven.keys,
    sealed: sa.sealed,
    fragments: [],
    localIdentity: proven.localId,
    remoteIdentity: proven.remoteId,
    localAuthentication: proven.localAuthentication,
    remoteAuthentication: proven.remoteAuthentication,
    establishedAt: world.now,
    virtualAddresses: proven.virtualAddresses,
    children: [],
    lingering: [],
    delayed: [],
    lowestNonce: null,
    ...crashTokenOf(payloads),
    ...ikeLifetime(connection, world),
    reauthenticateAt: reauthenticateAt(connection, sa.role === 'initiator' ? payloads : [], world),
    isRekeying: false,
    ...mobike,
  };
  const ends = `${formatIdentity(proven.localIdentity)} = ${formatIdentity(proven.remoteIdentity)}`;
  const by = `${proven.localAuthentication}, ${proven.remoteAuthentication}`;
  const detail = `${nameOf(established)}: ${ends} (${by}) ${ikeSuiteName(sa.suite)}`;
  return {
    sa: established,
    effects: [{ kind: 'event', event: { kind: 'ikeEstablished', connection: connection.name, detail } }],
  };
}

/** The Child SA that came along: keys of the IKE SA's own exchange, RFC 7296 §2.17. Both halves are installed at once. */
export function addFirstChild(
  sa: EstablishedIkeSa,
  { initial }: Pick<Unproven, 'initial'>,
  agreed: AgreedChild,
  world: World,
):
  | { readonly kind: 'added'; readonly sa: EstablishedIkeSa; readonly effects: readonly Effect[] }
  | { readonly kind: 'weak'; readonly why: string } {
  const { initiatorNonce, responderNonce } = initial;
  const source = { prf: sa.prf, skD: sa.keys.skD, nonceI: initiatorNonce, nonceR: responderNonce, secrets: [] };
  const keys = childKeys(source, agreed.suite);
  const why = weakness(agreed.suite, keys);
  if (why !== null) return { kind: 'weak', why };
  const origin = {
    madeBy: sa.role === 'initiator' ? 'us' : 'peer',
    replaces: null,
    lowestNonce: null,
    lineNonce: null,
  } as const;
  const place = childPlace(sa, sa.virtualAddresses);
  const child = { ...createChildSa(agreed, keys, origin, place, sa.connection, world), isOutboundInstalled: true };
  return {
    kind: 'added',
    sa: { ...sa, children: [...sa.children, child] },
    effects: [
      { kind: 'command', command: installCommand(child, 'inbound') },
      { kind: 'command', command: installCommand(child, 'outbound') },
      { kind: 'event', event: childEvent('childEstablished', sa.connection, child) },
    ],
  };
}

/** Other established IKE SAs of the same connection between the same identities. */
export function rivalsOf(
  connection: ConnectionConfig,
  local: IdPayload,
  remote: IdPayload,
  world: World,
): EstablishedIkeSa[] {
  const rivals: EstablishedIkeSa[] = [];
  for (const sa of world.sas) if (isRival(sa, connection, local, remote)) rivals.push(sa);
  return rivals;
}

function isRival(sa: IkeSa, connection: ConnectionConfig, local: IdPayload, remote: IdPayload): sa is EstablishedIkeSa {
  if (sa.kind !== 'established' || sa.connection.name !== connection.name) return false;
  return isSameId(sa.localIdentity, local) && isSameId(sa.remoteIdentity, remote);
}

const isSameId = (a: IdPayload, b: IdPayload): boolean => a.idType === b.idType && octetsEqual(a.data, b.data);

const widened = (window: ResponseWindow, size: number): ResponseWindow => ({
  ...window,
  size: Math.max(window.size, size),
});
