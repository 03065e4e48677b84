import type { ArrangedIke } from '../../../lab/subjects/arrangement.ts';
import { ALICE, type BenchPlan, FAR_NET, HOST_NET, PEER } from '../bench.ts';
import { between, policy, protect, tunnel } from '../plans.ts';
import { CALL } from './initiate.ts';

type Connection = ArrangedIke['connections'][number];
type Child = Connection['children'][number];
type Limits = ArrangedIke['limits'];

/** How alice negotiates; a clause changes what it is about. */
export interface IkePlan {
  readonly connection?: Partial<Connection>;
  readonly child?: Partial<Child>;
  readonly limits?: Partial<Limits>;
  readonly ike?: Partial<ArrangedIke>;
  /** Of alice as a whole. */
  readonly node?: Partial<BenchPlan>;
}

/** Two offices whose gateways negotiate with a shared key; alice calls when the first packet asks for it. */
export function negotiated({ connection = {}, child = {}, limits = {}, ike = {}, node = {} }: IkePlan = {}): BenchPlan {
  return {
    policies: [policy('site', protect(tunnel()), between(4))],
    sas: [],
    ike: {
      connections: [{ ...CONNECTION, children: [{ ...CHILD, ...child }], ...connection }],
      secrets: [{ identities: [], secret: Buffer.from(CALL.psk, 'latin1').toString('hex') }],
      ppks: [],
      credentials: { keys: [], anchors: [], peers: [], rawKeys: [], crls: [] },
      pools: [],
      limits: { ...LIMITS, ...limits },
      revealsSecrets: false,
      ...ike,
    },
    ...node,
  };
}

export const ALICE_IDENTITY = 'alice.lab';

const CHILD: Child = {
  name: 'net',
  policy: 'site',
  transform: 0,
  mode: 'tunnel',
  proposals: [
    {
      protocol: 'esp',
      encryption: ['aes256gcm16', 'aes128gcm16'],
      integrity: [],
      keyExchange: [],
      additionalKeyExchanges: [],
      esn: ['no'],
    },
    {
      protocol: 'esp',
      encryption: ['aes256', 'aes128'],
      integrity: ['sha256'],
      keyExchange: [],
      additionalKeyExchanges: [],
      esn: ['no'],
    },
  ],
  local: [{ addresses: HOST_NET[4], protocol: 'any', ports: 'any' }],
  remote: [{ addresses: FAR_NET[4], protocol: 'any', ports: 'any' }],
  start: 'trap',
  onClose: 'none',
  onDeath: 'clear',
  rekey: { seconds: null, octets: null, packets: null },
  over: 0.1,
  requestId: null,
  windowPackets: 64,
  outer: {},
  trafficFlow: null,
};

const CONNECTION: Connection = {
  name: 'bob',
  version: 2,
  local: [ALICE[4]],
  remote: [PEER[4]],
  port: 500,
  natPort: 4500,
  proposals: [
    {
      encryption: ['aes256gcm16', 'aes128gcm16'],
      integrity: [],
      prf: ['prfsha256', 'prfsha384'],
      keyExchange: ['x25519', 'ecp256', 'modp2048'],
      additionalKeyExchanges: [],
    },
    {
      encryption: ['aes256', 'aes128'],
      integrity: ['sha256'],
      prf: ['prfsha256'],
      keyExchange: ['x25519', 'ecp256', 'modp2048'],
      additionalKeyExchanges: [],
    },
  ],
  authentication: {
    local: { method: 'psk', identity: ALICE_IDENTITY },
    remote: { methods: ['psk'], identity: CALL.identity, authorities: [], schemes: [], revocation: 'relaxed' },
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
  childless: 'allow',
  resumption: false,
  quickCrashDetection: false,
  redirectTo: null,
  followsRedirects: false,
  livenessSeconds: 0,
  rekeySeconds: 0,
  reauthenticateSeconds: 0,
  makeBeforeBreak: false,
  overSeconds: 600,
  lifetimeJitter: 0,
  retransmission: { firstMs: 2000, factor: 2, longestMs: 30_000, sends: 5 },
  windowSize: 1,
  attempts: 1,
  children: [],
};

const LIMITS: Limits = {
  halfOpenPerSource: 20,
  halfOpen: 1000,
  cookiesFrom: 30,
  puzzlesFrom: 0,
  puzzleBits: 16,
  halfOpenSeconds: 30,
  ikeSas: 1000,
  childSasPerIkeSa: 100,
  messageOctets: 65_000,
  certificates: 10,
  certificateOctets: 16_384,
};
