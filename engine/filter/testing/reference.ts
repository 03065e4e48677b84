import { parseAddress } from '../../wire/address.ts';
import type { FilterCondition, FilterEndpoint, FilterPorts, FilterRule } from '../rule.ts';
import type { PacketModel } from './packets.ts';

/** What the reference finds: the deciding rule, and every rule that counts the packet. */
export interface ReferenceVerdict {
  readonly decides: FilterRule | null;
  readonly counts: readonly FilterRule[];
}

/**
 * The meaning of rules in the plainest form: one rule after the other, addresses as big numbers, from the model of a packet
 * instead of its octets. It knows nothing of state. Shares no code with the filter.
 */
export function referenceVerdict(
  rules: readonly FilterRule[],
  packet: PacketModel,
  direction: 'in' | 'out',
  interfaceName: string,
): ReferenceVerdict {
  const counts: FilterRule[] = [];
  const here = rules.filter(rule => rule.direction === direction);
  walk(
    here.filter(rule => rule.action.kind === 'count'),
    null,
    null,
  );
  const decides = walk(
    here.filter(rule => rule.action.kind !== 'count'),
    null,
    null,
  ).decides;
  return { decides, counts };

  function walk(list: readonly FilterRule[], group: string | null, before: FilterRule | null) {
    let decides = before;
    const own = list.filter(rule => rule.group === group);
    for (let i = 0; i < own.length; i++) {
      const rule = own[i];
      if (rule === undefined || !matches(rule, packet, interfaceName)) continue;
      counts.push(rule);
      const isVerdict = rule.action.kind !== 'log' && rule.action.kind !== 'skip';
      if (isVerdict) decides = rule;
      if (rule.action.kind === 'skip') i += rule.action.rules;
      if (rule.head !== null) {
        const inner: { decides: FilterRule | null; isFinal: boolean } = walk(list, rule.head, decides);
        decides = inner.decides;
        if (inner.isFinal) return { decides, isFinal: true };
      }
      if (rule.quick && isVerdict) return { decides, isFinal: true };
    }
    return { decides, isFinal: false };
  }
}

function matches(rule: FilterRule, packet: PacketModel, interfaceName: string): boolean {
  const isV6 = packet.source.includes(':');
  const isLater = (packet.fragment?.offset ?? 0) > 0;
  const ports = isLater || (packet.protocol !== 6 && packet.protocol !== 17) ? null : (packet.ports ?? [0, 0]);
  const icmp = isLater || (packet.protocol !== 1 && packet.protocol !== 58) ? null : (packet.icmp ?? [8, 0]);
  return (
    (rule.interface === null || rule.interface === interfaceName) &&
    (rule.family === null || rule.family === (isV6 ? 6 : 4)) &&
    (rule.tos === null || rule.tos === (packet.tos ?? 0)) &&
    (rule.ttl === null || rule.ttl === (packet.ttl ?? 64)) &&
    (rule.protocols === null || rule.protocols.includes(packet.protocol)) &&
    hasAddress(rule.source, packet.source) &&
    hasAddress(rule.destination, packet.destination) &&
    (rule.source.ports === null || (ports !== null && hasPort(rule.source.ports, ports[0]))) &&
    (rule.destination.ports === null || (ports !== null && hasPort(rule.destination.ports, ports[1]))) &&
    (rule.flags === null ||
      (packet.protocol === 6 && !isLater && ((packet.flags ?? 16) & rule.flags.mask) === rule.flags.set)) &&
    (rule.icmp === null ||
      (icmp !== null && rule.icmp.types.includes(icmp[0]) && (rule.icmp.codes?.includes(icmp[1]) ?? true))) &&
    rule.conditions.every(condition => holds(condition, packet, isV6))
  );
}

function hasAddress({ addresses, negated }: FilterEndpoint, text: string): boolean {
  if (addresses === null) return true;
  const own = addresses.filter(each => each.includes(':') === text.includes(':'));
  if (own.length === 0) return false;
  const address = numberOf(text);
  const isIn = own.some(each => {
    const [low = '', high] = each.split('-');
    if (high !== undefined) return numberOf(low) <= address && address <= numberOf(high);
    const [network = '', length] = low.split('/');
    const bits = text.includes(':') ? 128 : 32;
    const shift = BigInt(bits - Number(length ?? bits));
    return numberOf(network) >> shift === address >> shift;
  });
  return isIn !== negated;
}

function numberOf(text: string): bigint {
  return (parseAddress(text) ?? new Uint8Array(0)).reduce((sum, octet) => sum * 256n + BigInt(octet), 0n);
}

function hasPort(ports: FilterPorts, port: number): boolean {
  if (ports.kind === 'list') return ports.ranges.some(({ low, high }) => port >= low && port <= high);
  if (ports.kind === 'range') {
    const { low, high } = ports;
    if (ports.operator === '><') return port > low && port < high;
    return ports.operator === ':' ? port >= low && port <= high : port < low || port > high;
  }
  const difference = Math.sign(port - ports.port);
  const wanted = { '=': [0], '!=': [-1, 1], '<': [-1], '<=': [-1, 0], '>': [1], '>=': [0, 1] }[ports.operator];
  return wanted.includes(difference);
}

function holds({ kind, negated, numbers }: FilterCondition, packet: PacketModel, isV6: boolean): boolean {
  const headers = packet.headers ?? [];
  const isFragment = packet.fragment !== undefined && (packet.fragment.more || packet.fragment.offset > 0);
  if (numbers.length > 0) {
    const there = isV6 ? [...headers, ...(packet.fragment === undefined ? [] : [44]), packet.protocol] : headers;
    const applies = (kind === 'v6hdrs') === isV6 ? there : [];
    return negated ? numbers.every(each => !applies.includes(each)) : numbers.every(each => applies.includes(each));
  }
  const facts: Partial<Record<FilterCondition['kind'], boolean>> = {
    ipopts: !isV6 && headers.length > 0,
    v6hdrs: isV6 && (headers.length > 0 || packet.fragment !== undefined),
    frag: isFragment,
    'frag-body': (packet.fragment?.offset ?? 0) > 0,
    'low-ttl': (packet.ttl ?? 64) < 4,
    multicast: /^(?:22[4-9]|23[0-9])\.|^ff/.test(packet.destination),
  };
  return (facts[kind] ?? false) !== negated;
}
