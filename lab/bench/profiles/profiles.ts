import { compare } from './compare.ts';
import type { Profile } from './profile.ts';

/** All that `lab bench` measures, in the order in which it lists them. */
export const PROFILES: readonly Profile[] = [compare];
