import type { ConnectionConfig, CredentialsConfig, IkeConfig } from '../../engine/ike/config.ts';
import type { Topology, TopologyAuthentication, TopologyConnection } from './model.ts';

/**
 * What was made for a node by what `pki:` says, in the order of its `CredentialNames`: octets are DER, hexadecimal. Keys and
 * certificates of the node itself have their name in `pki`. A key without a certificate has an empty chain.
 */
export interface NodeCredentials extends Omit<CredentialsConfig, 'keys'> {
  readonly keys: readonly (CredentialsConfig['keys'][number] & {
    readonly name: string;
    /** Where the certificate is to be had, RFC 7296 §3.6; null: nowhere. */
    readonly url: string | null;
  })[];
}

export const NO_CREDENTIALS: NodeCredentials = { keys: [], anchors: [], peers: [], rawKeys: [], crls: [] };

/** Whether a node runs an IKE daemon. */
export function hasIke(topology: Topology, name: string): boolean {
  return topology.nodes.some(node => node.name === name && node.ike !== null);
}

/**
 * What the IKE daemon of that node is told; null: it has none. `revealsSecrets`: somebody asked for a key log. Throws where the
 * credentials lack what a connection names.
 */
export function ikeConfig(
  topology: Topology,
  name: string,
  credentials: NodeCredentials = NO_CREDENTIALS,
  revealsSecrets = false,
): IkeConfig | null {
  const node = topology.nodes.find(candidate => candidate.name === name);
  if (node === undefined) throw new Error(`topology ${topology.name} has no node ${name}`);
  if (node.ike === null) return null;
  const { connections, secrets, ppks, pools, limits } = node.ike;
  return {
    connections: connections.map(connection => connectionConfig(connection, credentials)),
    secrets,
    ppks,
    credentials: {
      keys: credentials.keys.map(({ pkcs8, chain }) => ({ pkcs8, chain })),
      anchors: credentials.anchors,
      peers: credentials.peers,
      rawKeys: credentials.rawKeys,
      crls: credentials.crls,
    },
    pools,
    limits,
    revealsSecrets,
  };
}

function connectionConfig(connection: TopologyConnection, credentials: NodeCredentials): ConnectionConfig {
  const { peer: _peer, authentication, ...rest } = connection;
  const { local, remote } = authentication;
  return { ...rest, authentication: { local: localConfig(local, credentials), remote } };
}

function localConfig(
  local: TopologyAuthentication,
  { keys }: NodeCredentials,
): ConnectionConfig['authentication']['local'] {
  if (local.method !== 'signature') return local;
  const key = keys.findIndex(({ name }) => name === local.key);
  const found = keys[key];
  if (found === undefined) throw new Error(`the key ${local.key} was not made`);
  return { ...local, key, url: local.sends === 'url' ? found.url : null };
}
