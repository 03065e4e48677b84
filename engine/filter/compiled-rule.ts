import { type AddressSet, addressSetOf } from './address-set.ts';
import type { PacketView } from './packet-view.ts';
import type { WordRange } from './rule-index.ts';
import type { FilterAnswer, FilterCondition, FilterPorts, FilterRule } from './rule.ts';

/** What the filter says of a packet, and the rule that decided; null: none matched. */
export type FilterVerdict =
  | { readonly kind: 'pass'; readonly rule: FilterRule | null }
  | { readonly kind: 'block'; readonly rule: FilterRule | null; readonly answer: FilterAnswer | null };

/** What is not in the packet itself. */
export interface Attributes {
  /** The route back to the source is another one. */
  readonly isBadSource: boolean;
  readonly isMulticast: boolean;
  readonly isBroadcast: boolean;
  /** Belongs to a tracked TCP connection, and is outside of its window. */
  readonly isOutOfWindow: boolean;
  readonly isTracked: boolean;
  readonly isTranslated: boolean;
}

/** TTLs below this are low: a traceroute's. */
const LOW_TTL = 4;
const HIGHEST_PORT = 65535;

/** A rule with everything that can be worked out before a packet comes, and its counters. */
export class CompiledRule {
  readonly rule: FilterRule;
  /** Its place in the list of its direction and group. */
  readonly at: number;
  /** Its place in the configuration. */
  readonly index: number;
  readonly verdict: FilterVerdict;
  packets = 0;
  octets = 0;
  /** Entries of the state table that are its own. */
  states = 0;
  readonly #protocols: Uint8Array | null;
  readonly #source: AddressSet | null;
  readonly #destination: AddressSet | null;
  readonly #sourcePorts: Uint16Array | null;
  readonly #destinationPorts: Uint16Array | null;
  readonly #matchesOutOfWindow: boolean;

  constructor(rule: FilterRule, at: number, index: number) {
    this.rule = rule;
    this.at = at;
    this.index = index;
    const { action } = rule;
    this.verdict = action.kind === 'block' ? { kind: 'block', rule, answer: action.answer } : { kind: 'pass', rule };
    this.#protocols = rule.protocols === null ? null : protocolSet(rule.protocols);
    this.#source = addressSetOf(rule.source);
    this.#destination = addressSetOf(rule.destination);
    this.#sourcePorts = rule.source.ports === null ? null : portRanges(rule.source.ports);
    this.#destinationPorts = rule.destination.ports === null ? null : portRanges(rule.destination.ports);
    this.#matchesOutOfWindow =
      rule.keepState === null || rule.conditions.some(condition => condition.kind === 'oow' && !condition.negated);
  }

  /** Whether it can match any packet of this family on this interface; `byName`: only if it names that protocol. */
  concerns(interfaceName: string, version: 4 | 6, byName: number | null): boolean {
    const { rule } = this;
    if (rule.interface !== null && rule.interface !== interfaceName) return false;
    if (rule.family !== null && rule.family !== version) return false;
    return byName === null || this.#protocols?.[byName] === 1;
  }

  /** For an index; null: any. */
  sourceRanges(version: 4 | 6): readonly WordRange[] | null {
    return this.#source?.ranges(version) ?? null;
  }

  destinationRanges(version: 4 | 6): readonly WordRange[] | null {
    return this.#destination?.ranges(version) ?? null;
  }

  get destinationPortRanges(): readonly WordRange[] | null {
    const ports = this.#destinationPorts;
    if (ports === null) return null;
    return Array.from({ length: ports.length / 2 }, (_, i) => [[ports[2 * i] ?? 0], [ports[2 * i + 1] ?? 0]]);
  }

