import type { OutboundSa } from '../ipsec/sa.ts';
import { type Flow, flowOf, matches } from '../ipsec/selector.ts';
import { type Instant, NS_PER_S } from '../wire/instant.ts';
import { type Core, drop, type Ingress, type Originated, type Task } from './core.ts';
import type { Decision } from './decision.ts';
import type { Packet } from './packet.ts';
import type { PolicyEntry } from './policy-set.ts';
import { wantSa } from './want.ts';

/**
 * The packet that asked for an SA waits for it where somebody negotiates, so that a flow does not begin with a loss: one for
 * each policy, the first (RFC 4301 §4.4.1 leaves it open what becomes of them). The others are dropped as long.
 */
export interface HeldPacket {
  readonly task: Exclude<Task, { kind: 'input' }>;
  /** What it waits for: an SA of this transform, for this flow. */
  readonly transform: number;
  readonly flow: Flow;
  readonly since: Instant;
}

/** A packet that is older is of no use to anybody. */
const HELD_NS_MAX = 10 * NS_PER_S;

/** Whether a packet that is to be forwarded waits for an SA now; else its decision is to be carried out. */
export function holdForwarded(core: Core, packet: Packet, ingress: Ingress, decision: Decision): boolean {
  return hold(core, decision, () => ({
    kind: 'forward',
    packet: { ...packet, octets: packet.octets.slice() },
    ingress,
  }));
}

/** The same for what the node or its host sends. */
export function holdOriginated(core: Core, originated: Originated, decision: Decision): boolean {
  return hold(core, decision, () => ({
    kind: 'originate',
    packet: { ...originated, octets: originated.octets.slice() },
  }));
}

/**
 * An SA has come: what has waited for it goes on, and waits again if it needs another one as well. One that is for other flows
 * changes nothing: who asked again would only be given the same once more.
 */
export function releaseHeld(core: Core, sa: OutboundSa): void {
  const own = core.policies.named(sa.policy);
  for (const entry of own === null ? core.policies.entries : [own]) {
    if (entry.held !== null && isAwaited(sa, entry.held)) releaseFrom(core, entry);
  }
}

function isAwaited({ policy, transform, selectors }: OutboundSa, { transform: awaited, flow }: HeldPacket): boolean {
  if (policy !== null && transform !== awaited) return false;
  return selectors === null || selectors.some(selector => matches(selector, flow, 'outbound'));
}

function releaseFrom(core: Core, entry: PolicyEntry): void {
  const { held } = entry;
  if (held === null) return;
  entry.held = null;
  if (core.now - held.since <= HELD_NS_MAX) core.tasks.push(held.task);
  else drop(core, 'noSa', () => `policy ${entry.policy.name}: no SA came in time`);
}

function hold(core: Core, decision: Decision, taskOf: () => HeldPacket['task']): boolean {
  if (core.negotiation === null || decision.kind !== 'drop' || decision.wanted === null) return false;
  const { policy } = decision;
  if (policy === null) return false;
  if (policy.held !== null && core.now - policy.held.since > HELD_NS_MAX) releaseFrom(core, policy);
  if (policy.held !== null) return false;
  const task = taskOf();
  const flow = flowOf(task.packet.octets);
  if (flow === null) return false;
  policy.held = { task, transform: decision.wanted.sa.transform, flow, since: core.now };
  wantSa(core, decision, decision.wanted.sa);
  return true;
}
