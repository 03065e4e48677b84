import { setFlagsFromString } from 'node:v8';

/**
 * Has V8 free what it collects in the thread that used it, in the whole process. A gateway makes and forgets several arrays for each
 * packet: their memory is then asked for again while it is in that core's cache, and no other core wakes up for it. These flags V8 reads
 * at each collection; those of marking must not change once it runs.
 */
export function collectInOneThread(): void {
  setFlagsFromString('--no-concurrent-array-buffer-sweeping');
  setFlagsFromString('--no-parallel-scavenge');
}