  /** For packets that it concerns. */
  matches(packet: PacketView, attributes: Attributes): boolean {
    const { rule } = this;
    if (this.#protocols !== null && this.#protocols[packet.protocol] === 0) return false;
    const { addresses, version } = packet;
    if (this.#source !== null && !this.#source.matches(addresses, 0, version)) return false;
    if (this.#destination !== null && !this.#destination.matches(addresses, 4, version)) return false;
    if (this.#sourcePorts !== null && !(packet.hasPorts && inRanges(this.#sourcePorts, packet.sourcePort)))
      return false;
    if (
      this.#destinationPorts !== null &&
      !(packet.hasPorts && inRanges(this.#destinationPorts, packet.destinationPort))
    )
      return false;
    if (rule.flags !== null && (packet.tcpFlags < 0 || (packet.tcpFlags & rule.flags.mask) !== rule.flags.set))
      return false;
    if (rule.tos !== null && packet.tos !== rule.tos) return false;
    if (rule.ttl !== null && packet.ttl !== rule.ttl) return false;
    if (rule.icmp !== null && !matchesIcmp(rule.icmp, packet)) return false;
    if (attributes.isOutOfWindow && !this.#matchesOutOfWindow) return false;
    for (const condition of rule.conditions) {
      if (!matchesCondition(condition, packet, attributes)) return false;
    }
    return true;
  }
}

function matchesIcmp({ types, codes }: NonNullable<FilterRule['icmp']>, packet: PacketView): boolean {
  if (packet.icmpType < 0 || !types.includes(packet.icmpType)) return false;
  return codes === null || codes.includes(packet.icmpCode);
}

function matchesCondition(condition: FilterCondition, packet: PacketView, attributes: Attributes): boolean {
  if (condition.numbers.length === 0) return holds(condition.kind, packet, attributes) !== condition.negated;
  const isThere = (number: number) =>
    condition.kind === 'v6hdrs' ? packet.hasExtension(number) : packet.hasOption(number);
  return condition.negated ? !condition.numbers.some(isThere) : condition.numbers.every(isThere);
}

function holds(kind: FilterCondition['kind'], packet: PacketView, attributes: Attributes): boolean {
  switch (kind) {
    case 'ipopts':
      return packet.hasOptions;
    case 'v6hdrs':
      return packet.hasExtensions;
    case 'short':
      return packet.isShort;
    case 'frag':
      return packet.isFragment;
    case 'frag-body':
      return packet.fragmentOffset > 0;
    case 'bad':
      return packet.isBad;
    case 'bad-src':
      return attributes.isBadSource;
    case 'low-ttl':
      return packet.ttl < LOW_TTL;
    case 'multicast':
      return attributes.isMulticast;
    case 'broadcast':
      return attributes.isBroadcast;
    case 'multicast-or-broadcast':
      return attributes.isMulticast || attributes.isBroadcast;
    case 'nat':
      return attributes.isTranslated;
    case 'oow':
      return attributes.isOutOfWindow;
    case 'state':
      return attributes.isTracked;
  }
}

function protocolSet(protocols: readonly number[]): Uint8Array {
  const set = new Uint8Array(256);
  for (const protocol of protocols) set[protocol] = 1;
  return set;
}

function inRanges(ranges: Uint16Array, port: number): boolean {
  for (let i = 0; i < ranges.length; i += 2) {
    if (port >= (ranges[i] as number) && port <= (ranges[i + 1] as number)) return true;
  }
  return false;
}

/** Lowest and highest port of each range. */
function portRanges(ports: FilterPorts): Uint16Array {
  return Uint16Array.from(
    rangesOf(ports)
      .filter(([low, high]) => low <= high)
      .flat(),
  );
}

function rangesOf(ports: FilterPorts): [number, number][] {
  if (ports.kind === 'list') return ports.ranges.map(({ low, high }) => [low, high]);
  if (ports.kind === 'range') {
    const { low, high } = ports;
    if (ports.operator === ':') return [[low, high]];
    if (ports.operator === '><') return [[low + 1, high - 1]];
    return [...upTo(low - 1), ...from(high + 1)];
  }
  const { port } = ports;
  switch (ports.operator) {
    case '=':
      return [[port, port]];
    case '!=':
      return [...upTo(port - 1), ...from(port + 1)];
    case '<':
      return upTo(port - 1);
    case '<=':
      return upTo(port);
    case '>':
      return from(port + 1);
    case '>=':
      return from(port);
  }
}

function upTo(port: number): [number, number][] {
  return port < 0 ? [] : [[0, port]];
}

function from(port: number): [number, number][] {
  return port > HIGHEST_PORT ? [] : [[port, HIGHEST_PORT]];
}
