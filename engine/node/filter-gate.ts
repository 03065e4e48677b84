import { Filter } from '../filter/filter.ts';
import { describeRule } from '../filter/format.ts';
import type { FilterVerdict } from '../filter/compiled-rule.ts';
import type { FilterConfig, FilterRule } from '../filter/rule.ts';
import { flowOf } from '../ipsec/selector.ts';
import { u32At } from '../wire/octets.ts';
import { type Core, drop, type Ingress, type Origin, originOf } from './core.ts';
import { answerReset } from './filter-answer.ts';
import type { NodeInterface } from './interfaces.ts';
import type { FilterStatus } from './node.ts';
import type { Packet } from './packet.ts';
import { describe } from './refusal.ts';
import { report } from './report.ts';

/** ipf(5): as much of a packet's body as `log body` writes down. */
const LOGGED_OCTETS_MAX = 128;

/** How a packet came that has arrived on something. */
export type Arrival = Ingress & { readonly interface: NodeInterface };

/** The filter of a node; null: everything passes. */
export function makeFilter(core: Core, config: FilterConfig | null): Filter | null {
  if (config === null) return null;
  return new Filter(config, {
    seed: u32At(core.random.bytes(4), 0),
    isBadSource: (source, name) => core.routes.lookup(source)?.interface.name !== name,
    isBroadcast: destination => core.addresses.isBroadcast(destination),
    onLog: (rule, octets, direction, name) =>
      core.audit.noteRarely('filterLogged', core.now, () => logEntry(rule, octets, direction, name)),
  });
}

/** Other rules from now on; flows that the old ones tracked are forgotten. */
export function replaceFilter(core: Core, config: FilterConfig | null): void {
  core.filter = makeFilter(core, config);
  core.audit.note('policyChanged', config === null ? 'no filter' : `filter of ${config.rules.length} rules`);
}

/**
 * Whether the filter lets a packet in that arrived on a link, or came out of a tunnel; if not, it was dropped and answered as the
 * rule wants. What an SA without a tunnel interface carries is for the SPD alone: the filter has seen the ESP around it.
 */
export function filterIn(core: Core, packet: Packet, ingress: Arrival, isTranslated: boolean): boolean {
  if (core.filter === null || isPolicyBased(ingress)) return true;
  const verdict = core.filter.check(packet.octets, 'in', ingress.interface, core.now, isTranslated);
  if (verdict.kind === 'pass') return true;
  refuseByFilter(core, packet, verdict, `in on ${ingress.interface.name}`, originOf(ingress), ingress.interface);
  return false;
}

/** The same for a packet that is about to leave by a link, or to enter a tunnel. */
export function filterOut(core: Core, packet: Packet, exit: NodeInterface, origin: Origin): boolean {
  if (core.filter === null) return true;
  const verdict = core.filter.check(packet.octets, 'out', exit, core.now);
  if (verdict.kind === 'pass') return true;
  refuseByFilter(core, packet, verdict, `out on ${exit.name}`, origin, null);
  return false;
}

/** Protected, and on no tunnel interface: its arrival is the SA's. */
export function isPolicyBased({ interface: arrival, protection }: Ingress): boolean {
  return protection !== null && arrival?.kind !== 'tunnel';
}

export function filterStatus(filter: Filter): FilterStatus {
  const { rules, ...totals } = filter.counters();
  const shown = rules.map(({ rule, packets, octets }) => {
    const { text, file, line, direction, family } = rule;
    return { text, file, line, direction, family, packets, octets };
  });
  return { rules: shown, ...totals, stateTableFull: totals.stateFigures.refused };
}

function refuseByFilter(
  core: Core,
  packet: Packet,
  { rule, answer }: Extract<FilterVerdict, { kind: 'block' }>,
  where: string,
  origin: Origin,
  zone: NodeInterface | null,
): void {
  drop(core, 'filtered', () => `${describePacket(packet.octets)} ${where}: ${describeVerdict(rule)}`);
  if (answer === null) return;
  if (answer.kind === 'reset') answerReset(core, packet, origin, zone);
  else report(core, packet, origin, { ...answer, kind: 'prohibited' });
}

function describeVerdict(rule: FilterRule | null): string {
  if (rule === null) return 'no rule matches';
  return rule.action.kind === 'block' ? describeRule(rule) : `${describeRule(rule)}: its flow cannot be tracked`;
}

function logEntry(rule: FilterRule, octets: Uint8Array, direction: 'in' | 'out', name: string): string {
  const { log } = rule;
  if (log === null) return describeRule(rule);
  const level = log.level === null ? '' : `${log.level}: `;
  const tag = log.tag === null ? '' : ` tag ${log.tag}`;
  const body = log.body ? ` ${hexOf(octets.subarray(0, LOGGED_OCTETS_MAX))}` : '';
  const what = `${rule.action.kind} ${direction} on ${name}: ${describePacket(octets)}, ${octets.length} octets`;
  return `${level}${what}${tag}: ${describeRule(rule)}${body}`;
}

function describePacket(octets: Uint8Array): string {
  const flow = flowOf(octets);
  return flow === null ? 'a packet without a flow' : describe(flow);
}

function hexOf(octets: Uint8Array): string {
  return Array.from(octets, octet => octet.toString(16).padStart(2, '0')).join('');
}
