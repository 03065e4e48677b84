import { requireAddon } from '../native/addon.ts';

/** A timer with the kernel's resolution; Node's own count whole milliseconds. */
export interface LiveTimer {
  /** Nanoseconds from now; null: not at all. Replaces what was armed before. */
  arm(nanoseconds: number | null): void;
  close(): void;
}

export function openLiveTimer(onExpiry: () => void): LiveTimer {
  const timer = requireAddon().openTimer(() => {
    if (timer.take()) onExpiry();
  });
  return {
    arm: nanoseconds => timer.arm(nanoseconds === null ? -1 : Math.max(0, nanoseconds)),
    close: () => timer.close(),
  };
}
