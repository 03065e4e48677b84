import type { Address } from '../../wire/address.ts';
import { Prng } from '../../wire/testing/prng.ts';
import { createSelector, type Policy, type PolicyAction, protectBy, type SelectorInput } from '../spd.ts';
import {
  type AddressRange,
  ANYTHING,
  type Flow,
  hasPorts,
  isIcmp,
  type NumberRange,
  type NumberSet,
  type Selector,
} from '../selector.ts';

/** A whole number in [0, 2^32). */
export type Draw = () => number;

/** The same numbers for the same seed. */
export function drawFrom(seed: number): Draw {
  const prng = new Prng(seed);
  return () => prng.below(2 ** 32);
}

const ACTIONS: readonly PolicyAction[] = [protectBy('esp', 'tunnel'), { kind: 'bypass' }, { kind: 'discard' }];

/**
 * SPDs that are as confused as can be: few values for each field, so that entries overlap in every way, both families, lists of
 * ranges, OPAQUE and ANY, ICMP, and each direction.
 */
export function confusedPolicies(count: number, draw: Draw): Policy[] {
  return Array.from({ length: count }, (_, i) => ({
    name: `p${i}`,
    direction: pick(['both', 'both', 'both', 'inbound', 'outbound'] as const, draw),
    selector: confusedSelector(draw),
    action: pick(ACTIONS, draw),
  }));
}

/** A flow among the ends and the neighbours of the ranges of `confusedPolicies`, or of the selector given. */
export function confusedFlow(draw: Draw, aim: Selector | null = null): Flow {
  const version = versionOf(aim) ?? pick([4, 6] as const, draw);
  const protocol = version === 6 && chance(10, draw) ? null : protocolFor(aim, draw);
  const shows = protocol !== null && !chance(10, draw);
  const isOut = chance(50, draw);
  const [local, remote] = [addressFor(aim?.local, version, draw), addressFor(aim?.remote, version, draw)];
  const ports = shows && hasPorts(protocol);
  const [localPort, remotePort] = ports
    ? [numberFor(aim?.localPort, draw), numberFor(aim?.remotePort, draw)]
    : [null, null];
  return {
    source: isOut ? local : remote,
    destination: isOut ? remote : local,
    protocol,
    sourcePort: isOut ? localPort : remotePort,
    destinationPort: isOut ? remotePort : localPort,
    icmp: shows && isIcmp(protocol) ? numberFor(aim?.icmp, draw) : null,
  };
}

function confusedSelector(draw: Draw): Selector {
  const version = pick([4, 4, 6, null] as const, draw);
  const protocol = pick([6, 6, 17, 17, 1, 58, 47, 50, 'any', 'any', 'opaque'] as const, draw);
  const isWithout = protocol === 1 || protocol === 58 || chance(40, draw);
  return {
    local: addressSet(version, draw),
    remote: addressSet(version, draw),
    protocol,
    localPort: isWithout ? 'any' : numberSet(draw),
    remotePort: isWithout ? 'any' : numberSet(draw),
    icmp: protocol === 1 || protocol === 58 || chance(5, draw) ? numberSet(draw) : 'any',
  };
}

function addressSet(version: 4 | 6 | null, draw: Draw): readonly AddressRange[] | 'any' {
  if (version === null || chance(20, draw)) return 'any';
  return Array.from({ length: chance(70, draw) ? 1 : 3 }, () => addressRange(version, draw));
}

function addressRange(version: 4 | 6, draw: Draw): AddressRange {
  const low = confusedAddress(version, draw);
  const high = chance(25, draw) ? low : confusedAddress(version, draw);
  return Buffer.compare(low, high) <= 0 ? { low, high } : { low: high, high: low };
}

/** Few networks, and in each of them the ends of prefixes of many lengths. */
function confusedAddress(version: 4 | 6, draw: Draw): Address {
  const address = new Uint8Array(version === 4 ? 4 : 16);
  address[0] = pick([10, 10, 10, 11, 192, 0, 255], draw);
  for (const at of version === 4 ? [1, 2, 3] : [1, 5, 8, 15])
    address[at] = pick([0, 0, 1, 2, 127, 128, 254, 255], draw);
  return address;
}

function numberSet(draw: Draw): NumberSet {
  if (chance(30, draw)) return 'any';
  if (chance(15, draw)) return 'opaque';
  return Array.from({ length: chance(70, draw) ? 1 : 2 }, () => numberRange(draw));
}

function numberRange(draw: Draw): NumberRange {
  const [a, b] = [confusedNumber(draw), chance(50, draw) ? null : confusedNumber(draw)];
  return b === null ? [a, a] : [Math.min(a, b), Math.max(a, b)];
}

const confusedNumber = (draw: Draw): number => pick([0, 1, 22, 80, 443, 1023, 1024, 2048, 32768, 65534, 65535], draw);

function versionOf(selector: Selector | null): 4 | 6 | null {
  for (const ranges of [selector?.local, selector?.remote]) {
    if (ranges === undefined || ranges === 'any') continue;
    if (ranges[0] !== undefined) return ranges[0].low.length === 4 ? 4 : 6;
  }
  return null;
}

function addressFor(ranges: readonly AddressRange[] | 'any' | undefined, version: 4 | 6, draw: Draw): Address {
  if (ranges === undefined || ranges === 'any' || chance(20, draw)) return confusedAddress(version, draw);
  const { low, high } = pick(ranges, draw);
  return beside(pick([low, high], draw), pick([0, 0, 0, 1, -1], draw));
}

