/** Events that one message carries; a flood of drops must not become a flood of messages. */
const EVENTS_MAX = 64;
const COLLECT_MS = 20;

/** Collects events for a moment and passes them on together, bounded; those beyond the bound are counted. */
export class EventOutbox<Event> {
  readonly #passOn: (events: readonly Event[], lost: number) => void;
  #events: Event[] = [];
  #lost = 0;
  #scheduled = false;

  constructor(passOn: (events: readonly Event[], lost: number) => void) {
    this.#passOn = passOn;
  }

  push(events: readonly Event[]): void {
    const room = EVENTS_MAX - this.#events.length;
    this.#events.push(...events.slice(0, room));
    this.#lost += Math.max(0, events.length - room);
    if (this.#scheduled) return;
    this.#scheduled = true;
    setTimeout(() => this.#flush(), COLLECT_MS).unref();
  }

  #flush(): void {
    this.#scheduled = false;
    const [events, lost] = [this.#events, this.#lost];
    this.#events = [];
    this.#lost = 0;
    this.#passOn(events, lost);
  }
}
