import { IpProtocol } from '../wire/ip-protocol.ts';
import type { StatedPolicy } from './policy.ts';
import { nameAfter } from './policy-name.ts';

const ANYTHING = { local: 'any', remote: 'any', protocol: 'any', localPort: 'any', remotePort: 'any' } as const;

/**
 * The policies of a file, with what the kernels of Solaris and KAME do without being told: IKE is never protected (its sockets
 * are exempt), and what no policy of the node is about passes. Not where the node has no policy of its own: it needs none.
 */
export function withImplied(policies: readonly StatedPolicy[], file: string): StatedPolicy[] {
  if (!policies.some(({ tunnel }) => tunnel === null)) return [...policies];
  const implied = (name: ImpliedName) =>
    ({
      ...ANYTHING,
      name: `${nameAfter(file, null)}:${name}`,
      place: { line: 1, column: 1 },
      tunnel: null,
      direction: 'both',
      action: { kind: 'bypass' },
      isImplied: true,
    }) as const;
  const ike: StatedPolicy = { ...implied('ike'), protocol: IpProtocol.UDP, localPort: IKE_PORTS };
  return [ike, ...policies, implied('otherwise')];
}

export type ImpliedName = 'ike' | 'otherwise';

/** Whether a policy of that name is one of those; a second one of a node has a number behind it. */
export function isImpliedName(policy: string, name: ImpliedName | 'any'): boolean {
  const found = /:(ike|otherwise)(?:-[0-9]+)?$/.exec(policy)?.[1];
  return found !== undefined && (name === 'any' || found === name);
}

/** IKE, and IKE with ESP in UDP (RFC 3948). */
const IKE_PORTS = [
  [500, 500],
  [4500, 4500],
] as const;
