import { addressVersion, formatAddress } from '../../../engine/wire/address.ts';
import { IpProtocol } from '../../../engine/wire/ip-protocol.ts';
import type { TopologyPolicy } from '../model.ts';
import { addressesOf, type NodeScope } from './scope.ts';

/** IKE, and IKE with ESP in UDP (RFC 3948). */
const PORTS = [
  [500, 500],
  [4500, 4500],
] as const;

/**
 * IKE is not for the SAs that it makes: in front of each SPD of a node with IKE that is not empty, what comes from or goes to the
 * node's own addresses on these ports passes. What it forwards does not.
 */
export function ikeBypass(node: NodeScope, policies: readonly TopologyPolicy[]): TopologyPolicy[] {
  if ((node.text?.ike ?? null) === null) return [];
  const owners = new Set(
    policies.map(({ tunnel }) => tunnel).filter(owner => owner === null || node.interfaces.has(owner)),
  );
  return [...owners].flatMap(owner =>
    ([4, 6] as const).flatMap(family => {
      const own = addressesOf(node, family);
      if (own.length === 0) return [];
      const words = ['implied:ike', ...(owner === null ? [] : [owner]), ...(family === 6 ? ['v6'] : [])];
      return [
        {
          name: words.join('-'),
          tunnel: owner,
          direction: 'both' as const,
          local: own.map(address => `${formatAddress(address)}/${addressVersion(address) === 4 ? 32 : 128}`),
          remote: 'any' as const,
          protocol: IpProtocol.UDP,
          localPort: PORTS,
          remotePort: 'any' as const,
          icmp: 'any' as const,
          action: { kind: 'bypass' as const },
        },
      ];
    }),
  );
}
