import type { IkeConfig } from '../config.ts';
import type { IkeContext, IkeDaemon } from '../daemon.ts';
import type { Names } from '../names.ts';
import { takeEffects } from '../outbox.ts';
import { daemonOver } from '../turns.ts';
import { settle } from './apply.ts';
import { runCommand, startConnections } from './commands.ts';
import { type Core, createCore } from './core.ts';
import { receiveDatagram } from './receive.ts';
import { statusOf } from './status.ts';
import { V1_STEPS, type V1Steps } from './steps.ts';
import { runTimers } from './timers.ts';

/** Makes the daemon of a configuration's connections of version 1; as `createIkeDaemon`. `names` it shares with that of IKEv2. */
export function createV1Daemon(
  config: IkeConfig,
  context: IkeContext,
  steps: V1Steps = V1_STEPS,
  names?: Names,
): IkeDaemon {
  return v1DaemonOf(createCore(config, context, steps, names));
}

/** The daemon of what it remembers: for those who look inside, such as a count of what is kept. `core` is its own from then on. */
export function v1DaemonOf(core: Core): IkeDaemon {
  return daemonOver(core, { runTimers, startConnections, receiveDatagram, runCommand, settle, takeEffects, statusOf });
}
