import type { IkeDaemon, IkeEffects } from '../../../engine/ike/daemon.ts';
import { type IkeSteps, STEPS } from '../../../engine/ike/steps.ts';
import type { NodeCommand } from '../../../engine/node/node.ts';
import type { IkeMessage } from '../../../engine/wire/ike/message.ts';
import { decodeIkeHeader } from '../../../engine/wire/ike/header.ts';
import { MARK } from './esp-witness.ts';
import { type Mutation, SOUND } from './mutation.ts';

/** Gateways that are broken on purpose, each in one way: what watches the swarm has to notice. */

const BROKEN = 0;

const withSteps = (change: () => Partial<IkeSteps>): Mutation => ({
  ...SOUND,
  steps: gateway => (gateway === BROKEN ? { ...STEPS, ...change() } : STEPS),
});

/** Changes what the broken daemon gives out, call by call. */
const withEffects = (make: () => (effects: IkeEffects) => IkeEffects): Mutation => ({
  ...SOUND,
  daemon: (daemon, gateway) => (gateway === BROKEN ? changed(daemon, make()) : daemon),
});

function changed(daemon: IkeDaemon, change: (effects: IkeEffects) => IkeEffects): IkeDaemon {
  return {
    receive: (datagrams, now) => change(daemon.receive(datagrams, now)),
    wake: now => change(daemon.wake(now)),
    wakeAt: () => daemon.wakeAt(),
    command: (command, now) => change(daemon.command(command, now)),
    status: now => daemon.status(now),
  };
}

/** A message that is sent again is other than before in its last octet. */
const restlessly = withSteps(() => {
  const sent = new Set<string>();
  return {
    outgoingOctets: octets => {
      const text = Buffer.from(octets).toString('latin1');
      if (!sent.has(text)) {
        sent.add(text);
        return octets;
      }
      const other = Uint8Array.from(octets);
      other[other.length - 1] = (other.at(-1) ?? 0) ^ 1;
      return other;
    },
  };
});

const withoutDeletes = (message: IkeMessage): IkeMessage => ({
  ...message,
  payloads: message.payloads.filter(({ type }) => type !== 'D'),
});

/** What was replaced, and what is redundant, is never deleted: neither end hears that it should be. */
const hoarding = withSteps(() => ({ outgoing: withoutDeletes, incoming: withoutDeletes }));

/** SAs stay in the node although the daemon knows of them no more. */
const leaving = withEffects(() => effects => ({
  ...effects,
  commands: effects.commands.filter(({ kind }) => kind !== 'deleteSa'),
}));

/** An inbound SPI comes twice. */
const repeatingSpis = withEffects(() => {
  let first: NodeCommand | null = null;
  const again = (command: NodeCommand): readonly NodeCommand[] => {
    if (command.kind !== 'installSa' || command.sa.direction !== 'inbound') return [command];
    first ??= command;
    return first === command ? [command] : [command, first];
  };
  return effects => ({ ...effects, commands: effects.commands.flatMap(again) });
});

/** Keys of one SA serve the next one as well. */
const repeatingKeys = withEffects(() => {
  let first: string | null = null;
  const again = (command: NodeCommand): NodeCommand => {
    if (command.kind !== 'installSa' || command.sa.direction !== 'outbound') return command;
    first ??= command.sa.encryptionKey;
    const isFit = first.length === command.sa.encryptionKey.length;
    return isFit ? { ...command, sa: { ...command.sa, encryptionKey: first } } : command;
  };
  return effects => ({ ...effects, commands: effects.commands.map(again) });
});

/** Each request is answered twice, the second time by a number that nobody has asked. */
const talkative = withEffects(() => effects => ({
  ...effects,
  datagrams: effects.datagrams.flatMap(datagram => {
    const { isResponse, exchangeType } = decodeIkeHeader(datagram.octets);
    if (!isResponse || exchangeType < 36) return [datagram];
    const other = Uint8Array.from(datagram.octets);
    other[21] = (other[21] ?? 0) ^ 1; // of the Message ID
    return [datagram, { ...datagram, octets: other }];
  }),
}));

/** Does not listen to the window: its next request has a number that is far ahead. */
const hasty = withEffects(() => effects => ({
  ...effects,
  datagrams: effects.datagrams.map(datagram => {
    const { isResponse, messageId } = decodeIkeHeader(datagram.octets);
    if (isResponse || messageId < 3) return datagram;
    const other = Uint8Array.from(datagram.octets);
    other[22] = 1; // of the Message ID
    return { ...datagram, octets: other };
  }),
}));

/** Sends a frame with ESP again, by itself. */
const echoing: Mutation = { ...SOUND, frame: (octets, gateway) => (gateway === BROKEN ? [octets, octets] : [octets]) };

/** Sends what it protects a second time, in the clear. */
const leaking: Mutation = {
  ...SOUND,
  frame: (octets, gateway) => (gateway === BROKEN ? [octets, Buffer.concat([octets, MARK])] : [octets]),
};

/** Throws in the middle of something. */
const throwing = withSteps(() => ({
  isNonceFit: () => {
    throw new Error('a bug of the daemon');
  },
}));

/** By what it is called, and what of its findings has to be there. */
export const MUTATIONS: readonly (readonly [string, Mutation, RegExp])[] = [
  ['sends other octets when it sends again', restlessly, /is sent again in other octets/],
  ['deletes nothing that is redundant', hoarding, /find no rest|keeps/],
  ['leaves SAs in its node', leaving, /find no rest|keeps|in use/],
  ['gives an SPI out again', repeatingSpis, /which is in use/],
  ['uses a key again', repeatingKeys, /a key that was used before/],
  ['answers what nobody has asked', talkative, /answers what was not asked/],
  ['does not count its requests', hasty, /after \d+|waits for its answer|other octets/],
  ['uses a sequence number again', echoing, /sends ESP \w+ \d+ after \d+/],
  ['lets plaintext out', leaking, /in the clear/],
  ['throws', throwing, /a bug of the daemon/],
];
