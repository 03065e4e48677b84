import type { ConnectionConfig } from '../config.ts';
import { type Credentials, credentialsOf, sharedSecretOf } from '../credentials.ts';
import {
  formatIdentity,
  type Identity,
  identityOfAddress,
  identityOfPayload,
  parseIdentity,
  payloadOfIdentity,
} from '../identity.ts';
import type { IdentityBody, Path } from './isakmp-sa.ts';
import type { World } from './step.ts';

/** Who this end says to be, RFC 2407 §4.6.2: where nothing is configured, its address or what its certificate is about. */
export function ownIdentity(
  { authentication: { local } }: Pick<ConnectionConfig, 'authentication'>,
  { local: address }: Pick<Path, 'local'>,
  world: Pick<World, 'config'>,
): Identity {
  const stated = read(local.identity);
  if (stated.kind !== 'any') return stated;
  if (local.method !== 'signature') return identityOfAddress(address);
  const [leaf] = credentialsOf(world.config).keys[local.key]?.chain ?? [];
  return leaf === undefined ? identityOfAddress(address) : { kind: 'dn', der: leaf.subject };
}

/** Protocol and port 0: any. */
export function bodyOf(identity: Identity): IdentityBody {
  const { idType, data } = payloadOfIdentity(identity, 'IDi');
  return { idType, protocol: 0, port: 0, data };
}

/** null: not well formed, or not for phase 1: a protocol and port that are not those of IKE, RFC 2407 §4.6.2. */
export function identityIn({ idType, protocol, port, data }: IdentityBody): Identity | null {
  const isForIke = (protocol === 0 && port === 0) || (protocol === 17 && PORTS.includes(port));
  return isForIke ? identityOfPayload({ idType, data }) : null;
}

/** Port 0 with UDP is what some send, and 4500 behind a NAT. */
const PORTS: readonly number[] = [0, 500, 4500];

export function identityText(body: IdentityBody): string {
  const identity = identityIn(body);
  return identity === null ? `type ${body.idType}` : formatIdentity(identity);
}

/**
 * The secret of Main Mode, which has to be known before the peer has said who it is (RFC 2409 §5.4): that of whom the connection
 * expects, or of the peer's address. null: there is none.
 */
export function secretForPeer(
  connection: ConnectionConfig,
  path: Path,
  world: Pick<World, 'config'>,
): Uint8Array | null {
  const { secrets } = credentialsOf(world.config);
  const ours = ownIdentity(connection, path, world);
  const expected = read(connection.authentication.remote.identity);
  const theirs = expected.kind === 'any' || hasWildcard(expected) ? identityOfAddress(path.remote) : expected;
  return sharedSecretOf(secrets, ours, theirs) ?? sharedSecretOf(secrets, ours, identityOfAddress(path.remote));
}

/** The secret of Aggressive Mode, whose first messages say who both are. */
export function secretOf(credentials: Credentials, ours: Identity, theirs: Identity): Uint8Array | null {
  return sharedSecretOf(credentials.secrets, ours, theirs);
}

const hasWildcard = (identity: Identity): boolean => 'name' in identity && identity.name.includes('*');

function read(text: string): Identity {
  const identity = parseIdentity(text);
  if (identity === null) throw new Error(`the configuration of IKE has an identity that cannot be read: ${text}`);
  return identity;
}
