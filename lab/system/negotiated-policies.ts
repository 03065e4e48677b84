import { holdsAddress } from '../../engine/config/address-range.ts';
import type { NegotiatedPolicy, NegotiatedTransform } from '../../engine/config/key-connections.ts';
import type { StatedPolicy } from '../../engine/config/policy.ts';
import type { PolicyConfig } from '../../engine/node/config.ts';
import { activeOf } from './settings.ts';
import type { System } from './system.ts';

/** Those of ipsec/policy that protect, with the ends that their SAs have: of a tunnel, its own. One whose tunnel is not there waits. */
export function policiesOfService(system: System): NegotiatedPolicy[] {
  return (system.loaded.policies ?? []).flatMap(
    policy => negotiated(system, policy, policy.tunnel?.name ?? null) ?? [],
  );
}

/** Those that the node has, whoever has given them to it, as a daemon hears of them from the kernel. */
export function policiesOfNode(system: System, policies: readonly PolicyConfig[]): NegotiatedPolicy[] {
  return policies.flatMap(policy =>
    policy.direction === 'inbound' ? [] : (negotiated(system, policy, policy.tunnel) ?? []),
  );
}

type Protecting = Pick<StatedPolicy, 'name' | 'local' | 'remote' | 'protocol' | 'localPort' | 'remotePort' | 'icmp'> & {
  readonly action: StatedPolicy['action'] | PolicyConfig['action'];
};

/** null: it protects nothing now. */
function negotiated(system: System, policy: Protecting, tunnel: string | null): NegotiatedPolicy | null {
  const { name, local, remote, protocol, localPort, remotePort, icmp, action } = policy;
  if (action.kind !== 'protect') return null;
  const via = tunnel === null ? null : (activeOf(system.settings.tunnels).find(each => each.name === tunnel) ?? null);
  if (tunnel !== null && via === null) return null;
  const transforms = action.transforms.map(
    ({ protocol: kind, mode, requestId, ends, ...more }): NegotiatedTransform => {
      const known = ends ?? via;
      const pairs = known === null ? hostPairs(system, policy) : [{ local: known.local, remote: known.remote }];
      return { protocol: kind, mode, requestId, suites: suitesOf(more), ends: pairs };
    },
  );
  const selectors = { local, remote, protocol, localPort, remotePort, ...(icmp === undefined ? {} : { icmp }) };
  return { name, ...selectors, sharing: action.sharing, transforms };
}

const suitesOf = (transform: object & { readonly suites?: readonly string[] | null }): readonly string[] =>
  transform.suites ?? [];

const PAIRS_MAX = 1024;

/** Without a tunnel, SAs are between the hosts themselves: those that a policy names, and those of the lab that its networks have. */
function hostPairs(system: System, { local, remote }: Protecting): NegotiatedTransform['ends'] {
  const own = activeOf(system.settings.addresses).flatMap(each =>
    each.kind === 'static' ? [each.local.replace(/\/.*$/, '')] : [],
  );
  const others = hostsOf(remote, system.peers);
  return hostsOf(local, own)
    .flatMap(from =>
      others.filter(to => to.includes(':') === from.includes(':')).map(to => ({ local: from, remote: to })),
    )
    .slice(0, PAIRS_MAX);
}

/** Those of a list that are one address each, and those of the known ones that its networks have. */
function hostsOf(list: StatedPolicy['local'], known: readonly string[]): string[] {
  if (list === 'any') return [...known];
  const texts = typeof list === 'string' ? [list] : list;
  return texts.flatMap(text => {
    const single = /^([^/-]+)(?:\/(?:32|128))?$/.exec(text)?.[1];
    return single === undefined ? known.filter(address => holdsAddress(text, address)) : [single];
  });
}
