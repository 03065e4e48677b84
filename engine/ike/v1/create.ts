import type { Instant } from '../../wire/instant.ts';
import type { IkeConfig } from '../config.ts';
import type { IkeContext, IkeDaemon, IkeEffects } from '../daemon.ts';
import type { Names } from '../names.ts';
import { settle } from './apply.ts';
import { runCommand, startConnections } from './commands.ts';
import { type Core, createCore, takeEffects } from './core.ts';
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
  /** Runs one call: sets the time, does what was due before it, and hands out what came of it all. */
  function call(now: Instant, work: () => void): IkeEffects {
    core.now = now;
    runTimers(core);
    work();
    settle(core);
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
