import {
  type ChildConfig,
  type ConnectionConfig,
  DEFAULT_LIMITS,
  type IkeConfig,
  type IkeProposalConfig,
} from '../../../engine/ike/config.ts';
import { childConfig, connectionConfig, ikeConfig } from '../../../engine/ike/testing/connection.ts';
import { DEFAULT_V1, type V1Config } from '../../../engine/ike/v1-config.ts';
import { ADDRESSES, BOB, BOB_NETWORK, NETWORKS, PEERS, type Peer, SECRETS } from '../ike/ground.ts';
import { V1_KEY_OF, v1CredentialsOf } from '../swarm/credentials.ts';

/**
 * Bob, a gateway that speaks IKEv1 with the same four as that of IKEv2: Alice in Main Mode by a secret, Carol likewise (she stands
 * by), Dave by certificates and in fragments, Erin in Aggressive Mode, with XAuth and an address from a pool.
 */
const PROPOSAL: IkeProposalConfig = {
  encryption: ['aes128', 'aes256'],
  integrity: ['sha256', 'sha1'],
  prf: [],
  keyExchange: ['ecp256'],
  additionalKeyExchanges: [],
};
/** Of Erin: what nobody tells. */
export const PASSWORD = 'the password of erin';

export function bobConfig(limits: Partial<IkeConfig['limits']> = {}): IkeConfig {
  return {
    ...baseConfig('bob'),
    connections: PEERS.map(peer => connectionOf('bob', peer)),
    secrets: PEERS.map(secretOf),
    pools: [{ name: 'pool', addresses: ['10.9.0.0/24'], dns: ['10.0.1.53'], subnets: [BOB_NETWORK] }],
    limits: { ...DEFAULT_LIMITS, ...limits },
  };
}

export function peerConfig(peer: Peer): IkeConfig {
  return { ...baseConfig(peer), connections: [connectionOf(peer, peer)], secrets: [secretOf(peer)] };
}

const secretOf = (peer: Peer) => ({ identities: [identityOf(peer)], secret: SECRETS[PEERS.indexOf(peer)] ?? '' });

/** Dave's and, towards Dave, Bob's own are those of certificates. */
const identityOf = (end: 'bob' | Peer, peer: Peer = 'alice'): string => {
  if (end === 'dave') return 'g1.lab';
  return end === 'bob' && peer === 'dave' ? 'g0.lab' : `${end}.lab`;
};

/** The connection of one peer, as Bob has it, or as the peer does. */
function connectionOf(end: 'bob' | Peer, peer: Peer): ConnectionConfig {
  const isBob = end === 'bob';
  const [local, remote] = isBob
    ? [identityOf('bob', peer), identityOf(peer)]
    : [identityOf(peer), identityOf('bob', peer)];
  const isCertified = peer === 'dave';
  const given = connectionConfig({
    name: isBob ? peer : 'bob',
    version: 1,
    v1: v1Of(end, peer),
    local: [isBob ? BOB : ADDRESSES[peer]],
    remote: [isBob ? ADDRESSES[peer] : BOB],
    authentication: {
      local: isCertified
        ? {
            method: 'signature',
            identity: local,
            key: V1_KEY_OF.certificate,
            schemes: [],
            sends: 'always',
            url: null,
          }
        : { method: 'psk', identity: local },
      remote: {
        methods: [isCertified ? 'signature' : 'psk'],
        identity: remote,
        authorities: [],
        schemes: [],
        revocation: 'relaxed',
      },
    },
    proposals: [PROPOSAL],
    fragmentation: isCertified ? 'force' : 'yes',
    fragmentOctets: isCertified ? 600 : null,
    children: [childBetween(end, peer)],
    rekeySeconds: 3600,
    attempts: 3,
  });
  if (peer !== 'erin') return given;
  return isBob ? { ...given, pools: ['pool'] } : { ...given, requestAddresses: ['0.0.0.0'], addressInterface: 'net0' };
}

function v1Of(end: 'bob' | Peer, peer: Peer): V1Config {
  if (peer !== 'erin') return { ...DEFAULT_V1, commitBit: peer === 'carol' };
  const user = { user: 'erin', password: PASSWORD };
  return {
    ...DEFAULT_V1,
    mode: 'aggressive',
    accepts: ['aggressive'],
    modeConfig: 'pull',
    xauth: end === 'bob' ? { side: 'gateway', users: [user] } : { side: 'user', ...user },
  };
}

function childBetween(end: 'bob' | Peer, peer: Peer): ChildConfig {
  const here = { addresses: BOB_NETWORK, protocol: 'any', ports: 'any' } as const;
  const there = { addresses: NETWORKS[peer], protocol: 'any', ports: 'any' } as const;
  return childConfig({
    name: peer,
    policy: peer,
    proposals: [
      {
        protocol: 'esp',
        encryption: ['aes256gcm16', 'aes128gcm16'],
        integrity: [],
        keyExchange: peer === 'alice' ? ['ecp256'] : [],
        additionalKeyExchanges: [],
        esn: ['no'],
      },
    ],
    local: [end === 'bob' ? here : there],
    remote: [end === 'bob' ? there : here],
  });
}

function baseConfig(end: 'bob' | Peer): IkeConfig {
  const credentials = end === 'bob' ? v1CredentialsOf(0) : end === 'dave' ? v1CredentialsOf(1) : NO_CREDENTIALS;
  return ikeConfig({ secrets: [], credentials, revealsSecrets: false });
}

const NO_CREDENTIALS: IkeConfig['credentials'] = { keys: [], anchors: [], peers: [], rawKeys: [], crls: [] };
