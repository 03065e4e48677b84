import { OPAQUE_NUMBER, OPAQUE_PROTOCOL } from './flow-key.ts';
import { difference, equal, has, intersection, type RangeSet, rangeSet, rangeSetKey, union } from './range-set.ts';
import { hasPorts, isIcmp } from './selector.ts';
import { ANY_NUMBER, ANY_PROTOCOL, OPAQUE, type Region, REGION_FIELDS, type RegionField } from './selector-space.ts';

/**
 * The same flows in fewer regions that are better to read. Only flows that there can be count: ports where the protocol has
 * them, both or none; a type and code in ICMP; in IPv4 always a protocol. A field that a protocol does not have is ANY.
 */
export function merged(regions: readonly Region[]): Region[] {
  let current = regions.flatMap(possible);
  for (let count = Number.POSITIVE_INFINITY; current.length < count; ) {
    count = current.length;
    current = joinHidden(current);
    for (const field of MERGE_ORDER) current = joinBy(current, field);
  }
  return current.map(withAnyProtocol);
}

/** Whether some flow is in a region. */
export function isPossible(region: Region): boolean {
  return possible(region).length > 0;
}

const MERGE_ORDER: readonly RegionField[] = [
  'protocol',
  'remotePort',
  'localPort',
  'icmp',
  'remote',
  'local',
  'direction',
];
const ANY_UPPER = { localPort: ANY_NUMBER, remotePort: ANY_NUMBER, icmp: ANY_NUMBER };
const HIDDEN = BigInt(OPAQUE_NUMBER);
const SHOWN = difference(ANY_NUMBER, OPAQUE);
const PORTED = protocolsThat(hasPorts);
const ICMP = protocolsThat(isIcmp);
const PLAIN = difference(difference(ANY_PROTOCOL, PORTED), ICMP);
const HIDDEN_PROTOCOL: RangeSet = [[BigInt(OPAQUE_PROTOCOL), BigInt(OPAQUE_PROTOCOL)]];

function protocolsThat(is: (protocol: number) => boolean): RangeSet {
  const found = Array.from({ length: OPAQUE_PROTOCOL }, (_, protocol) => protocol).filter(is);
  return rangeSet(found.map(protocol => [BigInt(protocol), BigInt(protocol)]));
}

const hides = (set: RangeSet): boolean => has(set, HIDDEN);

/** The flows of a region that there can be, by the kind of their protocol. */
function possible(region: Region): Region[] {
  const { version, protocol, localPort, remotePort, icmp } = region;
  const hidesPorts = hides(localPort) && hides(remotePort);
  const parts: Region[] = [];
  const ported = intersection(protocol, PORTED);
  if (ported.length > 0 && hides(icmp)) {
    const [local, remote] = [difference(localPort, OPAQUE), difference(remotePort, OPAQUE)];
    const part = { ...region, protocol: ported, icmp: ANY_NUMBER };
    if (local.length > 0 && remote.length > 0) parts.push({ ...part, ...anyWhereNoMatter(local, remote) });
    if (hidesPorts) parts.push({ ...part, localPort: OPAQUE, remotePort: OPAQUE });
  }
  const withType = intersection(protocol, ICMP);
  if (withType.length > 0 && hidesPorts) parts.push({ ...region, ...ANY_UPPER, protocol: withType, icmp });
  const plain = difference(intersection(protocol, PLAIN), version === 4 ? HIDDEN_PROTOCOL : []);
  if (plain.length > 0 && hidesPorts && hides(icmp)) parts.push({ ...region, ...ANY_UPPER, protocol: plain });
  return parts;
}

/** One port that is shown says that the other is: where one is given, any other is ANY. */
function anyWhereNoMatter(localPort: RangeSet, remotePort: RangeSet): Pick<Region, 'localPort' | 'remotePort'> {
  const [isAnyLocal, isAnyRemote] = [equal(localPort, SHOWN), equal(remotePort, SHOWN)];
  if (isAnyLocal === isAnyRemote) return { localPort, remotePort };
  return isAnyLocal ? { localPort: ANY_NUMBER, remotePort } : { localPort, remotePort: ANY_NUMBER };
}

/** Makes one of regions that differ in nothing but this field. */
function joinBy(regions: readonly Region[], field: RegionField): Region[] {
  const joined = new Map<string, Region>();
  for (const region of regions) {
    const others = REGION_FIELDS.map(name => (name === field ? '' : rangeSetKey(region[name])));
    const key = `${region.version} ${others.join(' ')}`;
    const known = joined.get(key);
    joined.set(key, known === undefined ? region : { ...region, [field]: union(known[field], region[field]) });
  }
  return [...joined.values()];
}

/**
 * Where packets that show their ports, whatever they are but for a few, are treated as those that do not: one region. (None
 * shows one port and not the other.)
 */
function joinHidden(regions: readonly Region[]): Region[] {
  const result: Region[] = [];
  const hidden = new Map<string, Region[]>();
  for (const region of regions) {
    if (!equal(region.localPort, OPAQUE)) continue;
    const key = placeOf(region);
    hidden.set(key, [...(hidden.get(key) ?? []), region]);
  }
  for (const region of regions) {
    if (equal(region.localPort, OPAQUE)) continue;
    let { protocol } = region;
    const others = isWide(region) ? hidden.get(placeOf(region)) : undefined;
    for (const [index, other] of (others ?? []).entries()) {
      const common = intersection(protocol, other.protocol);
      if (common.length === 0 || others === undefined) continue;
      const [localPort, remotePort] = [union(region.localPort, OPAQUE), union(region.remotePort, OPAQUE)];
      result.push({ ...region, protocol: common, localPort, remotePort });
      others[index] = { ...other, protocol: difference(other.protocol, common) };
      protocol = difference(protocol, common);
    }
    if (protocol.length > 0) result.push({ ...region, protocol });
  }
  for (const others of hidden.values()) result.push(...others.filter(({ protocol }) => protocol.length > 0));
  return result;
}

/** Of the ports that are shown all, or so many that it is shorter to say which are not; and none that are not shown. */
function isWide({ localPort, remotePort }: Region): boolean {
  if (hides(localPort) && hides(remotePort)) return false;
  return [localPort, remotePort].every(ports => {
    const [own, rest] = [intersection(SHOWN, ports), difference(SHOWN, ports)];
    return rest.length === 0 || rest.length < own.length;
  });
}

function placeOf({ version, direction, local, remote }: Region): string {
  return `${version} ${[direction, local, remote].map(rangeSetKey).join(' ')}`;
}

/** In IPv4 the protocol is always shown, so that what is not may stand for whatever is shortest. */
function withAnyProtocol(region: Region): Region {
  const { version, protocol } = region;
  const reachesEnd = protocol.at(-1)?.[1] === BigInt(OPAQUE_PROTOCOL - 1);
  return version === 4 && reachesEnd ? { ...region, protocol: union(protocol, HIDDEN_PROTOCOL) } : region;
}
