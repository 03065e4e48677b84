import type { ArrangedIke } from '../../../lab/subjects/arrangement.ts';
import type { BenchPlan } from '../bench.ts';
import { type IkePlan, negotiated } from '../ike/plans.ts';

type Connection = ArrangedIke['connections'][number];
type V1 = NonNullable<Connection['v1']>;
type Proposal = Connection['proposals'][number];
type ChildProposal = Connection['children'][number]['proposals'][number];

/** How alice negotiates by IKEv1; a clause changes what it is about. */
export interface V1Plan extends IkePlan {
  readonly v1?: Partial<V1>;
}

/** Two offices whose gateways negotiate in Main Mode with a shared key; alice calls when the first packet asks for it. */
export function negotiatedByV1({ v1 = {}, connection = {}, child = {}, ...plan }: V1Plan = {}): BenchPlan {
  return negotiated({
    ...plan,
    connection: { version: 1, v1: { ...V1_TRAITS, ...v1 }, proposals: [proposal({})], ...connection },
    child: { proposals: [childProposal({}), AEAD], ...child },
  });
}

/** Of phase 1: each of these may be chosen. */
export function proposal(changes: Partial<Proposal>): Proposal {
  return {
    encryption: ['aes256', 'aes128', '3des'],
    integrity: ['sha256', 'sha1'],
    prf: [],
    keyExchange: ['modp2048', 'modp1024', 'ecp256'],
    additionalKeyExchanges: [],
    ...changes,
  };
}

/** Of phase 2. */
export function childProposal(changes: Partial<ChildProposal>): ChildProposal {
  return {
    protocol: 'esp',
    encryption: ['aes256', 'aes128'],
    integrity: ['sha256', 'sha1'],
    keyExchange: [],
    additionalKeyExchanges: [],
    esn: ['no'],
    ...changes,
  };
}

const AEAD: ChildProposal = childProposal({ encryption: ['aes256gcm16'], integrity: [] });

const V1_TRAITS: V1 = {
  mode: 'main',
  accepts: ['main'],
  nonceOctets: 32,
  quickNonceOctets: 32,
  lifetimeKilobytes: null,
  lifetimeCheck: 'strict',
  initialContact: true,
  natTraversal: 'yes',
  livenessTimeoutSeconds: 60,
  xauth: null,
  modeConfig: 'none',
  commitBit: false,
  requestsCertificates: true,
  ignoresRevocation: false,
  fetchesRevocation: false,
};

/** Alice begins with Aggressive Mode, and takes it. */
export const AGGRESSIVE: V1Plan = { v1: { mode: 'aggressive', accepts: ['main', 'aggressive'] } };
