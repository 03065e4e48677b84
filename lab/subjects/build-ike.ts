import type { IkeConfig } from '../../engine/ike/config.ts';
import { createIkeDaemon } from '../../engine/ike/create.ts';
import type { IkeCommand, IkeDaemon, IkeDatagram, IkeEffects } from '../../engine/ike/daemon.ts';
import { type IkeSteps, STEPS } from '../../engine/ike/steps.ts';
import { createNode } from '../../engine/node/create.ts';
import type { Instant } from '../../engine/wire/instant.ts';
import { IkeDecryptor, type IkeOpening } from '../capture/ike-decrypt.ts';
import type { IkeSaKeys } from '../capture/key-log.ts';
import type { Subject } from './subject.ts';

/** The ways to break the engine's IKE from outside of it: one of its steps, its configuration, the messages on their way. */

export function ikeStepSubject(
  name: string,
  fault: string,
  steps: Partial<IkeSteps> | (() => Partial<IkeSteps>),
): Subject {
  return {
    name,
    fault,
    make: createNode,
    makeIke: (config, context) =>
      createIkeDaemon(config, context, { ...STEPS, ...(typeof steps === 'function' ? steps() : steps) }),
  };
}

/** Of both its steps and its configuration. */
export function ikeSubject(
  name: string,
  fault: string,
  steps: Partial<IkeSteps>,
  change: (config: IkeConfig) => IkeConfig,
): Subject {
  return {
    name,
    fault,
    make: createNode,
    makeIke: (config, context) => createIkeDaemon(change(config), context, { ...STEPS, ...steps }),
  };
}

export function ikeConfigSubject(name: string, fault: string, change: (config: IkeConfig) => IkeConfig): Subject {
  return {
    name,
    fault,
    make: createNode,
    makeIke: (config, context) => createIkeDaemon(change(config), context),
  };
}

/** What a filter of messages may do besides. */
export interface IkeWire {
  /** What is inside of a message in either direction, where the keys are known. */
  open(octets: Uint8Array): IkeOpening | null;
  /** Gives the daemon a command in the place of what came. */
  command(command: IkeCommand): void;
  /** Sends octets to whom the message that is looked at came from. */
  answer(octets: Uint8Array): void;
}

/** What becomes of a message's octets on their way in or out; null: they are lost. One for each daemon. */
export interface IkeFilters {
  readonly incoming?: (octets: Uint8Array, wire: IkeWire) => Uint8Array | null;
  readonly outgoing?: (octets: Uint8Array, wire: IkeWire) => Uint8Array | null;
}

export function ikeWireSubject(name: string, fault: string, filters: () => IkeFilters): Subject {
  return {
    name,
    fault,
    make: createNode,
    makeIke: (config, context) =>
      filtered(createIkeDaemon({ ...config, revealsSecrets: true }, context), config.revealsSecrets, filters()),
  };
}

function filtered(daemon: IkeDaemon, revealsSecrets: boolean, { incoming, outgoing }: IkeFilters): IkeDaemon {
  const keys: IkeSaKeys[] = [];
  const decryptor = new IkeDecryptor(() => keys);
  const said: IkeDatagram[] = [];
  const told: IkeCommand[] = [];
  const wireFor = (datagram: IkeDatagram): IkeWire => ({
    open: octets => decryptor.open(octets),
    command: command => void told.push(command),
    answer: octets => void said.push({ ...datagram, octets }),
  });
  const through = (datagrams: readonly IkeDatagram[], filter: IkeFilters['incoming']): IkeDatagram[] =>
    datagrams.flatMap(datagram => {
      const octets = filter === undefined ? datagram.octets : filter(datagram.octets, wireFor(datagram));
      return octets === null ? [] : [{ ...datagram, octets }];
    });
  /** What the filters did goes with what the daemon did. */
  const finish = (effects: IkeEffects, now: Instant): IkeEffects => {
    keys.push(...effects.secrets);
    const own = { ...effects, datagrams: through(effects.datagrams, outgoing) };
    const all = told.splice(0).reduce<IkeEffects>((sum, command) => joined(sum, daemon.command(command, now)), own);
    const datagrams = [...all.datagrams, ...said.splice(0)];
    return { ...all, datagrams, secrets: revealsSecrets ? all.secrets : [] };
  };
  return {
    receive: (datagrams, now) => {
      const left = through(datagrams, incoming);
      return finish(daemon.receive(left, now), now);
    },
    wake: now => finish(daemon.wake(now), now),
    wakeAt: () => daemon.wakeAt(),
    command: (command, now) => finish(daemon.command(command, now), now),
    status: now => daemon.status(now),
  };
}

const joined = (a: IkeEffects, b: IkeEffects): IkeEffects => ({
  commands: [...a.commands, ...b.commands],
  datagrams: [...a.datagrams, ...b.datagrams],
  events: [...a.events, ...b.events],
  secrets: [...a.secrets, ...b.secrets],
  fetches: [...a.fetches, ...b.fetches],
});
