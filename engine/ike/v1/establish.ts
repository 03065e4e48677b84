import type { IsakmpPayload } from '../../wire/isakmp/payload.ts';
import { IsakmpNotify } from '../../wire/isakmp/registry.ts';
import { encryptionAlgorithm } from '../../crypto/encryption.ts';
import { keyExchange } from '../../crypto/key-exchange-table.ts';
import type { IkeEvent } from '../daemon.ts';
import { payloadsOf } from './exchange-table.ts';
import { commonOf } from './common.ts';
import { v1Of } from './extensions.ts';
import { identityText } from './identities.ts';
import { type EstablishedIsakmpSa, type IdentityBody, type IsakmpSa, type KeyedIsakmpSa, nameOf } from './isakmp-sa.ts';
import { NOT_ASKED } from './liveness-state.ts';
import type { Effect, World } from './step.ts';
import { isakmpLifetime } from './successor.ts';
import { isakmpSuiteName, type IsakmpSuite } from './suite.ts';
import { takeOver } from './take-over.ts';

/** What phase 1 has brought out, at either end. */
export interface Proven {
  readonly localIdentity: IdentityBody;
  readonly remoteIdentity: IdentityBody;
  readonly localAuthentication: string;
  readonly remoteAuthentication: string;
  /** What it rests on and nobody should rest on any more. */
  readonly remarks: readonly string[];
  /** The ISAKMP SA that this end has begun it for; null: none. */
  readonly replaces: number | null;
}

export type Established =
  | { readonly kind: 'established'; readonly sa: EstablishedIsakmpSa; readonly effects: readonly Effect[] }
  /** The connection keeps the one that stands. */
  | { readonly kind: 'keptOut'; readonly why: string };

/** The ISAKMP SA from here on. It takes the place of older ones with the same peer, unless XAuth is still to say who that is. */
export function establish(
  sa: Exclude<KeyedIsakmpSa, EstablishedIsakmpSa>,
  proven: Proven,
  payloads: readonly IsakmpPayload[],
  world: World,
): Established {
  const { connection, suite, keys, iv } = sa;
  const { remarks, replaces, ...identities } = proven;
  const v1 = v1Of(connection);
  const fresh: EstablishedIsakmpSa = {
    ...commonOf(sa),
    kind: 'established',
    heardAt: world.now,
    suite,
    keys,
    iv,
    ...identities,
    establishedAt: world.now,
    exchanges: [],
    volume: 0,
    usedIds: [],
    isOpen: v1.xauth === null && v1.modeConfig === 'none',
    user: null,
    virtualAddresses: [],
    children: [],
    lingering: [],
    delayed: [],
    liveness: NOT_ASKED,
    ...isakmpLifetime(sa, world.now, world),
    replacedBy: null,
  };
  const succession = { isContact: hasInitialContact(payloads), replaces };
  const effects: Effect[] = eventsOf(fresh, remarks).map(event => ({ kind: 'event', event }));
  // A secret of many proves nobody: older ones stay what they are until the user is known.
  if (v1.xauth !== null) return { kind: 'established', sa: { ...fresh, succession }, effects };
  const taken = takeOver(fresh, succession, world);
  if (taken.kind === 'keptOut') return taken;
  return { kind: 'established', sa: taken.sa, effects: [...taken.effects, ...effects] };
}

/** Whether the peer says that it knows of no other ISAKMP SA with this end, RFC 2407 §4.6.3.3. */
export const hasInitialContact = (payloads: readonly IsakmpPayload[]): boolean =>
  payloadsOf(payloads, 'N').some(({ notifyType }) => notifyType === IsakmpNotify['INITIAL-CONTACT']);

/** Whether this end says so: it has none, and has none under way that was begun before. */
export function isAlone(sa: Pick<IsakmpSa, 'id' | 'connection'>, world: World): boolean {
  for (const other of world.sas) {
    if (other.id !== sa.id && other.connection.name === sa.connection.name && other.kind === 'established')
      return false;
  }
  return v1Of(sa.connection).initialContact;
}

function eventsOf(sa: EstablishedIsakmpSa, remarks: readonly string[]): IkeEvent[] {
  const { connection, suite, mode, localAuthentication, remoteAuthentication } = sa;
  const ends = `${identityText(sa.localIdentity)} = ${identityText(sa.remoteIdentity)}`;
  const name = nameOf(sa);
  const detail = `${name}: ${ends} (${localAuthentication}, ${remoteAuthentication}) ${isakmpSuiteName(suite)}, ${mode} mode`;
  const old = ['IKEv1 (RFC 9395)', ...modeRemarks(sa), ...weaknesses(suite), ...remarks];
  return [
    { kind: 'ikeEstablished', connection: connection.name, detail },
    { kind: 'deprecated', connection: connection.name, detail: `${name}: ${old.join('; ')}`, remarks: old },
  ];
}

function modeRemarks({ mode, suite }: EstablishedIsakmpSa): string[] {
  if (mode === 'main') return [];
  const psk = suite.method === 'psk' ? ', and whoever has seen it can guess the secret in peace' : '';
  return [`Aggressive Mode shows both identities to everybody${psk}`];
}

function weaknesses({ encryption, hash, keyExchange: group }: IsakmpSuite): string[] {
  const weak = [
    ...(encryptionAlgorithm(encryption)?.legacy === true ? [encryption] : []),
    ...(hash === 'md5' || hash === 'sha1' ? [hash] : []),
    ...(keyExchange(group)?.legacy === true ? [group] : []),
  ];
  return weak.length === 0 ? [] : [`weak algorithms: ${weak.join(', ')}`];
}
