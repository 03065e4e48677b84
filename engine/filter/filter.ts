import { Icmpv4Type } from '../wire/icmpv4.ts';
import { Icmpv6Type } from '../wire/icmpv6.ts';
import { IpProtocol } from '../wire/ip-protocol.ts';
import type { Instant } from '../wire/instant.ts';
import type { CompiledRule, FilterVerdict } from './compiled-rule.ts';
import { FragmentTable } from './fragment-table.ts';
import { PacketView } from './packet-view.ts';
import type { FilterConfig, FilterRule } from './rule.ts';
import { type ListedRule, type RuleList, type RuleLists, RuleTable } from './rule-lists.ts';
import { type StateFigures, type StateMatch, StateTable } from './state-table.ts';

/** Where a packet is looked at. On a tunnel there is no neighbour to discover. */
export interface FilterInterface {
  readonly name: string;
  readonly kind: 'ethernet' | 'tunnel';
}

/** What the filter has to ask of the node around it, and tell it. Addresses are views. */
export interface FilterSurroundings {
  /** Makes the state table hard to attack: any 32 bits that strangers do not know. */
  readonly seed: number;
  /** Whether a packet from `source` should have come by another interface. */
  readonly isBadSource: (source: Uint8Array, interfaceName: string) => boolean;
  readonly isBroadcast: (destination: Uint8Array) => boolean;
  /** A rule with `log` has matched. Called for every such packet: who writes it down rations it. */
  readonly onLog: (rule: FilterRule, octets: Uint8Array, direction: 'in' | 'out', interfaceName: string) => void;
}

export interface FilterCounters {
  readonly rules: readonly { readonly rule: FilterRule; readonly packets: number; readonly octets: number }[];
  readonly passed: { readonly in: number; readonly out: number };
  readonly blocked: { readonly in: number; readonly out: number };
  /** Entries of the state table now, and what has become of flows. */
  readonly states: number;
  readonly stateFigures: StateFigures;
}

/** How a packet would be judged. */
export interface FilterExplanation {
  readonly verdict: FilterVerdict;
  /** All rules that match, in order; the verdict names the one that decides. */
  readonly matching: readonly FilterRule[];
  /** `state`: a tracked flow's; `fragment`: of a packet whose first fragment passed; `rules`: nothing else decides. */
  readonly by: 'state' | 'fragment' | 'rules';
}

/**
 * An IP filter: the verdict on each packet, and what it remembers of flows. Rules are tried in order, the last one that
 * matches decides unless one is `quick`; a group is tried when its head matches, and after a `quick` head no rule behind it.
 * A packet of a tracked flow passes without rules. Neighbor Discovery on a link is to IPv6 what ARP is to IPv4: only rules
 * that name `proto ipv6-icmp` decide on it.
 */
