import { parseEspProposal, parseAhProposal, parseGroups } from '../../../engine/config/ike-proposal.ts';
import { selectorSide, selectorSides } from '../../../engine/config/child-selectors.ts';
import type { ChildConfig, ChildProposalConfig } from '../../../engine/ike/config.ts';
import { type LifetimeLimits, UNLIMITED } from '../../../engine/ipsec/lifetime.ts';
import type { SaEnds, TopologyPolicy, TopologyTransform } from '../model.ts';
import type { Negotiation } from './policies.ts';

/** What of a policy one child is to serve. */
export interface ChildOrder {
  readonly policy: TopologyPolicy;
  readonly negotiation: Negotiation;
  readonly index: number;
  readonly transform: TopologyTransform;
  /** null: with whoever asks. */
  readonly ends: SaEnds | null;
  /** Whether packets reach the policy through a tunnel interface. */
  readonly isRouted: boolean;
  /** This node asks the peer for an address, or gives it one. */
  readonly virtual: 'local' | 'remote' | null;
  readonly start: ChildConfig['start'];
}

const REKEY_SECONDS = 3600;
const OVER = 0.1;

export function childOf(name: string, order: ChildOrder): ChildConfig {
  const { policy, negotiation, index, transform, start } = order;
  const { local, remote } = selectorsOf(order);
  const { soft, hard } = transform.lifetime;
  return {
    name,
    policy: policy.name,
    transform: index,
    mode: transform.mode,
    sharing: policy.action.kind === 'protect' ? policy.action.sharing : 'shared',
    proposals: childProposalsOf(transform, negotiation),
    local,
    remote,
    start,
    onClose: negotiation.onClose ?? (start === 'none' ? 'none' : 'trap'),
    onDeath: negotiation.onDeath ?? (start === 'none' ? 'clear' : start === 'start' ? 'restart' : 'trap'),
    rekey: rekeyOf(soft, hard),
    over: overOf(soft, hard),
    requestId: transform.requestId,
    windowPackets: transform.windowPackets,
    outer: transform.outer,
    trafficFlow: transform.trafficFlow,
  };
}

/** One proposal for each suite, in their order: AEADs and others cannot stand in one (RFC 7296 §3.3). */
export function childProposalsOf(transform: TopologyTransform, { pfs, legacy }: Negotiation): ChildProposalConfig[] {
  const { protocol, suites, esn } = transform;
  const texts = suites.length > 0 ? suites : protocol === 'esp' ? DEFAULT_ESP : DEFAULT_AH;
  const parse = protocol === 'esp' ? parseEspProposal : parseAhProposal;
  const groups = pfs === null ? null : parseGroups(pfs, { legacy }).proposal;
  return texts.flatMap(text => {
    const { proposal } = parse(text, { legacy: true }); // suites were judged where they stand
    if (proposal === null) return [];
    return [{ ...proposal, ...groups, esn: esn ? (['yes', 'no'] as const) : (['no'] as const) }];
  });
}

const DEFAULT_ESP = ['aes256gcm16', 'aes128gcm16', 'aes256-sha256', 'aes128-sha256'];
const DEFAULT_AH = ['sha256', 'sha512'];

function rekeyOf(soft: Partial<LifetimeLimits>, hard: Partial<LifetimeLimits>): LifetimeLimits {
  const part = (unit: keyof LifetimeLimits) => {
    const last = hard[unit] ?? null;
    return soft[unit] ?? (last === null ? null : Math.max(1, Math.floor(last / (1 + OVER))));
  };
  const limits = { seconds: part('seconds'), octets: part('octets'), packets: part('packets') };
  const isSilent = Object.values(limits).every(limit => limit === null);
  return isSilent ? { ...UNLIMITED, seconds: REKEY_SECONDS } : limits;
}

/** How much longer the hard limits are: as the first unit that has both says. */
function overOf(soft: Partial<LifetimeLimits>, hard: Partial<LifetimeLimits>): number {
  for (const unit of ['seconds', 'octets', 'packets'] as const) {
    const [first, last] = [soft[unit] ?? null, hard[unit] ?? null];
    if (first !== null && last !== null && first > 0) return Math.max(0, last / first - 1);
  }
  return OVER;
}

type Sides = Pick<ChildConfig, 'local' | 'remote'>;

/**
 * What the SAs are for. Through a tunnel interface that is whatever its policy lets pass, so everything unless the policy says
 * less: routes decide what enters, and may change while the SAs stay. Around another SA it is the packets of that one.
 */
function selectorsOf(order: ChildOrder): Sides {
  const { policy, index, transform, ends, virtual } = order;
  const inner = policy.action.kind === 'protect' ? policy.action.transforms[index - 1] : undefined;
  if (inner !== undefined && ends !== null)
    return selectorSides(policy, { mode: transform.mode, around: inner.protocol, ends });
  const isTransport = transform.mode === 'transport' && ends !== null;
  const local = virtual === 'local' && policy.local === 'any' ? 'dynamic' : isTransport ? ends.local : policy.local;
  const remote = virtual === 'remote' ? 'dynamic' : isTransport ? ends.remote : policy.remote;
  return {
    local: selectorSide(policy, local, policy.localPort),
    remote: selectorSide(policy, remote, policy.remotePort),
  };
}
