import type { IkeConfig } from '../../engine/ike/config.ts';
import type { NodeConfig } from '../../engine/node/config.ts';

/**
 * How a clause wants the node under test set up, in plain JSON: its policies and SAs, and what else it names. Other
 * implementations will need this translated; for the engine it is its own configuration.
 */
export type Arrangement = Partial<Omit<NodeConfig, 'name' | 'interfaces'>> & {
  /** Octets of IP packet, by interface; the topology's own where it is absent. */
  readonly mtus?: Readonly<Record<string, number>>;
  /** What its IKE daemon is told; it has none where this is absent. */
  readonly ike?: ArrangedIke;
};

export type ArrangedPolicy = NodeConfig['policies'][number];
export type ArrangedSa = NodeConfig['sas'][number];
export type ArrangedIke = IkeConfig;

/** Changes the configuration of one node before it is made. */
export type Arrange = (config: NodeConfig) => NodeConfig;

/** The node of that name as arranged, and all others with a policy that discards everything: they say nothing unasked. */
export function arrangeBench(subject: string, arrangement: Arrangement): Arrange {
  const { mtus = {}, ike: _, ...changes } = arrangement;
  return config => {
    if (config.name !== subject) return { ...config, policies: [DISCARD_ALL], sas: [] };
    const interfaces = config.interfaces.map(it => ({ ...it, mtu: mtus[it.name] ?? it.mtu }));
    return { ...config, ...changes, interfaces };
  };
}

const DISCARD_ALL: ArrangedPolicy = {
  name: 'silent',
  tunnel: null,
  local: 'any',
  remote: 'any',
  protocol: 'any',
  localPort: 'any',
  remotePort: 'any',
  action: { kind: 'discard' },
};
