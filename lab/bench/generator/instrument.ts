import { setPriority } from 'node:os';
import type { Instant } from '../../../engine/wire/instant.ts';

/** The one clock of sender and receiver: CLOCK_MONOTONIC, which all processes of a machine share. */
export const monotonicNow = (): Instant => Number(process.hrtime.bigint());

const PRECEDENCE = -10;

/**
 * Before the programs that are measured, where we may: an instrument that shares their processors is to be in time, and is idle between.
 * Ordinary users may not.
 */
export function takePrecedence(): void {
  try {
    setPriority(PRECEDENCE);
  } catch {
    // Then it sends late now and then, and says so.
  }
}
