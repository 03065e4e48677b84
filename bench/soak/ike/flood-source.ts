import type { IkeDatagram } from '../../../engine/ike/daemon.ts';
import { encodeIkeMessage } from '../../../engine/wire/ike/codec.ts';
import { sealedMessage } from '../../../engine/wire/ike/encrypted.ts';
import type { IkeMessage } from '../../../engine/wire/ike/message.ts';
import type { Payload } from '../../../engine/wire/ike/payload.ts';
import { ExchangeType, NotifyType } from '../../../engine/wire/ike/registry.ts';
import type { Dice } from './dice.ts';
import { ADDRESSES, addressOf, BOB } from './ground.ts';

/** Who sends a flood, and what. */
export type FloodKind = 'many sources' | 'one request' | 'few sources' | 'cookies' | 'puzzles' | 'fragments';

/** Makes the datagrams of a flood. `heard` shows it an answer to an address that is really the attacker's own. */
export interface Flood {
  next(): IkeDatagram;
  heard(datagram: IkeDatagram): void;
}

const BOB_OCTETS = addressOf(BOB);
const ALICE = addressOf(ADDRESSES.alice);
/** Answers that an attacker remembers, the oldest of which are stale. */
const REMEMBERED_MAX = 2000;

/** `pattern`: a first request as an honest initiator makes it. */
export function createFlood(kind: FloodKind, pattern: IkeMessage, dice: Dice): Flood {
  const remembered: {
    readonly datagram: IkeDatagram;
    readonly answer: readonly Payload[];
    readonly asked: IkeMessage;
  }[] = [];
  const asked = new Map<string, IkeMessage>();
  let repeated: IkeDatagram | null = null;
  const own = () => Uint8Array.of(198, 51, 100, dice.below(200));
  const anywhere = () => Uint8Array.of(1 + dice.below(223), dice.below(256), dice.below(256), dice.below(256));

  function first(remote: Uint8Array, before: readonly Payload[] = []): IkeDatagram {
    const message = freshRequest(pattern, before, dice);
    if (kind === 'cookies' || kind === 'puzzles') {
      asked.set(message.initiatorSpi, message);
      if (asked.size > REMEMBERED_MAX) asked.delete(asked.keys().next().value ?? '');
    }
    return to(remote, encodeIkeMessage(message), dice);
  }

  /** With a cookie that is forged, stale, somebody else's, or for something else; with a solution that is none. */
  function withCookie(): IkeDatagram {
    const one = remembered[dice.below(remembered.length)];
    if (one === undefined || dice.once(4)) return first(own());
    const payloads = one.answer.map((payload): Payload => {
      if (payload.type !== 'N' || payload.notifyType !== NotifyType.COOKIE) return payload;
      if (dice.once(2)) return payload;
      const data = Uint8Array.from(payload.data);
      const at = dice.below(data.length);
      data[at] = (data[at] ?? 0) ^ (1 + dice.below(255));
      return { ...payload, data };
    });
    const cookies = payloads.filter(({ type }) => type === 'N').slice(0, 1);
    const solution: Payload = { type: 'PS', data: dice.bytes(dice.pick([0, 4, 15, 16, 16, 16, 32, 255])) };
    const before = kind === 'puzzles' || dice.once(8) ? [...cookies, solution] : cookies;
    switch (dice.below(3)) {
      case 0:
        return first(own(), before);
      case 1:
        // What the cookie is for, from somewhere else.
        return to(anywhere(), encodeIkeMessage({ ...one.asked, payloads: [...before, ...one.asked.payloads] }), dice);
      default:
        // As it should be, but that the cookie may be stale or forged: who can hear gets as far as this.
        return {
          ...one.datagram,
          octets: encodeIkeMessage({ ...one.asked, payloads: [...before, ...one.asked.payloads] }),
        };
    }
  }

  return {
    next() {
      switch (kind) {
        case 'many sources':
          return first(anywhere());
        case 'one request':
          // One that was answered before cookies were asked for, as though it were sent again.
          repeated = repeated === null || dice.once(5000) ? first(anywhere()) : repeated;
          return repeated;
        case 'few sources':
          return first(dice.once(3) ? ALICE : Uint8Array.of(203, 0, 113, dice.below(4)));
        case 'fragments':
          return fragment(pattern, anywhere(), dice);
        case 'cookies':
        case 'puzzles':
          return withCookie();
      }
    },
    heard({ local, localPort, remote, remotePort, octets }) {
      const spi = Buffer.from(octets.subarray(0, 8)).toString('hex');
      const message = asked.get(spi);
      const answer = message === undefined ? [] : answered(octets);
      if (message === undefined || answer.length === 0) return;
      const datagram = { local, localPort, remote, remotePort, octets };
      const entry = { datagram, answer, asked: message };
      if (remembered.length < REMEMBERED_MAX) remembered.push(entry);
      else if (dice.once(200)) remembered[dice.below(REMEMBERED_MAX)] = entry;
    },
  };
}

