import type { IkeConfig } from './config.ts';
import type { IkeContext, IkeDaemon } from './daemon.ts';
import { joined } from './both.ts';
import { createNames } from './names.ts';
import { takeEffects } from './outbox.ts';
import { type IkeSteps, STEPS } from './steps.ts';
import { daemonOver } from './turns.ts';
import { createV1Daemon } from './v1/create.ts';
import { V1_STEPS, type V1Steps } from './v1/steps.ts';
import { settle } from './v2/apply.ts';
import { runCommand, startConnections } from './v2/commands.ts';
import { type Core, createCore } from './v2/core.ts';
import { noticeCookies } from './v2/gate.ts';
import { receiveDatagram } from './v2/receive.ts';
import { prepare } from './v2/prepare.ts';
import { statusOf } from './v2/status.ts';
import { runTimers } from './v2/timers.ts';

/**
 * Makes a daemon, of IKEv2 and of IKEv1 where a connection is of that. It has done nothing yet: `wakeAt()` is due at once. Throws
 * when the configuration contradicts itself.
 */
export function createIkeDaemon(
  config: IkeConfig,
  context: IkeContext,
  steps: IkeSteps = STEPS,
  v1Steps: V1Steps = V1_STEPS,
): IkeDaemon {
  const names = createNames();
  const v2 = daemonOf(createCore(config, context, steps, names));
  return joined(v2, config, first => createV1Daemon(first, context, v1Steps, names));
}

/** The daemon of IKEv2 of what it remembers: for those who look inside, such as a count of what is kept. `core` is its own from then on. */
export function daemonOf(core: Core): IkeDaemon {
  return daemonOver(core, {
    runTimers,
    startConnections,
    receiveDatagram,
    runCommand,
    settle,
    takeEffects(after) {
      if (after.halfOpen.asksCookies) noticeCookies(after);
      return takeEffects(after);
    },
    statusOf,
    prepare,
  });
}
