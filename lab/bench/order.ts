import { below, type Uniform } from './uniform.ts';

/** One measurement to take: `subject` by its name, in round `round`, counted from 0. */
export interface Turn {
  readonly round: number;
  readonly subject: string;
}

/**
 * The order in which subjects are measured: each once a round, so that whatever the machine does meanwhile happens to all of them.
 * Even rounds are drawn; an odd round is the one before it backwards (A B B A), so that a steady drift, such as a machine that grows
 * warm, adds the same to every subject over two rounds. Draws in full from `random` whatever was done already: a run that is resumed
 * with the same seed has the same order.
 */
export function interleave(subjects: readonly string[], rounds: number, random: Uniform): readonly Turn[] {
  const turns: Turn[] = [];
  let drawn: readonly string[] = [];
  for (let round = 0; round < rounds; round++) {
    drawn = round % 2 === 0 ? shuffled(subjects, random) : drawn.toReversed();
    turns.push(...drawn.map(subject => ({ round, subject })));
  }
  return turns;
}

/** Fisher and Yates, as Durstenfeld has it. */
function shuffled<T>(items: readonly T[], random: Uniform): readonly T[] {
  const left = [...items];
  const drawn: T[] = [];
  while (left.length > 0) drawn.push(...left.splice(below(random, left.length), 1));
  return drawn;
}
