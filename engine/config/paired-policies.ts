import type { StatedPolicy } from './policy.ts';

/**
 * Policies that protect the same packets by the same SAs, one outbound and one inbound, as one for both directions, in the place and
 * by the name of the outbound one: setkey has each direction by itself, and what is negotiated serves the two together.
 */
export function pairedPolicies(policies: readonly StatedPolicy[]): StatedPolicy[] {
  const inbound = new Map<string, StatedPolicy>();
  for (const policy of policies)
    if (policy.direction === 'inbound' && isProtecting(policy)) inbound.set(keyOf(policy), policy);
  const paired = new Set<StatedPolicy>();
  const merged = policies.map((policy): StatedPolicy => {
    const other = policy.direction === 'outbound' ? inbound.get(keyOf(policy)) : undefined;
    if (other === undefined || paired.has(other) || !isProtecting(policy)) return policy;
    paired.add(other);
    return { ...policy, direction: 'both' };
  });
  return merged.filter(policy => !paired.has(policy));
}

const isProtecting = ({ action }: StatedPolicy): boolean => action.kind === 'protect';

function keyOf({
  tunnel,
  local,
  remote,
  protocol,
  localPort,
  remotePort,
  icmp,
  action,
  priority,
}: StatedPolicy): string {
  return JSON.stringify([tunnel?.name ?? null, local, remote, protocol, localPort, remotePort, icmp, action, priority]);
}
