import type { NumberSet } from '../../../engine/ipsec/selector.ts';
import type { SelectorInput } from '../../../engine/ipsec/spd.ts';
import type { SaEnds, TopologyPolicy } from '../model.ts';

/** One flow of a policy with `sa: unique`, as each end selects it. */
export interface UniqueFlow {
  readonly here: SelectorInput;
  readonly there: SelectorInput;
}

/** A policy that selects more would fill a SAD before the first packet. */
export const FLOWS_MAX = 64;

/** Whether the selectors name flows one by one: only then can keys from a file be made for them. */
export function countFlows(
  policy: Pick<TopologyPolicy, 'local' | 'remote' | 'protocol' | 'localPort' | 'remotePort' | 'icmp'>,
): number {
  const { protocol, local, remote, localPort, remotePort, icmp } = policy;
  if (typeof protocol !== 'number') return Infinity;
  const addresses = [local, remote].map(list => (list === 'any' || !list.every(isSingle) ? Infinity : list.length));
  const numbers = hasIcmp(protocol) ? [icmp] : hasPorts(protocol) ? [localPort, remotePort] : [];
  return [...addresses, ...numbers.map(countNumbers)].reduce((product, count) => product * count, 1);
}

/** Each flow of a policy whose flows can be counted. */
export function mirrorFlows(policy: TopologyPolicy): UniqueFlow[] {
  const { local, remote, protocol, localPort, remotePort, icmp } = policy;
  if (countFlows(policy) > FLOWS_MAX || local === 'any' || remote === 'any') return [];
  return local.flatMap(near =>
    remote.flatMap(far =>
      each(localPort).flatMap(own =>
        each(remotePort).flatMap(other =>
          each(icmp).map(message => ({
            here: { local: near, remote: far, protocol, localPort: own, remotePort: other, icmp: message },
            there: { local: far, remote: near, protocol, localPort: other, remotePort: own, icmp: message },
          })),
        ),
      ),
    ),
  );
}

/** Whether a flow is between these ends: in transport mode they are its own addresses. */
export function isUniqueFlow({ local, remote }: SelectorInput, ends: SaEnds): boolean {
  return bare(local) === ends.local && bare(remote) === ends.remote;
}

const bare = (text: string | readonly string[]): string => String(text).replace(/\/\d+$/, '');
const isSingle = (text: string): boolean => (text.includes(':') ? text.endsWith('/128') : text.endsWith('/32'));
const hasPorts = (protocol: number): boolean => [6, 17, 33, 132, 136].includes(protocol);
const hasIcmp = (protocol: number): boolean => protocol === 1 || protocol === 58;

function countNumbers(set: NumberSet): number {
  if (set === 'any') return Infinity;
  return set === 'opaque' ? 1 : set.reduce((sum, [low, high]) => sum + high - low + 1, 0);
}

function each(set: NumberSet): NumberSet[] {
  if (typeof set === 'string') return [set];
  return set.flatMap(([low, high]) =>
    Array.from({ length: high - low + 1 }, (_, index): NumberSet => [[low + index, low + index]]),
  );
}