function numberFor(set: NumberSet | undefined, draw: Draw): number {
  if (set === undefined || typeof set === 'string' || chance(20, draw)) return confusedNumber(draw);
  const value = pick(pick(set, draw), draw) + pick([0, 0, 0, 1, -1], draw);
  return Math.min(Math.max(value, 0), 0xffff);
}

function protocolFor(aim: Selector | null, draw: Draw): number {
  if (typeof aim?.protocol === 'number' && !chance(10, draw)) return aim.protocol;
  return pick([6, 6, 17, 1, 58, 47, 50, 51, 132, 0, 255], draw);
}

/** The address before or after; around at the ends. */
function beside(address: Address, by: number): Address {
  const result = address.slice();
  if (by === 0) return result;
  for (let i = result.length - 1; i >= 0; i--) {
    const sum = (result[i] as number) + by;
    result[i] = sum;
    if (sum >= 0 && sum <= 255) break;
  }
  return result;
}

/**
 * What the SPD of a large concentrator looks like: a few entries for all (IKE, neighbour discovery), then sites, each a few prefixes
 * of IPv4 or IPv6 to a few networks of ours, some for single services or ranges of addresses, and at the end a default.
 */
export function realisticPolicies(count: number, draw: Draw): Policy[] {
  const inputs: [Partial<SelectorInput>, PolicyAction][] = [];
  if (count > 10) {
    inputs.push([{ protocol: 17, localPort: 500, remotePort: 500 }, { kind: 'bypass' }]);
    inputs.push([{ protocol: 58, icmp: [[133 * 256, 137 * 256 + 255]] }, { kind: 'bypass' }]);
  }
  while (inputs.length < count - (count > 10 ? 1 : 0)) inputs.push([site(inputs.length, draw), pick(ACTIONS, draw)]);
  if (count > 10) inputs.push([{}, { kind: 'discard' }]);
  return inputs.map(([changes, action], i) => ({
    name: `p${i}`,
    direction: 'both',
    selector: createSelector({ ...ANYTHING, ...changes }, `p${i}`),
    action,
  }));
}

function site(index: number, draw: Draw): Partial<SelectorInput> {
  const [a, b, c] = [draw() % 64, draw() % 256, draw() % 256];
  const local = pick(['10.0.0.0/16', '10.1.0.0/16', '10.2.0.0/20', '10.3.7.0/24', `10.4.${index % 256}.0/24`], draw);
  const services: Partial<SelectorInput>[] = [
    {},
    {},
    {},
    { protocol: 6, remotePort: pick([22, 25, 80, 443, 1521, 8080], draw) },
    { protocol: 6, localPort: pick([22, 443], draw) },
    { protocol: 17, remotePort: [[16384, 32767]] },
    { protocol: pick([1, 47, 50], draw) },
  ];
  const service = pick(services, draw);
  if (chance(30, draw)) {
    const net = `2001:db8:${(a * 256 + b).toString(16)}`;
    const remote = pick([`${net}::/48`, `${net}:${c.toString(16)}::/64`, `${net}:${c.toString(16)}::${b}`], draw);
    return { ...service, local: pick(['2001:db8:ffff::/48', '2001:db8:fffe:1::/64'], draw), remote };
  }
  const net = `172.${16 + (a % 16)}.${b}`;
  const forms = [`${net}.0/24`, `${net}.${c & 0xf0}/28`, `${net}.${c}`, `192.168.${b}.${c & 0xf8}/29`];
  const ranges = [`${net}.${c >> 1}-${net}.${128 + (c >> 1)}`];
  return { ...service, local, remote: chance(10, draw) ? ranges : pick(forms, draw) };
}

/** A flow that some policy is likely to be about: of one of them, or where they are. */
export function realisticFlow(policies: readonly Policy[], draw: Draw): Flow {
  const { selector } = pick(policies, draw);
  const version = versionOf(selector) ?? 4;
  const protocol = typeof selector.protocol === 'number' ? selector.protocol : pick([6, 17, 1, 47], draw);
  const ports = hasPorts(protocol);
  const within = (set: NumberSet) => (typeof set === 'string' ? draw() % 65536 : (set[0]?.[0] ?? 0));
  return {
    source: addressWithin(selector.local, version, draw),
    destination: addressWithin(selector.remote, version, draw),
    protocol,
    sourcePort: ports ? within(selector.localPort) : null,
    destinationPort: ports ? within(selector.remotePort) : null,
    icmp: isIcmp(protocol) ? within(selector.icmp) : null,
  };
}

function addressWithin(ranges: readonly AddressRange[] | 'any', version: 4 | 6, draw: Draw): Address {
  const { low, high } = ranges === 'any' || ranges[0] === undefined ? wholeFamily(version) : ranges[0];
  const address = low.slice();
  let isFree = false;
  for (let i = 0; i < address.length; i++) {
    if (isFree) address[i] = draw() & 255;
    else if (low[i] !== high[i]) {
      address[i] = (low[i] as number) + (draw() % ((high[i] as number) - (low[i] as number) + 1));
      isFree = address[i] !== low[i] && address[i] !== high[i];
      if (!isFree) return address[i] === low[i] ? low.slice() : high.slice();
    }
  }
  return address;
}

const wholeFamily = (version: 4 | 6): AddressRange => ({
  low: new Uint8Array(version === 4 ? 4 : 16),
  high: new Uint8Array(version === 4 ? 4 : 16).fill(255),
});

export function pick<Value>(values: readonly Value[], draw: Draw): Value {
  return values[draw() % values.length] as Value;
}

const chance = (percent: number, draw: Draw): boolean => draw() % 100 < percent;
