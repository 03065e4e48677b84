import { createIkeDaemon } from '../../engine/ike/create.ts';
import type { IkeDatagram, IkeDaemon, IkeEffects } from '../../engine/ike/daemon.ts';
import { createNode } from '../../engine/node/create.ts';
import type { NodeCommand } from '../../engine/node/node.ts';
import type { Subject } from './subject.ts';

/** What becomes of datagrams, with their ports, and of what the daemon tells its node. One for each daemon. */
export interface IkeEffectFilters {
  /** null: it is lost. */
  readonly incoming?: (datagram: IkeDatagram) => IkeDatagram | null;
  readonly outgoing?: (datagram: IkeDatagram) => IkeDatagram | null;
  /** In the place of the one. */
  readonly command?: (command: NodeCommand) => readonly NodeCommand[];
}

export function ikeEffectsSubject(name: string, fault: string, filters: () => IkeEffectFilters): Subject {
  return ikeDaemonSubject(name, fault, () => daemon => filtered(daemon, filters()));
}

/** Puts something around the daemon. */
export function ikeDaemonSubject(name: string, fault: string, around: () => (daemon: IkeDaemon) => IkeDaemon): Subject {
  return { name, fault, make: createNode, makeIke: (config, context) => around()(createIkeDaemon(config, context)) };
}

/** Changes each SA that the daemon installs; null: it is not installed. */
export function installs(name: string, fault: string, change: (sa: InstalledSa) => InstalledSa | null): Subject {
  return ikeEffectsSubject(name, fault, () => ({
    command: command => {
      if (command.kind !== 'installSa') return [command];
      const sa = change(command.sa);
      return sa === null ? [] : [{ ...command, sa }];
    },
  }));
}

export type InstalledSa = Extract<NodeCommand, { kind: 'installSa' }>['sa'];

function filtered(daemon: IkeDaemon, { incoming, outgoing, command }: IkeEffectFilters): IkeDaemon {
  const through = (datagrams: readonly IkeDatagram[], filter: IkeEffectFilters['incoming']): readonly IkeDatagram[] =>
    filter === undefined ? datagrams : datagrams.map(filter).filter(datagram => datagram !== null);
  const changed = (effects: IkeEffects): IkeEffects => ({
    ...effects,
    datagrams: through(effects.datagrams, outgoing),
    commands: command === undefined ? effects.commands : effects.commands.flatMap(command),
  });
  return {
    receive: (datagrams, now) => changed(daemon.receive(through(datagrams, incoming), now)),
    wake: now => changed(daemon.wake(now)),
    wakeAt: () => daemon.wakeAt(),
    command: (told, now) => changed(daemon.command(told, now)),
    status: now => daemon.status(now),
  };
}
