import type { Core } from './core.ts';
import { drawKeyPairs } from './key-pairs.ts';

/**
 * What can be done before the next message comes. The keys of the peer that was answered last come first, and alone: it will ask for them
 * next. Of no other peer: a flood of first requests is not to cost more than answers.
 */
export function prepare(core: Core): void {
  if (core.deferredKeys === null) return drawKeyPairs(core);
  core.deferredKeys.workOut();
  core.deferredKeys = null;
}
