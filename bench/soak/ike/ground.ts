import { generateKeyPair } from '../../../engine/crypto/generate-key.ts';
import {
  type ConnectionConfig,
  DEFAULT_LIMITS,
  type IkeConfig,
  type IkeProposalConfig,
} from '../../../engine/ike/config.ts';
import { childConfig, connectionConfig, ikeConfig } from '../../../engine/ike/testing/connection.ts';
import { createSeeded } from '../../../engine/ipsec/testing/seeded.ts';
import { type Issued, issueCertificate, issueSelfSigned, PLAIN_END, PLAIN_ORDER } from '../../../engine/pki/issue.ts';
import { parseDistinguishedName } from '../../../engine/pki/name-text.ts';
import { parseAddress } from '../../../engine/wire/address.ts';

/**
 * Bob, a gateway that speaks every extension with somebody: Alice by a secret, Carol likewise (she stands by), Dave by
 * certificates and in fragments, Erin with additional key exchanges, and whoever else comes.
 */
export const PEERS = ['alice', 'carol', 'dave', 'erin'] as const;
export type Peer = (typeof PEERS)[number];

export const BOB = '192.0.2.2';
export const BOB_NETWORK = '10.0.1.0/24';
export const ADDRESSES: Readonly<Record<Peer, string>> = {
  alice: '192.0.2.1',
  carol: '192.0.2.3',
  dave: '192.0.2.4',
  erin: '192.0.2.5',
};
export const NETWORKS: Readonly<Record<Peer, string>> = {
  alice: '10.1.0.0/24',
  carol: '10.2.0.0/24',
  dave: '10.3.0.0/24',
  erin: '10.4.0.0/24',
};

/** What engine/ike/testing/network.ts has its clocks begin with. */
const EPOCH_SECONDS = 1_800_000_000;
const YEAR_SECONDS = 365 * 86_400;

/** Shared secrets, as they stand in the configuration. */
export const SECRETS = [...PEERS, 'anybody'].map(name => Buffer.from(`the secret of ${name}`).toString('hex'));

const CLASSICAL: IkeProposalConfig = {
  encryption: ['aes256gcm16'],
  integrity: [],
  prf: ['prfsha256'],
  keyExchange: ['x25519', 'ecp256'],
  additionalKeyExchanges: [],
};
const SEPARATE: IkeProposalConfig = { ...CLASSICAL, encryption: ['aes128'], integrity: ['sha256'] };
const HYBRID: IkeProposalConfig = { ...CLASSICAL, additionalKeyExchanges: [['mlkem512'], ['ecp384']] };

export function bobConfig(limits: Partial<IkeConfig['limits']> = {}): IkeConfig {
  const connections = PEERS.map(peer => connectionOf('bob', peer));
  const [alice] = connections;
  if (alice === undefined) throw new Error('Bob knows nobody');
  const { authentication } = alice;
  const anybody: ConnectionConfig = {
    ...alice,
    name: 'anybody',
    remote: [],
    authentication: { ...authentication, remote: { ...authentication.remote, identity: '*.anywhere' } },
    children: [{ ...childBetween('bob', 'alice'), name: 'anybody', policy: 'anybody' }],
  };
  return {
    ...baseConfig('bob'),
    connections: [...connections, anybody],
    secrets: [...PEERS.map(secretOf), { identities: ['*.anywhere'], secret: SECRETS.at(-1) ?? '' }],
    pools: [{ name: 'pool', addresses: ['10.9.0.0/24'], dns: ['10.0.1.53'], subnets: [BOB_NETWORK] }],
    limits: { ...DEFAULT_LIMITS, ...limits },
  };
}

export function peerConfig(peer: Peer): IkeConfig {
  return { ...baseConfig(peer), connections: [connectionOf(peer, peer)], secrets: [secretOf(peer)] };
}

const secretOf = (peer: Peer) => ({
  identities: [`${peer}.lab`],
  secret: SECRETS[PEERS.indexOf(peer)] ?? '',
});