export class Filter {
  readonly config: FilterConfig;
  readonly #surroundings: FilterSurroundings;
  readonly #table: RuleTable;
  readonly #states: StateTable;
  readonly #fragments = new FragmentTable();
  readonly #otherwise: FilterVerdict;
  readonly #looksAtSource: boolean;
  readonly #looksAtBroadcast: boolean;
  readonly #counts = { passed: { in: 0, out: 0 }, blocked: { in: 0, out: 0 } };
  // Of the packet in hand: one object each, for all packets.
  readonly #packet = new PacketView();
  readonly #quoted = new PacketView();
  readonly #sighting = { direction: 'in' as 'in' | 'out', interfaceName: '', now: 0 };
  readonly #attributes = {
    isBadSource: false,
    isMulticast: false,
    isBroadcast: false,
    isOutOfWindow: false,
    isTracked: false,
    isTranslated: false,
  };
  /** A `quick` rule has ended the scan. */
  #isDone = false;
  /** Of an explanation in progress: what matched. Nothing is counted then. */
  #matching: FilterRule[] | null = null;

  /** Throws when a rule contradicts itself: whoever made the configuration has validated it. */
  constructor(config: FilterConfig, surroundings: FilterSurroundings) {
    this.config = config;
    this.#surroundings = surroundings;
    this.#table = new RuleTable(config.rules);
    this.#states = new StateTable(surroundings.seed);
    this.#otherwise = config.otherwise === 'pass' ? PASS : { kind: 'block', rule: null, answer: null };
    const kinds = new Set(config.rules.flatMap(rule => rule.conditions.map(({ kind }) => kind)));
    this.#looksAtSource = kinds.has('bad-src');
    this.#looksAtBroadcast = kinds.has('broadcast') || kinds.has('multicast-or-broadcast');
  }

  /**
   * Judges one IP packet, whole or a fragment, whose headers were checked. `isTranslated`: a NAT has changed it. What cannot
   * be read passes: whoever comes next refuses it as malformed. Counts, tracks and logs.
   */
  check(
    octets: Uint8Array,
    direction: 'in' | 'out',
    place: FilterInterface,
    now: Instant,
    isTranslated = false,
  ): FilterVerdict {
    const packet = this.#packet;
    if (!packet.read(octets)) return PASS;
    const lists = this.#look(direction, place, now, isTranslated);
    const verdict = this.#judge(lists);
    if (verdict.rule !== null || !lists.isByName)
      this.#counts[verdict.kind === 'pass' ? 'passed' : 'blocked'][direction]++;
    return verdict;
  }

  /** The same verdict without counting, tracking or logging anything. */
  explain(octets: Uint8Array, direction: 'in' | 'out', place: FilterInterface, now: Instant): FilterExplanation {
    const packet = this.#packet;
    if (!packet.read(octets)) return { verdict: PASS, matching: [], by: 'rules' };
    const lists = this.#look(direction, place, now, false);
    const fragment = this.#fragmentOf(true);
    if (fragment !== null) return { verdict: fragment.verdict, matching: [fragment.rule], by: 'fragment' };
    const state = this.#stateOf(true);
    if (typeof state !== 'string') return { verdict: state.rule.verdict, matching: [state.rule.rule], by: 'state' };
    const matching: FilterRule[] = [];
    this.#attend(state);
    this.#matching = matching;
    this.#isDone = false;
    const deciding = this.#scan(lists.deciding, null);
    this.#matching = null;
    return { verdict: deciding?.verdict ?? this.#otherwiseFor(lists), matching, by: 'rules' };
  }

  counters(): FilterCounters {
    return {
      rules: this.#table.rules.map(({ rule, packets, octets }) => ({ rule, packets, octets })),
      passed: { ...this.#counts.passed },
      blocked: { ...this.#counts.blocked },
      states: this.#states.size,
      stateFigures: this.#states.figures(),
    };
  }

  /** Takes up the packet that was read; the rules that concern it. */
  #look(direction: 'in' | 'out', place: FilterInterface, now: Instant, isTranslated: boolean): RuleLists {
    const { version } = this.#packet;
    this.#sighting.direction = direction;
    this.#sighting.interfaceName = place.name;
    this.#sighting.now = now;
    this.#attributes.isTranslated = isTranslated;
    const isDiscovery = isLinkDiscovery(this.#packet, place);
    return this.#table.listsFor(direction, place.name, version, isDiscovery ? IpProtocol.ICMPV6 : null);
  }

  #judge(lists: RuleLists): FilterVerdict {
    const packet = this.#packet;
    const fragment = this.#fragmentOf(false);
    const state = fragment === null ? this.#stateOf(false) : 'none';
    this.#attend(state);
    if (lists.counting.rules.length > 0) {
      this.#isDone = false;
      this.#scan(lists.counting, null);
    }
    if (fragment !== null) return this.#passByMemory(fragment, packet);
    if (typeof state !== 'string') return this.#passByMemory(state.rule, packet);
    this.#isDone = false;
    const deciding = this.#scan(lists.deciding, null);
    return deciding === null ? this.#otherwiseFor(lists) : this.#remember(deciding, packet);
  }

  /** A decided packet, and what its rule wants kept. What is to be tracked and cannot be does not pass. */
  #remember(deciding: CompiledRule, packet: PacketView): FilterVerdict {
    const { rule, verdict } = deciding;
    if (rule.log !== null) this.#log(rule);
    if (verdict.kind === 'block') return verdict;
    if (rule.keepState !== null && !this.#states.add(packet, deciding, this.#sighting)) {
      return { kind: 'block', rule, answer: null };
    }
    this.#rememberFragments(deciding, packet);
    return verdict;
  }

  #passByMemory(compiled: CompiledRule, packet: PacketView): FilterVerdict {
    compiled.packets++;
    compiled.octets += packet.length;
    if (compiled.rule.log !== null && !compiled.rule.log.first) this.#log(compiled.rule);
    this.#rememberFragments(compiled, packet);
    return compiled.verdict;
  }

  #rememberFragments(compiled: CompiledRule, packet: PacketView): void {
    if (compiled.rule.keepFragments === null || !packet.moreFragments || packet.fragmentOffset > 0) return;
    this.#fragments.add(packet, compiled, this.#sighting);
  }

  #fragmentOf(isDry: boolean): CompiledRule | null {
    return this.#packet.fragmentOffset > 0 ? this.#fragments.match(this.#packet, this.#sighting, isDry) : null;
  }

  /** The tracked flow that the packet belongs to, or that it is an ICMP error about. */
  #stateOf(isDry: boolean): StateMatch {
    if (this.#states.size === 0) return 'none';
    const packet = this.#packet;
    if (!isIcmpError(packet)) return this.#states.match(packet, this.#sighting, isDry);
    const quoted = this.#quoted;
    if (!quoted.read(packet.octets.subarray(packet.upper + 8, packet.length), true)) return 'none';
    return this.#states.matchQuoted(quoted, packet, this.#sighting) ?? 'none';
  }

  /** Works out what rules may ask that is not in the packet. */
  #attend(state: StateMatch): void {
    const attributes = this.#attributes;
    const { octets, version, addresses } = this.#packet;
    const [sourceAt, destinationAt, end] = version === 4 ? [12, 16, 20] : [8, 24, 40];
    const destination = addresses[4] as number;
    const { isBadSource, isBroadcast } = this.#surroundings;
    attributes.isBadSource =
      this.#looksAtSource && isBadSource(octets.subarray(sourceAt, destinationAt), this.#sighting.interfaceName);
    attributes.isMulticast = version === 4 ? destination >>> 28 === 14 : destination >>> 24 === 255;
    attributes.isBroadcast = this.#looksAtBroadcast && isBroadcast(octets.subarray(destinationAt, end));
    attributes.isOutOfWindow = state === 'outOfWindow';
    attributes.isTracked = state !== 'none';
  }

  /** The last matching rule that decides; `decided` when none of this list does. */
  #scan({ rules, all, index }: RuleList, decided: CompiledRule | null): CompiledRule | null {
    const { specific, common } = index === null ? all : index.candidates(this.#packet, all);
    let skipTo = 0;
    for (let i = 0, j = 0; i < specific.length || j < common.length; ) {
      const isCommon = i === specific.length || (j < common.length && (common[j] as number) < (specific[i] as number));
      const { compiled, inner } = rules[(isCommon ? common[j++] : specific[i++]) as number] as ListedRule;
      if (compiled.at < skipTo || !compiled.matches(this.#packet, this.#attributes)) continue;
      const { action, quick } = compiled.rule;
      this.#count(compiled);
      if (action.kind === 'skip') skipTo = compiled.at + 1 + action.rules;
      else if (action.kind === 'log') this.#log(compiled.rule);
      else decided = compiled;
      if (inner !== null) decided = this.#scan(inner, decided);
      if (this.#isDone) return decided;
      if (quick && action.kind !== 'skip' && action.kind !== 'log') {
        this.#isDone = true;
        return decided;
      }
    }
    return decided;
  }

  #count(compiled: CompiledRule): void {
    if (this.#matching === null) {
      compiled.packets++;
      compiled.octets += this.#packet.length;
    } else {
      this.#matching.push(compiled.rule);
    }
  }

  #log(rule: FilterRule): void {
    if (this.#matching !== null) return;
    const { direction, interfaceName } = this.#sighting;
    this.#surroundings.onLog(rule, this.#packet.octets, direction, interfaceName);
  }

  /** What no rule decides on; Neighbor Discovery that none names passes. */
  #otherwiseFor(lists: RuleLists): FilterVerdict {
    return lists.isByName ? PASS : this.#otherwise;
  }
}

