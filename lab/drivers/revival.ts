/**
 * When a node that ended by itself is to be started again. Sans I/O: milliseconds of any clock that only goes forward.
 *
 * Each time in a row it waits twice as long, up to half a minute, and after ten it stays down; a node that has run for a minute is as
 * good as new.
 */
export class Revival {
  readonly #lives = new Map<string, { since: number; deaths: number }>();

  /** The node runs from now on. */
  started(node: string, now: number): void {
    this.#lives.set(node, { since: now, deaths: this.#lives.get(node)?.deaths ?? 0 });
  }

  /** It has ended, or could not be started: how long to wait; null: no more. */
  died(node: string, now: number): number | null {
    const life = this.#lives.get(node) ?? { since: Number.NEGATIVE_INFINITY, deaths: 0 };
    const deaths = now - life.since >= SETTLED_MS ? 1 : life.deaths + 1;
    this.#lives.set(node, { since: now, deaths });
    return deaths > DEATHS_MAX ? null : Math.min(FIRST_MS * 2 ** (deaths - 1), LONGEST_MS);
  }

  /** Somebody has started it on purpose: what was is forgotten. */
  forget(node: string): void {
    this.#lives.delete(node);
  }
}

const FIRST_MS = 250;
const LONGEST_MS = 30_000;
const SETTLED_MS = 60_000;
const DEATHS_MAX = 10;