/** Whether an address is the attacker's own, so that answers reach it. */
export const isAttackers = (address: Uint8Array): boolean =>
  address[0] === 198 && address[1] === 51 && address[2] === 100;

/** The cookie of an answer, where it has one: 28 octets of header, 8 of notify. */
function answered(octets: Uint8Array): Payload[] {
  const type = (octets[34] ?? 0) * 256 + (octets[35] ?? 0);
  const length = (octets[30] ?? 0) * 256 + (octets[31] ?? 0);
  if (octets[16] !== 41 || type !== NotifyType.COOKIE) return [];
  const data = Uint8Array.from(octets.subarray(36, 28 + length));
  return [{ type: 'N', protocolId: 0, spi: new Uint8Array(0), notifyType: NotifyType.COOKIE, data }];
}

function freshRequest(pattern: IkeMessage, before: readonly Payload[], dice: Dice): IkeMessage {
  const payloads = pattern.payloads.map(
    (payload): Payload => (payload.type === 'NONCE' ? { ...payload, data: dice.bytes(32) } : payload),
  );
  // Some say no more than is asked for: the less goes in, the more an answer would be.
  const needed: readonly Payload['type'][] = dice.once(10) ? ['NONCE'] : ['SA', 'KE', 'NONCE'];
  const kept = dice.once(3) ? payloads.filter(({ type }) => needed.includes(type)) : payloads;
  return { ...pattern, initiatorSpi: hex(dice.bytes(8)), payloads: [...before, ...kept] };
}

/** What looks like a part of something: pieces of IKE SAs that there are not, first requests that are cut off or empty. */
function fragment(pattern: IkeMessage, remote: Uint8Array, dice: Dice): IkeDatagram {
  const whole = encodeIkeMessage(freshRequest(pattern, [], dice));
  if (dice.once(3)) return to(remote, whole.subarray(0, dice.below(whole.length)), dice);
  if (dice.once(3)) {
    const nonce: Payload = { type: 'NONCE', data: dice.bytes(dice.pick([0, 1, 16, 32])) };
    return to(remote, encodeIkeMessage({ ...pattern, initiatorSpi: hex(dice.bytes(8)), payloads: [nonce] }), dice);
  }
  const header = {
    ...pattern,
    initiatorSpi: hex(dice.bytes(8)),
    responderSpi: hex(dice.bytes(8)),
    exchangeType: dice.pick([ExchangeType.IKE_AUTH, ExchangeType.IKE_SA_INIT, ExchangeType.IKE_INTERMEDIATE]),
    messageId: dice.below(3),
  };
  const bodyOctets = 24 + dice.below(400);
  const place = { number: 1 + dice.below(200), total: 200 };
  const covered = sealedMessage(header, { firstPayload: 0, bodyOctets, fragment: place });
  return to(remote, Buffer.concat([covered, dice.bytes(bodyOctets)]), dice);
}

function to(remote: Uint8Array, octets: Uint8Array, dice: Dice): IkeDatagram {
  return { local: BOB_OCTETS, localPort: 500, remote, remotePort: dice.once(2) ? 500 : dice.below(65536), octets };
}

const hex = (octets: Uint8Array): string => Buffer.from(octets).toString('hex');
