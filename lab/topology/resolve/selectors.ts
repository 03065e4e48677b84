import { type Address, addressVersion } from '../../../engine/wire/address.ts';
import { IpProtocol } from '../../../engine/wire/ip-protocol.ts';
import type { NumberRange, NumberSet } from '../../../engine/ipsec/selector.ts';
import type { RangeText } from '../address-scalars.ts';
import type { PolicyText } from '../policy-description.ts';
import type { TopologyPolicy } from '../model.ts';
import type { ProtocolText } from '../scalars.ts';
import type { Items, Located } from '../shape.ts';
import type { Scope } from './scope.ts';

export type Selectors = Pick<
  TopologyPolicy,
  'direction' | 'local' | 'remote' | 'protocol' | 'localPort' | 'remotePort' | 'icmp'
>;

/** TCP, UDP, DCCP, SCTP and UDP-Lite. */
const HAS_PORTS: ReadonlySet<unknown> = new Set([IpProtocol.TCP, IpProtocol.UDP, 33, 132, 136]);
const DIRECTIONS = { in: 'inbound', out: 'outbound' } as const;

/** What packets an entry of the file selects; what cannot be is reported. */
export function resolveSelectors(scope: Scope, text: PolicyText): Selectors {
  const { local, remote, proto, icmp } = text;
  reportFamilies(scope, local, remote);
  const like = (local ?? remote)?.items[0]?.value.low ?? null;
  reportPorts(scope, text);
  if (icmp !== null && proto !== null && !isIcmp(proto.value)) {
    scope.report.error(icmp.place, 'types and codes belong to ICMP', 'write proto: icmp, or remove icmp');
  }
  return {
    direction: text.direction === null ? 'both' : DIRECTIONS[text.direction.value],
    local: rangesOf(local),
    remote: rangesOf(remote),
    protocol: protocolNumber(proto?.value ?? (icmp === null ? 'any' : 'icmp'), like),
    localPort: portSet(scope, text['local-port']),
    remotePort: portSet(scope, text['remote-port']),
    icmp: icmp === null ? 'any' : icmpSet(icmp.type, icmp.code),
  };
}

/** ICMP is another protocol in each family. */
export function protocolNumber<Other extends 'any' | 'opaque'>(
  protocol: number | 'icmp' | Other,
  like: Address | null,
): number | Other {
  if (protocol !== 'icmp') return protocol;
  return like !== null && addressVersion(like) === 6 ? IpProtocol.ICMPV6 : IpProtocol.ICMP;
}

const isIcmp = (protocol: ProtocolText): boolean =>
  protocol === 'icmp' || protocol === IpProtocol.ICMP || protocol === IpProtocol.ICMPV6;

function reportFamilies(scope: Scope, local: Ranges, remote: Ranges): void {
  for (const side of [local, remote]) {
    const [first, ...more] = side?.items ?? [];
    const odd = more.find(({ value }) => value.low.length !== first?.value.low.length);
    if (odd === undefined) continue;
    scope.report.error(odd.place, 'the list has both families', 'write one policy for each family');
    return;
  }
  const [from] = local?.items ?? [];
  const [to] = remote?.items ?? [];
  if (from !== undefined && to !== undefined && from.value.low.length !== to.value.low.length) {
    scope.report.error(to.place, 'local and remote are of different families', 'write one policy for each family');
  }
}

function reportPorts(scope: Scope, text: PolicyText): void {
  const ports = text['local-port'] ?? text['remote-port'];
  if (ports === null || HAS_PORTS.has(text.proto?.value)) return;
  const [first] = ports.items;
  const isHidden = ports.items.every(({ value }) => typeof value === 'string');
  if (first === undefined || (isHidden && (text.proto === null || text.proto.value === 'any'))) return;
  scope.report.error(first.place, 'ports belong to TCP and UDP', 'add proto: tcp or proto: udp');
}

type Ranges = Items<Located<RangeText>> | null;
type Ports = Items<Located<NumberRange | 'any' | 'opaque'>> | null;

const rangesOf = (ranges: Ranges): TopologyPolicy['local'] =>
  ranges === null || ranges.items.length === 0 ? 'any' : ranges.items.map(({ value }) => value.text);

function portSet(scope: Scope, ports: Ports): NumberSet {
  const items = ports?.items ?? [];
  const ranges = items.flatMap(({ value }) => (typeof value === 'string' ? [] : [value]));
  if (ranges.length === items.length) return items.length === 0 ? 'any' : ranges;
  const word = items.find(({ value }) => typeof value === 'string');
  if (items.length > 1 && word !== undefined) {
    const message = `${String(word.value)} stands alone: it is no port among others`;
    scope.report.error(word.place, message, 'write a policy of its own for it');
  }
  return word?.value === 'opaque' ? 'opaque' : 'any';
}

type Numbers = Items<Located<NumberRange>>;

/** As the SPD has them: type * 256 + code, RFC 4301 §4.4.1.1. */
function icmpSet(types: Numbers, codes: Numbers | null): NumberSet {
  const codeRanges: readonly NumberRange[] = codes?.items.map(({ value }) => value) ?? [[0, 255]];
  return types.items.flatMap(({ value: [first, last] }) => {
    const isAnyCode = codeRanges.some(([low, high]) => low === 0 && high === 255);
    if (isAnyCode) return [[first * 256, last * 256 + 255] as const];
    const all = Array.from({ length: last - first + 1 }, (_, index) => first + index);
    return all.flatMap(type => codeRanges.map(([low, high]): NumberRange => [type * 256 + low, type * 256 + high]));
  });
}
