import { calibrate } from './calibrate.ts';
import { ciphers } from './ciphers.ts';
import { compare } from './compare.ts';
import { labProfile } from './lab.ts';
import type { Profile } from './profile.ts';
import { scale } from './scale.ts';
import { setup } from './setup.ts';

/** All that `lab bench` measures, in the order in which it lists them. */
export const PROFILES: readonly Profile[] = [compare, ciphers, setup, scale, labProfile, calibrate];
