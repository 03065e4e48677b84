import { act, stepPlan, wrong } from './effect.ts';
import type { SystemPlan } from './system.ts';

/** reboot, `init 6` and `shutdown -i6`: what was set with `-t` is gone afterwards. */
export function reboot(argv: readonly string[]): SystemPlan {
  if (argv.some(word => !word.startsWith('-'))) return wrong('usage: reboot');
  return stepPlan(system => act(system, { kind: 'restart' }));
}
