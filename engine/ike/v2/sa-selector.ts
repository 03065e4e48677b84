import type { NumberSet } from '../../ipsec/selector.ts';
import type { SelectorInput } from '../../ipsec/spd.ts';
import { formatAddress } from '../../wire/address.ts';
import { IpProtocol } from '../../wire/ip-protocol.ts';
import type { TrafficSelector } from '../../wire/ike/payload.ts';
import { remembered } from '../../wire/remembered.ts';
import { addressOf, type Box, type Interval, intersection } from './selector-box.ts';
import { boxesIn, isPartner } from './traffic-selectors.ts';

/**
 * Traffic selectors as the SAD has them: one selector for each protocol, pair of ports and family. `local` are those of this
 * node's side. Empty where no traffic fits both sides.
 */
export function saSelectors(local: readonly TrafficSelector[], remote: readonly TrafficSelector[]): SelectorInput[] {
  const groups = new Map<string, { readonly pair: readonly [Box, Box]; local: Set<string>; remote: Set<string> }>();
  for (const near of boxesIn(local)) {
    for (const far of boxesIn(remote).filter(isPartner(near))) {
      const key = `${near.family} ${protocolOf(near, far)} ${near.port.join('-')} ${far.port.join('-')}`;
      const group = groups.get(key) ?? { pair: [near, far], local: new Set(), remote: new Set() };
      groups.set(key, group);
      group.local.add(rangeText(near));
      group.remote.add(rangeText(far));
    }
  }
  return [...groups.values()].flatMap(({ pair: [near, far], ...addresses }) => {
    const ports = portsOf(near, far);
    if (ports === null) return [];
    return [{ local: [...addresses.local], remote: [...addresses.remote], protocol: protocolOf(near, far), ...ports }];
  });
}

/** `10.0.0.0/24` as `10.0.0.0-10.0.0.255`; with ` tcp`-like numbers behind it where it is not for all: ` 6 [80-80]`. */
export const formatSelector = remembered((selector: TrafficSelector): string => {
  const [box] = boxesIn([selector]);
  if (box === undefined) return `type ${selector.tsType}`;
  const protocol = protocolOf(box, box);
  const port = box.port[1] < 0n ? 'opaque' : box.port[0] < 0n ? null : `${box.port[0]}-${box.port[1]}`;
  const what = protocol === 'any' && port === null ? '' : ` ${protocol}${port === null ? '' : `[${port}]`}`;
  return `${rangeText(box)}${what}`;
});

const isAny = ({ protocol }: Box): boolean => protocol[0] !== protocol[1];

function protocolOf(near: Box, far: Box): number | 'any' {
  if (isAny(near) && isAny(far)) return 'any';
  return Number((isAny(near) ? far : near).protocol[0]);
}

/** Type and code of ICMP stand in the ports of either side, or of both. null: these contradict each other. */
function portsOf(near: Box, far: Box): Pick<SelectorInput, 'localPort' | 'remotePort' | 'icmp'> | null {
  const protocol = protocolOf(near, far);
  if (protocol !== IpProtocol.ICMP && protocol !== IpProtocol.ICMPV6) {
    return { localPort: numbersOf(near.port), remotePort: numbersOf(far.port) };
  }
  const both = intersection({ ...near, port: near.port }, { ...near, port: far.port });
  return both === null ? null : { localPort: 'any', remotePort: 'any', icmp: numbersOf(both.port) };
}

function numbersOf([low, high]: Interval): NumberSet {
  if (high < 0n) return 'opaque';
  return low < 0n ? 'any' : [[Number(low), Number(high)]];
}

function rangeText({ address: [low, high], family }: Box): string {
  return `${formatAddress(addressOf(low, family))}-${formatAddress(addressOf(high, family))}`;
}
