/** Where chance comes from: numbers in [0, 1). The same stream again gives the same order and the same intervals again. */
export interface Uniform {
  uniform(): number;
}

/** A whole number in [0, limit). */
export const below = (random: Uniform, limit: number): number => Math.floor(random.uniform() * limit);
