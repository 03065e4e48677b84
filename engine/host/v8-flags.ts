import { setFlagsFromString } from 'node:v8';

/**
 * How V8 runs a live node, in all threads of the process: to be called before anything of the node is run.
 *
 * A gateway makes and forgets several arrays for each packet. Freed in the thread that used it, their memory is asked for again while it
 * is in that core's cache, and no other core wakes up for it. V8 reads these flags at each collection; those of marking must not change
 * once it runs.
 *
 * A handshake runs a lot of code a few times, which V8 would interpret for the first hundreds of them, and optimize after thousands: it
 * compiles at once, and optimizes after a third of the usual budget (67584 in V8 11.3).
 */
export function setV8Flags(): void {
  setFlagsFromString('--no-concurrent-array-buffer-sweeping');
  setFlagsFromString('--no-parallel-scavenge');
  setFlagsFromString('--always-sparkplug');
  setFlagsFromString('--interrupt-budget=20000');
}
