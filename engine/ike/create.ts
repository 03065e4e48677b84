import type { Instant } from '../wire/instant.ts';
import type { IkeConfig } from './config.ts';
import type { IkeContext, IkeDaemon, IkeEffects } from './daemon.ts';
import { type IkeSteps, STEPS } from './steps.ts';
import { settle } from './v2/apply.ts';
import { runCommand, startConnections } from './v2/commands.ts';
import { type Core, createCore, takeEffects } from './v2/core.ts';
import { noticeCookies } from './v2/gate.ts';
import { receiveDatagram } from './v2/receive.ts';
import { statusOf } from './v2/status.ts';
import { runTimers } from './v2/timers.ts';

/** Makes a daemon. It has done nothing yet: `wakeAt()` is due at once. Throws when the configuration contradicts itself. */
export function createIkeDaemon(config: IkeConfig, context: IkeContext, steps: IkeSteps = STEPS): IkeDaemon {
  return daemonOf(createCore(config, context, steps));
}

/** The daemon of what it remembers: for those who look inside, such as a count of what is kept. `core` is its own from then on. */
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
