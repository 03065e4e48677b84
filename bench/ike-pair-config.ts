import { parseEspProposal, parseIkeProposal, type ProposalReading } from '../engine/config/ike-proposal.ts';
import type { Random } from '../engine/crypto/random.ts';
import { generateKeyPair } from '../engine/crypto/generate-key.ts';
import type { KeyKind, PrivateKey } from '../engine/crypto/signature.ts';
import {
  type ChildConfig,
  type ConnectionConfig,
  DEFAULT_LIMITS,
  type IkeConfig,
  type LocalAuthenticationConfig,
} from '../engine/ike/config.ts';
import { UNLIMITED } from '../engine/ipsec/lifetime.ts';
import { issueSelfSigned, PLAIN_END, PLAIN_ORDER } from '../engine/pki/issue.ts';
import { parseDistinguishedName } from '../engine/pki/name-text.ts';

/** How two daemons are to negotiate; proposals as in a topology. */
export interface PairPlan {
  /** `aes256gcm16-prfsha384-x25519`; `initiatorIke` where the initiator offers something else. */
  readonly ike: string;
  readonly initiatorIke?: string;
  /** `aes256gcm16`. */
  readonly esp: string;
  /** A shared secret, or signatures by keys of this kind: with self-signed certificates, or raw. */
  readonly authentication: 'psk' | { readonly key: KeyKind; readonly sends: 'certificate' | 'raw' };
  /** `alice.example` unless given; the responder takes whoever is of `example`. */
  readonly initiatorIdentity?: string;
  readonly connection?: Partial<ConnectionConfig>;
  readonly responderLimits?: Partial<IkeConfig['limits']>;
}

export interface PairConfigs {
  readonly initiator: IkeConfig;
  readonly responder: IkeConfig;
}

/** 2026-01-01T00:00:00Z: the certificates of pairs are valid from then on, for a year. */
export const PAIR_EPOCH_SECONDS = 1_767_225_600;
export const PAIR_ADDRESSES = { initiator: '192.0.2.1', responder: '198.51.100.1' } as const;
export const PAIR_CHILD = 'net';

const IDENTITIES = { initiator: 'alice.example', responder: 'bob.example' } as const;
const NETS = { initiator: '10.0.0.0/24', responder: '10.0.1.0/24' } as const;
const SECRET = Buffer.from('a secret of the bench, known to everybody').toString('hex');
const YEAR_SECONDS = 365 * 86_400;

type End = keyof typeof IDENTITIES;

/** Alice begins by herself, Bob answers. Keys come from `random`. */
export function pairConfigs(plan: PairPlan, random: Random): PairConfigs {
  const credentials = {
    initiator: credentialOf(plan, 'initiator', random),
    responder: credentialOf(plan, 'responder', random),
  };
  return {
    initiator: configOf(plan, 'initiator', credentials),
    responder: configOf(plan, 'responder', credentials),
  };
}

interface Credential {
  readonly key: PrivateKey;
  /** DER; null: the raw key is shown. */
  readonly certificate: Uint8Array | null;
}

function credentialOf({ authentication }: PairPlan, end: End, random: Random): Credential | null {
  if (authentication === 'psk') return null;
  const key = generateKeyPair(authentication.key, random);
  if (authentication.sends === 'raw') return { key, certificate: null };
  const subject = parseDistinguishedName(`CN=${IDENTITIES[end]}, O=Lab`);
  if (subject === null) throw new Error('no name');
  const order = {
    ...PLAIN_ORDER,
    subject,
    altNames: [{ kind: 'dns', text: IDENTITIES[end] }] as const,
    notBefore: PAIR_EPOCH_SECONDS,
    notAfter: PAIR_EPOCH_SECONDS + YEAR_SECONDS,
    role: PLAIN_END,
  };
  const issued = issueSelfSigned(order, key, random);
  if (issued.kind === 'refused') throw new Error(issued.why);
  return { key, certificate: issued.certificate.der };
}

