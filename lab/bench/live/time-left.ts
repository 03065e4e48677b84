import type { Turn } from '../order.ts';

/** How long what is left will take, by what the turns of each subject have taken so far. */
export class TimeLeft {
  readonly #guesses: ReadonlyMap<string, number>;
  readonly #taken = new Map<string, { seconds: number; turns: number }>();

  /** `guesses`: seconds for one turn of each subject. */
  constructor(guesses: ReadonlyMap<string, number>) {
    this.#guesses = guesses;
  }

  took(subject: string, seconds: number): void {
    const before = this.#taken.get(subject) ?? { seconds: 0, turns: 0 };
    this.#taken.set(subject, { seconds: before.seconds + seconds, turns: before.turns + 1 });
  }

  /** Seconds for these turns, the first of which has run for so long already. */
  of(turns: readonly Turn[], runningSeconds = 0): number {
    const [first, ...rest] = turns;
    if (first === undefined) return 0;
    const ofFirst = Math.max(0, this.#turnSeconds(first.subject) - runningSeconds);
    return rest.reduce((sum, { subject }) => sum + this.#turnSeconds(subject), ofFirst);
  }

  /** Guesses are as wrong for the one as for the other: those of subjects that have had no turn are scaled by what the others took. */
  #turnSeconds(subject: string): number {
    const taken = this.#taken.get(subject);
    if (taken !== undefined) return taken.seconds / taken.turns;
    let [guessed, took] = [0, 0];
    for (const [other, { seconds, turns }] of this.#taken) {
      guessed += (this.#guesses.get(other) ?? 0) * turns;
      took += seconds;
    }
    const scale = guessed > 0 ? took / guessed : 1;
    return (this.#guesses.get(subject) ?? 0) * scale;
  }
}
