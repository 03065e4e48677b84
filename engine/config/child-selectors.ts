import type { ChildConfig, TrafficSelectorConfig } from '../ike/config.ts';
import type { NumberSet } from '../ipsec/selector.ts';
import type { SelectorInput } from '../ipsec/spd.ts';
import { IpProtocol } from '../wire/ip-protocol.ts';

/** More than that fit into no payload that others would read. */
const SELECTORS_MAX = 64;
const ANY_ADDRESS = ['0.0.0.0/0', '::/0'] as const;

export type Selectors = Pick<SelectorInput, 'local' | 'remote' | 'protocol' | 'localPort' | 'remotePort' | 'icmp'>;

/** One side of what a policy selects, as it is negotiated. `addresses`: in the place of the policy's own; `any` and `dynamic` too. */
export function selectorSide(
  { protocol: stated, icmp = 'any' }: Selectors,
  addresses: readonly string[] | string,
  ports: Selectors['localPort'],
): TrafficSelectorConfig[] {
  const protocol = stated === 'opaque' ? 'any' : stated;
  const isIcmp = protocol === IpProtocol.ICMP || protocol === IpProtocol.ICMPV6;
  const numbers = numberSet(isIcmp ? icmp : ports);
  const sets = typeof numbers === 'string' ? [numbers] : numbers.map(([low, high]) => [low, high] as const);
  const list = addresses === 'any' ? ANY_ADDRESS : typeof addresses === 'string' ? [addresses] : addresses;
  return list.flatMap(text => sets.map(set => ({ addresses: text, protocol, ports: set }))).slice(0, SELECTORS_MAX);
}

/** Both sides of what a transform of a policy is for: in transport mode its ends alone, around another SA the packets of that one. */
export function selectorSides(
  policy: Selectors,
  { mode, around, ends }: SelectedTransform,
): Pick<ChildConfig, 'local' | 'remote'> {
  if (around !== null) {
    const protocol = around === 'ah' ? IpProtocol.AH : IpProtocol.ESP;
    const side = (addresses: string) => [{ addresses, protocol, ports: 'any' as const }];
    return { local: side(ends.local), remote: side(ends.remote) };
  }
  const isTransport = mode === 'transport';
  return {
    local: selectorSide(policy, isTransport ? ends.local : policy.local, policy.localPort),
    remote: selectorSide(policy, isTransport ? ends.remote : policy.remote, policy.remotePort),
  };
}

export interface SelectedTransform {
  readonly mode: 'tunnel' | 'transport';
  /** The protocol of the transform inside this one; null: none. */
  readonly around: 'esp' | 'ah' | null;
  readonly ends: { readonly local: string; readonly remote: string };
}

function numberSet(ports: Selectors['localPort'] | NonNullable<Selectors['icmp']>): NumberSet {
  return typeof ports === 'number' ? [[ports, ports]] : ports;
}