function configOf(plan: PairPlan, end: End, credentials: Readonly<Record<End, Credential | null>>): IkeConfig {
  const peer: End = end === 'initiator' ? 'responder' : 'initiator';
  const [own, theirs] = [credentials[end], credentials[peer]];
  return {
    connections: [connectionOf(plan, end, peer, own)],
    secrets: own === null ? [{ identities: [], secret: SECRET }] : [],
    ppks: [],
    credentials: {
      keys:
        own === null
          ? []
          : [{ pkcs8: hex(own.key.pkcs8), chain: own.certificate === null ? [] : [hex(own.certificate)] }],
      anchors: [],
      peers: [theirs?.certificate ?? null].flatMap(der => (der === null ? [] : [hex(der)])),
      rawKeys:
        theirs === null || theirs.certificate !== null
          ? []
          : [{ identity: IDENTITIES[peer], spki: hex(theirs.key.public.spki) }],
      crls: [],
    },
    pools: [],
    limits: { ...DEFAULT_LIMITS, ...(end === 'responder' ? plan.responderLimits : {}) },
    revealsSecrets: true,
  };
}

function connectionOf(plan: PairPlan, end: End, peer: End, own: Credential | null): ConnectionConfig {
  const ike = end === 'initiator' ? (plan.initiatorIke ?? plan.ike) : plan.ike;
  return {
    name: peer,
    version: 2,
    local: [PAIR_ADDRESSES[end]],
    remote: [PAIR_ADDRESSES[peer]],
    port: 500,
    natPort: 4500,
    proposals: ike.split(' ').map(text => proposal(parseIkeProposal(text, { legacy: true }))),
    authentication: {
      local: localAuthentication(
        end === 'initiator' ? (plan.initiatorIdentity ?? IDENTITIES[end]) : IDENTITIES[end],
        own,
      ),
      remote: {
        methods: [own === null ? 'psk' : 'signature'],
        identity: end === 'initiator' ? IDENTITIES[peer] : '*.example',
        authorities: [],
        schemes: [],
        revocation: 'relaxed',
      },
    },
    ppk: null,
    requestAddresses: [],
    addressInterface: null,
    pools: [],
    unique: 'no',
    fragmentation: 'yes',
    fragmentOctets: null,
    mobike: false,
    forceEncapsulation: false,
    childless: 'no',
    resumption: false,
    quickCrashDetection: false,
    redirectTo: null,
    followsRedirects: false,
    livenessSeconds: 0,
    rekeySeconds: 0,
    reauthenticateSeconds: 0,
    makeBeforeBreak: true,
    overSeconds: 0,
    lifetimeJitter: 0,
    retransmission: { firstMs: 500, factor: 2, longestMs: 16_000, sends: 5 },
    windowSize: 1,
    attempts: 1,
    children: [childOf(plan, end, peer)],
    ...plan.connection,
  };
}

function localAuthentication(identity: string, own: Credential | null): LocalAuthenticationConfig {
  if (own === null) return { method: 'psk', identity };
  return {
    method: 'signature',
    identity,
    key: 0,
    schemes: [],
    sends: own.certificate === null ? 'raw' : 'always',
    url: null,
  };
}

function childOf(plan: PairPlan, end: End, peer: End): ChildConfig {
  const selector = (of: End) => ({ addresses: NETS[of], protocol: 'any', ports: 'any' }) as const;
  return {
    name: PAIR_CHILD,
    policy: PAIR_CHILD,
    transform: 0,
    mode: 'tunnel',
    proposals: plan.esp.split(' ').map(text => proposal(parseEspProposal(text, { legacy: true }))),
    local: [selector(end)],
    remote: [selector(peer)],
    start: end === 'initiator' ? 'start' : 'none',
    onClose: 'none',
    onDeath: 'clear',
    rekey: UNLIMITED,
    over: 0,
    requestId: null,
    windowPackets: 64,
    outer: {},
    trafficFlow: null,
  };
}

function proposal<T>({ proposal: read, problems }: ProposalReading<T>): T {
  if (read === null) throw new Error(problems.map(({ message }) => message).join('; '));
  return read;
}

const hex = (octets: Uint8Array): string => Buffer.from(octets).toString('hex');
