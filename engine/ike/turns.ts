import type { Instant } from '../wire/instant.ts';
import type { IkeCommand, IkeDaemon, IkeDatagram, IkeEffects } from './daemon.ts';
import type { IkeStatus } from './status.ts';
import type { Alarms } from './v2/alarms.ts';

/** As much of what a daemon of either version remembers as its turns need. */
export interface Turning {
  now: Instant;
  isStarted: boolean;
  readonly alarms: Alarms;
}

/** What a daemon does in its turns. */
export interface Doings<Core> {
  readonly runTimers: (core: Core) => void;
  readonly startConnections: (core: Core) => void;
  readonly receiveDatagram: (core: Core, datagram: IkeDatagram) => void;
  readonly runCommand: (core: Core, command: IkeCommand) => void;
  /** After each input. */
  readonly settle: (core: Core) => void;
  readonly takeEffects: (core: Core) => IkeEffects;
  readonly statusOf: (core: Core, now: Instant) => IkeStatus;
  readonly prepare?: (core: Core) => void;
}

/** The daemon of what it remembers: `core` is its own from then on. */
export function daemonOver<Core extends Turning>(core: Core, does: Doings<Core>): IkeDaemon {
  /** Runs one call: sets the time, does what was due before it, and hands out what came of it all. */
  function call(now: Instant, work: () => void): IkeEffects {
    core.now = now;
    does.runTimers(core);
    work();
    does.settle(core);
    return does.takeEffects(core);
  }

  /** Whoever has a daemon do something before it was woken wants what it would do then as well. */
  function begin(): void {
    if (core.isStarted) return;
    core.isStarted = true;
    does.startConnections(core);
  }

  return {
    receive: (datagrams, now) =>
      call(now, () => {
        begin();
        for (const datagram of datagrams) {
          does.receiveDatagram(core, datagram);
          does.settle(core);
        }
      }),
    wake: now => call(now, begin),
    wakeAt: () => (core.isStarted ? core.alarms.next() : core.now),
    command: (command, now) =>
      call(now, () => {
        // The addresses come first: what begins, begins with them.
        if (command.kind !== 'addresses') begin();
        does.runCommand(core, command);
      }),
    status: now => does.statusOf(core, now),
    prepare: () => does.prepare?.(core),
  };
}

/** What there is to do when an alarm is due: ids below zero are callers', the others IKE SAs'. */
export interface Due {
  readonly runCaller: (id: number) => void;
  /** Does the one thing that an IKE SA has to do next; false: nothing is due, or it is gone. */
  readonly fireNext: (id: number) => boolean;
  readonly settle: () => void;
}

/** Does all that is due now. */
export function runAlarms({ now, alarms }: Pick<Turning, 'now' | 'alarms'>, due: Due): void {
  for (let id = alarms.takeDue(now); id !== null; id = alarms.takeDue(now)) {
    if (id < 0) due.runCaller(id);
    else runClocks(id, due);
    due.settle();
  }
}

/** As much of what a daemon of either version remembers as the clocks of its IKE SAs need. */
export interface Clocked<Sa> {
  readonly now: Instant;
  readonly sas: ReadonlyMap<number, Sa>;
  /** Ids of those whose alarm has to be set anew. */
  readonly unsettled: Set<number>;
}

/** What an IKE SA has to do by the clock. */
export interface Clockwork<Sa> {
  /** Does what its first due clock is for; false: none is due. */
  readonly fireClock: (sa: Sa) => boolean;
  /** When the next message goes again; null: none waits for an answer. */
  readonly resendAt: (sa: Sa) => Instant | null;
  readonly resend: (sa: Sa) => void;
}

/** Does the one thing that an IKE SA has to do next: `Due.fireNext`. */
export function fireNext<Sa>(core: Clocked<Sa>, id: number, does: Clockwork<Sa>): boolean {
  const sa = core.sas.get(id);
  if (sa === undefined) return false;
  if (does.fireClock(sa)) return true;
  const due = does.resendAt(sa);
  if (due === null || due > core.now) {
    core.unsettled.add(id);
    return false;
  }
  does.resend(sa);
  return true;
}

/** More than this at one instant is a clock that does not advance. */
const FIRES_MAX = 1000;

function runClocks(id: number, { fireNext }: Due): void {
  for (let fires = 0; fires < FIRES_MAX; fires++) if (!fireNext(id)) return;
  throw new Error('a clock of an IKE SA does not advance');
}