const PASS: FilterVerdict = { kind: 'pass', rule: null };

/** RFC 4861 §7.1: a Hop Limit of 255 proves that it comes from this link. */
function isLinkDiscovery(packet: PacketView, place: FilterInterface): boolean {
  if (packet.version !== 6 || packet.protocol !== IpProtocol.ICMPV6 || place.kind !== 'ethernet') return false;
  const { icmpType } = packet;
  return icmpType >= Icmpv6Type.ROUTER_SOLICITATION && icmpType <= Icmpv6Type.REDIRECT && packet.ttl === 255;
}

/** An ICMP message that quotes the packet that it is about. A redirect is none: it is about routes. */
function isIcmpError({ protocol, version, icmpType }: PacketView): boolean {
  if (version === 6) return protocol === IpProtocol.ICMPV6 && icmpType >= 1 && icmpType <= 4;
  return protocol === IpProtocol.ICMP && ICMPV4_ERRORS.has(icmpType);
}

const SOURCE_QUENCH = 4;
const ICMPV4_ERRORS: ReadonlySet<number> = new Set([
  Icmpv4Type.DESTINATION_UNREACHABLE,
  SOURCE_QUENCH,
  Icmpv4Type.TIME_EXCEEDED,
  Icmpv4Type.PARAMETER_PROBLEM,
]);
