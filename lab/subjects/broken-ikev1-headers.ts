import { IsakmpExchange } from '../../engine/wire/isakmp/registry.ts';
import { setU16, u8At } from '../../engine/wire/octets.ts';
import { ikeEffectsSubject } from './build-ike-effects.ts';
import { ikeWireSubject } from './build-ike.ts';
import {
  AT,
  isMain,
  textOf,
  v1ConnectionSubject,
  v1Mouth,
  v1Octets,
  v1Outgoing,
  v1StepSubject,
  written,
} from './build-ikev1.ts';
import type { Subject } from './subject.ts';

/** Those that do one thing wrong with headers, or with messages that come again, RFC 2408 §3.1, §5.1 and §5.2. */
export const BROKEN_IKEV1_HEADERS: readonly Subject[] = [
  v1Octets('v1-own-initiator-cookie', 'answers with another initiator’s cookie', octets =>
    written(octets, 0, u8At(octets, 0) ^ 1),
  ),
  v1Octets('v1-no-responder-cookie', 'answers without a cookie of its own', octets =>
    isMain(octets) ? Uint8Array.from(octets).fill(0, 8, 16) : octets,
  ),
  v1Octets('v1-one-cookie', 'has one cookie for all', octets =>
    isMain(octets) ? Uint8Array.from(octets).fill(7, 8, 16) : octets,
  ),
  v1Octets('v1-swaps-cookies', 'puts its own cookie first when it begins', octets =>
    u8At(octets, AT.exchangeType) === IsakmpExchange.INFORMATIONAL
      ? written(octets, 0, ...octets.subarray(8, 16), ...octets.subarray(0, 8))
      : octets,
  ),
  v1Octets('v1-minor-version', 'says that it speaks version 1.1', octets => written(octets, AT.version, 0x11)),
  v1Octets('v1-phase-1-message-id', 'gives phase 1 a Message ID', octets =>
    isMain(octets) ? written(octets, AT.messageId, 0, 0, 0, 5) : octets,
  ),
  v1Octets('v1-odd-flags', 'sets a flag that has no meaning', octets =>
    written(octets, AT.flags, u8At(octets, AT.flags) | 0x80),
  ),
  v1Octets('v1-fills-reserved', 'writes something into RESERVED', octets =>
    isMain(octets) && u8At(octets, AT.flags) === 0 ? written(octets, 29, 0x55) : octets,
  ),
  v1Mouth('v1-any-header', 'takes any header for the one that it should be', () => mended),
  ikeEffectsSubject('v1-any-cookie', 'takes a notice for one of the ISAKMP SA that it has spoken in last', () => {
    let cookies: Uint8Array = new Uint8Array(16);
    return {
      incoming: datagram => {
        const isNotice = u8At(datagram.octets, AT.exchangeType) === IsakmpExchange.INFORMATIONAL;
        return isNotice ? { ...datagram, octets: written(datagram.octets, 0, ...cookies) } : datagram;
      },
      outgoing: datagram => {
        cookies = datagram.octets.slice(0, 16);
        return datagram;
      },
    };
  }),
  v1Mouth(
    'v1-minds-commit',
    'drops messages with the Commit bit',
    () => octets => ((u8At(octets, AT.flags) & 2) === 0 ? octets : null),
  ),
  v1StepSubject('v1-obeys-clear', 'believes what is in the clear', { believesClear: () => true }),
  ikeWireSubject('v1-answers-too-early', 'says something to everything of phase 2', () => ({
    incoming: (message, wire) => {
      if (!isMain(message)) wire.answer(message);
      return message;
    },
  })),
  ikeEffectsSubject('v1-never-again', 'never sends anything a second time', () => {
    const sent = new Set<string>();
    return {
      outgoing: datagram => {
        const text = textOf(datagram.octets);
        if (sent.has(text)) return null;
        sent.add(text);
        return datagram;
      },
    };
  }),
  ikeEffectsSubject('v1-answers-anew', 'says something else whenever it has to repeat itself', () => {
    const sent = new Set<string>();
    return {
      outgoing: datagram => {
        const { octets } = datagram;
        const text = textOf(octets);
        const isAgain = sent.has(text);
        sent.add(text);
        return isAgain
          ? { ...datagram, octets: written(octets, octets.length - 1, u8At(octets, octets.length - 1) ^ 1) }
          : datagram;
      },
    };
  }),
  v1ConnectionSubject('v1-never-gives-up', 'never gives up', connection => ({
    ...connection,
    retransmission: { ...connection.retransmission, factor: 1, sends: 10_000 },
  })),
  v1StepSubject('v1-answers-once', 'does not repeat what it has said', { repeatsAnswer: () => false }),
  v1Mouth('v1-dies-of-repeats', 'hears nothing any more after a message that comes again', () => {
    const heard = new Set<string>();
    let isDead = false;
    return octets => {
      const text = textOf(octets);
      isDead ||= heard.has(text);
      heard.add(text);
      return isDead ? null : octets;
    };
  }),
  v1StepSubject('v1-informs-by-the-same-id', 'refuses by the Message ID of what it refuses', () => {
    let last = 0;
    return {
      incoming: message => {
        last = message.messageId;
        return message;
      },
      outgoing: message =>
        message.exchangeType === IsakmpExchange.INFORMATIONAL ? { ...message, messageId: last } : message,
    };
  }),
  v1Outgoing('v1-silent-notices', 'never sends a notice', message =>
    message.exchangeType === IsakmpExchange.INFORMATIONAL ? null : message,
  ),
];

/** As it should be: version 1.0, an exchange that there is, SA first, its own length, no Message ID in phase 1, a cookie. */
function mended(octets: Uint8Array): Uint8Array {
  const copy = Uint8Array.from(octets);
  if (copy.length < 28) return copy;
  copy[AT.version] = 0x10;
  if (u8At(copy, AT.exchangeType) === 77) copy[AT.exchangeType] = IsakmpExchange.IDENTITY_PROTECTION;
  if (isMain(copy) && !KNOWN.has(u8At(copy, AT.nextPayload))) copy[AT.nextPayload] = 1;
  if (isMain(copy)) copy.fill(0, AT.messageId, AT.length);
  if (copy.subarray(0, 8).every(octet => octet === 0)) copy[0] = 1;
  setU16(copy, AT.length + 2, copy.length);
  return copy;
}

/** What the first payload of Main Mode may be. */
const KNOWN: ReadonlySet<number> = new Set([1, 4, 5, 10, 13, 20]);
