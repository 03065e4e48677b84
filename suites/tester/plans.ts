import type { ArrangedPolicy } from '../../lab/subjects/arrangement.ts';
import { ALICE, type BenchPlan, FAR_NET, type Family, HOST_NET, PEER, type SaPlan } from './bench.ts';

/** The usual ways to set alice up; a clause changes what it is about. */

type Action = ArrangedPolicy['action'];
type Transform = Extract<Action, { kind: 'protect' }>['transforms'][number];

/** An SPD entry that matches everything, until it is told what. */
export function policy(name: string, action: Action, selectors: Partial<ArrangedPolicy> = {}): ArrangedPolicy {
  const anything = { local: 'any', remote: 'any', protocol: 'any', localPort: 'any', remotePort: 'any' } as const;
  return { name, tunnel: null, ...anything, action, ...selectors };
}

export const BYPASS: Action = { kind: 'bypass' };
export const DISCARD: Action = { kind: 'discard' };

export function transform(changes: Partial<Transform> = {}): Transform {
  return { protocol: 'esp', mode: 'tunnel', level: 'require', requestId: null, ends: null, ...changes };
}

/** PROTECT by these, innermost first, with an SA for all flows. */
export const protect = (...transforms: readonly Transform[]): Action => ({
  kind: 'protect',
  transforms,
  sharing: 'shared',
});

/** Tunnel mode between alice and the peer, over the family that is outside. */
export const tunnel = (outside: Family = 4, changes: Partial<Transform> = {}): Transform =>
  transform({ ends: { local: ALICE[outside], remote: PEER[outside] }, ...changes });

/** The net behind alice and the net behind the peer, in one family. */
export const between = (inner: Family): Pick<ArrangedPolicy, 'local' | 'remote'> => ({
  local: HOST_NET[inner],
  remote: FAR_NET[inner],
});

/** A pair of SAs, `out` and `in`, both as `changes` says. */
export function saPair(changes: Partial<SaPlan> = {}): readonly SaPlan[] {
  return [
    { label: 'out', direction: 'outbound', ...changes },
    { label: 'in', direction: 'inbound', ...changes },
  ];
}

export interface SitePlan {
  /** Of the private nets; 4 unless given. */
  readonly inner?: Family;
  /** Of the outer header; 4 unless given. */
  readonly outer?: Family;
  /** Of both SAs. */
  readonly sa?: Partial<SaPlan>;
  /** Of alice as a whole. */
  readonly node?: Partial<BenchPlan>;
}

/** Two offices: what passes between the nets is protected in tunnel mode, everything else is discarded. */
export function site({ inner = 4, outer = 4, sa = {}, node = {} }: SitePlan = {}): BenchPlan {
  const changes = { protocol: sa.protocol ?? 'esp' } as const;
  return {
    policies: [policy('site', protect(tunnel(outer, changes)), between(inner))],
    sas: saPair({ family: outer, ...sa }),
    ...node,
  };
}

/** Two hosts: everything between alice herself and the peer is protected in transport mode. */
export function hosts({ outer = 4, sa = {}, node = {} }: Omit<SitePlan, 'inner'> = {}): BenchPlan {
  const changes = { mode: 'transport', protocol: sa.protocol ?? 'esp' } as const;
  return {
    policies: [policy('site', protect(transform(changes)), { local: ALICE[outer], remote: PEER[outer] })],
    sas: saPair({ family: outer, mode: 'transport', ...sa }),
    ...node,
  };
}
