import type { Instant } from '../wire/instant.ts';
import type { IkeConfig } from './config.ts';
import type { IkeContext, IkeDaemon, IkeEffects } from './daemon.ts';
import { joined } from './both.ts';
import { createNames } from './names.ts';
import { type IkeSteps, STEPS } from './steps.ts';
import { createV1Daemon } from './v1/create.ts';
import { V1_STEPS, type V1Steps } from './v1/steps.ts';
import { settle } from './v2/apply.ts';
import { runCommand, startConnections } from './v2/commands.ts';
import { type Core, createCore, takeEffects } from './v2/core.ts';
import { noticeCookies } from './v2/gate.ts';
import { receiveDatagram } from './v2/receive.ts';
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
  /** Runs one call: sets the time, does what was due before it, and hands out what came of it all. */
  function call(now: Instant, work: () => void): IkeEffects {
    core.now = now;
    runTimers(core);
    work();
    settle(core);
    if (core.halfOpen.asksCookies) noticeCookies(core);
    return takeEffects(core);
  }

  /** Whoever has a daemon do something before it was woken wants what it would do then as well. */
  function begin(): void {
    if (core.isStarted) return;
    core.isStarted = true;
    startConnections(core);
  }

  return {
    receive: (datagrams, now) =>
      call(now, () => {
        begin();
        for (const datagram of datagrams) {
          receiveDatagram(core, datagram);
          settle(core);
        }
      }),
    wake: now => call(now, begin),
    wakeAt: () => (core.isStarted ? core.alarms.next() : core.now),
    command: (command, now) =>
      call(now, () => {
        // The addresses come first: what begins, begins with them.
        if (command.kind !== 'addresses') begin();
        runCommand(core, command);
      }),
    status: now => statusOf(core, now),
  };
}
