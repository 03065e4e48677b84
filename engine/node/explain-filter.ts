import { describeRule } from '../filter/format.ts';
import { formatAddress } from '../wire/address.ts';
import type { Core, Ingress, Origin } from './core.ts';
import { isSpoofed } from './anti-spoofing.ts';
import { isPolicyBased } from './filter-gate.ts';
import { isAtWrongInterface, leavesByWrongInterface } from './host-model.ts';
import type { NodeInterface } from './interfaces.ts';
import type { Packet } from './packet.ts';

/** What the filter, and the checks beside it, would say on a packet's way; each adds a step. */
export class FilterSteps {
  /** The text of the rule that decided last; null: none has. */
  rule: string | null = null;
  readonly #core: Core;
  readonly #steps: string[];

  constructor(core: Core, steps: string[]) {
    this.#core = core;
    this.#steps = steps;
  }

  /** Whether a packet would get in. */
  letsIn(packet: Packet, ingress: Ingress): boolean {
    const { interface: arrival } = ingress;
    if (arrival === null) return true;
    if (!isPolicyBased(ingress) && !this.#passes(packet.octets, 'in', arrival)) return false;
    const { source, destination } = packet;
    if (isSpoofed(this.#core, source, ingress)) {
      this.#steps.push(`spoofed: ${formatAddress(source)} is not behind ${arrival.name}: discard`);
      return false;
    }
    if (!isAtWrongInterface(this.#core, destination, ingress)) return true;
    this.#steps.push(`host model: ${arrival.name} does not have ${formatAddress(destination)}: discard`);
    return false;
  }

  /** Whether a packet would leave by this link, or enter this tunnel. */
  letsOut(packet: Packet, exit: NodeInterface, origin: Origin): boolean {
    if (!leavesByWrongInterface(this.#core, packet, exit, origin)) return this.#passes(packet.octets, 'out', exit);
    this.#steps.push(`host model: ${exit.name} does not have ${formatAddress(packet.source)}: discard`);
    return false;
  }

  #passes(octets: Uint8Array, direction: 'in' | 'out', place: NodeInterface): boolean {
    const { filter, now } = this.#core;
    if (filter === null) return true;
    const { verdict, by } = filter.explain(octets, direction, place, now);
    const { rule, kind } = verdict;
    this.rule = rule?.text ?? this.rule;
    const why = by === 'state' ? ', of a tracked flow' : '';
    const text = rule === null ? 'no rule matches' : `${describeRule(rule)}${why}`;
    this.#steps.push(`filter ${direction} on ${place.name}: ${text}: ${kind}`);
    return kind === 'pass';
  }
}