/** The connection of one peer, as Bob has it, or as the peer does. */
function connectionOf(end: 'bob' | Peer, peer: Peer): ConnectionConfig {
  const isBob = end === 'bob';
  const [local, remote] = isBob ? ['bob.lab', `${peer}.lab`] : [`${peer}.lab`, 'bob.lab'];
  const [address, other] = isBob ? [BOB, ADDRESSES[peer]] : [ADDRESSES[peer], BOB];
  const hasCertificates = peer === 'dave';
  const given = connectionConfig({
    name: isBob ? peer : 'bob',
    local: [address],
    remote: [other],
    authentication: {
      local: hasCertificates
        ? { method: 'signature', identity: local, key: 0, schemes: [], sends: 'always', url: null }
        : { method: 'psk', identity: local },
      remote: {
        methods: [hasCertificates ? 'signature' : 'psk'],
        identity: remote,
        authorities: [],
        schemes: [],
        revocation: 'relaxed',
        fetchesCertificates: true,
      },
    },
    proposals: peer === 'erin' ? [HYBRID, CLASSICAL] : peer === 'carol' ? [SEPARATE] : [CLASSICAL],
    fragmentation: hasCertificates ? 'force' : 'yes',
    mobike: peer === 'alice' || peer === 'erin',
    resumption: peer === 'alice',
    quickCrashDetection: true,
    windowSize: peer === 'alice' ? 3 : 1,
    children: [childBetween(end, peer)],
    rekeySeconds: 3600,
    attempts: 3,
  });
  if (peer !== 'alice') return given;
  return isBob ? { ...given, pools: ['pool'] } : { ...given, requestAddresses: ['0.0.0.0'], addressInterface: 'net0' };
}

function childBetween(end: 'bob' | Peer, peer: Peer) {
  const here = { addresses: BOB_NETWORK, protocol: 'any', ports: 'any' } as const;
  const there = { addresses: NETWORKS[peer], protocol: 'any', ports: 'any' } as const;
  const additionalKeyExchanges = peer === 'erin' ? [['mlkem512', 'none']] : [];
  return childConfig({
    name: peer,
    policy: peer,
    proposals: [
      {
        protocol: 'esp',
        encryption: ['aes256gcm16'],
        integrity: [],
        keyExchange: ['x25519', 'none'],
        additionalKeyExchanges,
        esn: ['no', 'yes'],
      },
    ],
    local: [end === 'bob' ? here : there],
    remote: [end === 'bob' ? there : here],
  });
}

function baseConfig(end: 'bob' | Peer): IkeConfig {
  const isCertified = end === 'bob' || end === 'dave';
  return ikeConfig({
    secrets: [],
    credentials: isCertified ? credentials(end) : NO_CREDENTIALS,
    revealsSecrets: false,
  });
}

const NO_CREDENTIALS: IkeConfig['credentials'] = { keys: [], anchors: [], peers: [], rawKeys: [], crls: [] };

let made: ReadonlyMap<string, IkeConfig['credentials']> | null = null;

function credentials(end: 'bob' | 'dave'): IkeConfig['credentials'] {
  made ??= new Map((['bob', 'dave'] as const).map(name => [name, issueFor(name)]));
  return made.get(end) ?? NO_CREDENTIALS;
}

/** An end's certificate by an intermediate of the lab's authority. Dave's says where it can be asked about. */
function issueFor(end: 'bob' | 'dave'): IkeConfig['credentials'] {
  const random = createSeeded('ike-fuzz credentials');
  const life = { notBefore: EPOCH_SECONDS - YEAR_SECONDS, notAfter: EPOCH_SECONDS + 5 * YEAR_SECONDS };
  const role = { kind: 'ca', pathLength: null, nameConstraints: null } as const;
  const [rootKey, middleKey] = [generateKeyPair('ecdsa256', random), generateKeyPair('ecdsa256', random)];
  const root = issued(issueSelfSigned({ ...PLAIN_ORDER, ...life, subject: dn('CN=Root'), role }, rootKey, random));
  const middle = issued(
    issueCertificate(
      { ...PLAIN_ORDER, ...life, subject: dn('CN=Middle'), role },
      middleKey.public.spki,
      { certificate: root, key: rootKey },
      random,
    ),
  );
  const key = generateKeyPair('ecdsa256', createSeeded(`ike-fuzz ${end}`));
  const order = {
    ...PLAIN_ORDER,
    ...life,
    subject: dn(`CN=${end}.lab, O=Lab`),
    altNames: [{ kind: 'dns', text: `${end}.lab` }] as const,
    role: PLAIN_END,
    ...(end === 'dave' ? { crlUris: ['http://charles.lab/crl'], ocspUris: ['http://charles.lab/ocsp'] } : {}),
  };
  const leaf = issued(issueCertificate(order, key.public.spki, { certificate: middle, key: middleKey }, random));
  return {
    keys: [{ pkcs8: hex(key.pkcs8), chain: [hex(leaf.der), hex(middle.der)] }],
    anchors: [{ name: 'root', certificate: hex(root.der) }],
    peers: [],
    rawKeys: [],
    crls: [],
  };
}

function dn(text: string): Uint8Array {
  const name = parseDistinguishedName(text);
  if (name === null) throw new Error(`no name: ${text}`);
  return name;
}

function issued(result: Issued) {
  if (result.kind === 'refused') throw new Error(result.why);
  return result.certificate;
}

export function addressOf(text: string): Uint8Array {
  const address = parseAddress(text);
  if (address === null) throw new Error(`${text} is no address`);
  return address;
}

const hex = (octets: Uint8Array): string => Buffer.from(octets).toString('hex');
