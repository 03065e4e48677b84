import { NS_PER_MS, type Instant } from '../wire/instant.ts';
import type { DropReason, NodeEvent } from './node.ts';

/** At most one drop event per kind in this time: whoever floods a node must not flood its log. */
const EVENT_INTERVAL_NS = 100 * NS_PER_MS;

/** What an event says besides its text. */
export type EventParts = Pick<NodeEvent, 'wanted' | 'sa' | 'place' | 'stray'>;

/** The auditable events of a node, RFC 4301 §4.4.1: counters are exact, event texts are rationed. */
export class Audit {
  readonly counts: Partial<Record<DropReason, number>> = {};
  readonly #quietUntil = new Map<NodeEvent['kind'], Instant>();
  readonly #suppressed = new Map<NodeEvent['kind'], number>();
  #events: NodeEvent[] = [];

  /** Counts one drop. `detail` and `parts` are called only when an event is due. */
  drop(reason: DropReason, now: Instant, detail: () => string, parts: () => EventParts = noParts): void {
    this.counts[reason] = (this.counts[reason] ?? 0) + 1;
    this.noteRarely(reason, now, detail, parts);
  }

  /** An event that others can bring about at will. */
  noteRarely(kind: NodeEvent['kind'], now: Instant, detail: () => string, parts: () => EventParts = noParts): void {
    const unreported = this.#suppressed.get(kind) ?? 0;
    if (now < (this.#quietUntil.get(kind) ?? Number.NEGATIVE_INFINITY)) {
      this.#suppressed.set(kind, unreported + 1);
      return;
    }
    this.#quietUntil.set(kind, now + EVENT_INTERVAL_NS);
    this.#suppressed.set(kind, 0);
    const before = unreported === 0 ? '' : ` (and ${unreported} before)`;
    this.#events.push({ kind, detail: `${detail()}${before}`, ...parts() });
  }

  /** An event that is not a drop; these follow commands or are bounded by the tables that they come from. */
  note(kind: Exclude<NodeEvent['kind'], DropReason>, detail: string, parts: EventParts = {}): void {
    this.#events.push({ kind, detail, ...parts });
  }

  /** The events since the last call; they belong to the caller. */
  takeEvents(): NodeEvent[] {
    if (this.#events.length === 0) return [];
    const events = this.#events;
    this.#events = [];
    return events;
  }
}

const noParts = (): EventParts => ({});
