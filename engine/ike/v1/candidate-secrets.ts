import { octetsEqual } from '../../wire/octets.ts';
import type { SealedIsakmpMessage } from '../../wire/isakmp/message.ts';
import type { ConnectionConfig } from '../config.ts';
import { payloadOf } from './exchange-table.ts';
import { secretForPeer } from './identities.ts';
import type { CandidateKeys, KeyedIsakmpSa, NegotiatingIsakmpSa, Path } from './isakmp-sa.ts';
import { isakmpKeys, type KeySource } from './keys.ts';
import { open, type Opened } from './seal.ts';
import type { World } from './step.ts';
import type { IsakmpSuite } from './suite.ts';

/**
 * Main Mode with a pre-shared key, RFC 2409 §5.4: SKEYID has to be known before the peer has said who it is, so all that tells its
 * secret is its address. Where there are connections of several secrets for one address, the peer has used one of them for message
 * 5: each is tried.
 */

/** The keys for each secret that the peer may mean, in the order of the connections. Bounded. Empty: there is no secret. */
export function candidateKeys(
  connections: readonly ConnectionConfig[],
  path: Path,
  suite: IsakmpSuite,
  source: Omit<KeySource, 'secret'>,
  world: World,
): { readonly hasSecret: boolean; readonly candidates: readonly CandidateKeys[] } {
  const bySecret: { readonly secret: Uint8Array; readonly connections: ConnectionConfig[] }[] = [];
  for (const connection of connections) {
    if (!connection.authentication.remote.methods.includes('psk')) continue;
    const secret = secretForPeer(connection, path, world);
    if (secret === null) continue;
    const known = bySecret.find(one => octetsEqual(one.secret, secret));
    if (known !== undefined) known.connections.push(connection);
    else if (bySecret.length < SECRETS_MAX) bySecret.push({ secret, connections: [connection] });
  }
  const candidates = bySecret.flatMap(({ secret, connections: its }): CandidateKeys[] => {
    const [connection] = its;
    // A cipher that would have a weak key is none.
    const keys = isakmpKeys(suite, { ...source, secret });
    return keys === null || connection === undefined ? [] : [{ keys, connection, connections: its }];
  });
  return { hasSecret: bySecret.length > 0, candidates };
}

/** As many as a stranger may make this end try: a message of some hundred octets is deciphered once for each. */
const SECRETS_MAX = 16;

export interface Unlocked<Sa> {
  /** Of the connections that its keys have come to. */
  readonly sa: Sa;
  readonly inside: Opened;
}

/** Deciphers a message of phase 1; null: by no secret does it make sense. Nothing in it is authentic yet. */
export function unlock<Sa extends NegotiatingIsakmpSa & KeyedIsakmpSa>(
  sa: Sa,
  message: SealedIsakmpMessage,
): Unlocked<Sa> | null {
  if (sa.kind !== 'halfOpen' || sa.others.length === 0) {
    const inside = open(sa, message, sa.iv);
    return inside === null ? null : { sa, inside };
  }
  const { keys, connection, connections } = sa;
  for (const candidate of [{ keys, connection, connections }, ...sa.others]) {
    const inside = open({ suite: sa.suite, keys: candidate.keys }, message, sa.iv);
    // Of noise hardly any is a chain of payloads, and none that is has these.
    const isProof = inside !== null && payloadOf(inside.payloads, 'ID') !== null && hasHash(inside);
    if (isProof) return { sa: { ...sa, ...candidate, others: [] }, inside };
  }
  return null;
}

const hasHash = ({ payloads }: Opened): boolean => payloadOf(payloads, 'HASH') !== null;
