import type { IkeConfig } from '../config.ts';
import type { IkeContext, IkeDaemon, IkeEffects } from '../daemon.ts';
import type { Names } from '../names.ts';
import type { Instant } from '../../wire/instant.ts';
import { createCore, takeEffects, type Core } from './core.ts';
import { V1_STEPS, type V1Steps } from './steps.ts';

/** Makes the daemon of a configuration's connections of version 1; as `createIkeDaemon`. `names` it shares with that of IKEv2. */
export function createV1Daemon(
  config: IkeConfig,
  context: IkeContext,
  steps: V1Steps = V1_STEPS,
  names?: Names,
): IkeDaemon {
  return v1DaemonOf(createCore(config, context, steps, names));
}

/** The daemon of what it remembers; `core` is its own from then on. */
export function v1DaemonOf(core: Core): IkeDaemon {
  function call(now: Instant): IkeEffects {
    core.now = now;
    core.isStarted = true;
    return takeEffects(core);
  }
  return {
    receive: (_datagrams, now) => call(now),
    wake: call,
    wakeAt: () => (core.isStarted ? core.alarms.next() : core.now),
    command: (_command, now) => call(now),
    status: () => ({ sas: [], halfOpen: 0, cookies: false, counters: {} }),
  };
}
