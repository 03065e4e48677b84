import { PayloadType } from '../../engine/wire/ike/registry.ts';
import { u8At } from '../../engine/wire/octets.ts';
import { ikeConfigSubject, ikeWireSubject } from './build-ike.ts';
import { isClearInit } from './build-ike-messages.ts';
import type { Subject } from './subject.ts';

/** Those that send again what they should not, and believe whom they should not, RFC 7296 §2.1, §2.4 and §2.21. */
export const BROKEN_IKE_TRUST: readonly Subject[] = [...resending(), ...aboutTrust()];

/** §2.1. */
function resending(): Subject[] {
  return [
    ikeWireSubject('ike-resends-anew', 'sends a request again in other octets', () => {
      const seen = new Set<string>();
      return {
        outgoing: message => {
          const isAgain = seen.has(hex(message));
          seen.add(hex(message));
          return isAgain ? message.with(-1 + message.length, u8At(message, message.length - 1) ^ 1) : message;
        },
      };
    }),
    ikeWireSubject('ike-sends-once', 'never sends a request again', () => {
      const seen = new Set<string>();
      return {
        outgoing: message => {
          if (seen.has(hex(message))) return null;
          seen.add(hex(message));
          return message;
        },
      };
    }),
    ikeConfigSubject(
      'ike-resends-steadily',
      'sends a request again as often at the end as in the beginning',
      config => ({
        ...config,
        connections: config.connections.map(connection => ({
          ...connection,
          retransmission: { firstMs: 1000, factor: 1, longestMs: 1000, sends: 30 },
        })),
      }),
    ),
    ikeWireSubject('ike-answers-twice', 'sends responses that nobody asked for again', () => ({
      outgoing: (message, wire) => {
        if ((u8At(message, 19) & 0x20) !== 0) wire.answer(message);
        return message;
      },
    })),
  ];
}

/** §2.4, §2.21: whom it believes what. */
function aboutTrust(): Subject[] {
  const endsAll = { kind: 'terminate', ike: 'bob' } as const;
  return [
    ikeWireSubject('ike-believes-clear', 'ends an IKE SA for what anybody may have said', () => ({
      incoming: (message, wire) => {
        const isClear = !isClearInit(message) && u8At(message, 16) !== PayloadType.SK;
        if (isClear) wire.command(endsAll);
        return message;
      },
    })),
    ikeWireSubject('ike-gives-up-on-forgeries', 'ends an IKE SA when it gets a message that is not authentic', () => ({
      incoming: (message, wire) => {
        if (wire.open(message)?.kind === 'ikeRejected') wire.command(endsAll);
        return message;
      },
    })),
    ikeWireSubject('ike-answers-forgeries', 'answers messages that are not authentic', () => ({
      incoming: (message, wire) => {
        if (wire.open(message)?.kind === 'ikeRejected') wire.answer(asResponse(message));
        return message;
      },
    })),
    ikeWireSubject('ike-answers-responses', 'answers responses to nothing', () => ({
      incoming: (message, wire) => {
        if ((u8At(message, 19) & 0x20) !== 0) wire.answer(asResponse(message));
        return message;
      },
    })),
    ikeWireSubject('ike-takes-far-requests', 'takes requests of any Message ID', () => ({
      incoming: (message, wire) => {
        const opening = wire.open(message);
        const deletes = opening?.kind === 'ikeOpened' && opening.payloads.some(({ type }) => type === 'D');
        if (!deletes) return message;
        wire.command(endsAll);
        return null;
      },
    })),
    ikeWireSubject('ike-answers-strangers', 'answers everybody, as often as he asks', () => ({
      incoming: (message, wire) => {
        if (!isClearInit(message) && u8At(message, 16) !== PayloadType.SK) wire.answer(asResponse(message));
        return message;
      },
    })),
    ikeWireSubject('ike-wrong-stranger', 'tells strangers what they said', () => ({
      incoming: (message, wire) => {
        if (isClearInit(message) || u8At(message, 16) === PayloadType.SK) return message;
        wire.answer(asResponse(message));
        return null;
      },
    })),
    ikeWireSubject('ike-dies-of-padding', 'ends an IKE SA when the padding of a message cannot be', () => ({
      incoming: (message, wire) => {
        const opening = wire.open(message);
        if (opening?.kind === 'ikeRejected' && opening.why.includes('padding')) wire.command(endsAll);
        return message;
      },
    })),
    ikeWireSubject('ike-minds-padding', 'takes no more padding than a block', () => ({
      incoming: (message, wire) => {
        const opening = wire.open(message);
        const isPadded = opening?.kind === 'ikeOpened' && opening.payloads.length === 0 && message.length > 100;
        return isPadded ? null : message;
      },
    })),
    ikeWireSubject('ike-falls-silent-of-it', 'says nothing any more after an IKE_SA_INIT that is not one', () => {
      let isSilent = false;
      let isFirst = true;
      return {
        incoming: message => {
          if (isFirst) isSilent = true;
          isFirst = false;
          return isSilent ? null : message;
        },
      };
    }),
    ikeWireSubject('ike-falls-silent', 'says nothing any more after a message that is malformed', () => {
      let isSilent = false;
      return {
        incoming: message => {
          if (isClearInit(message) && message.length < 100) isSilent = true;
          return isSilent ? null : message;
        },
      };
    }),
  ];
}

/** The same octets with the Response flag. */
function asResponse(message: Uint8Array): Uint8Array {
  return message.with(19, u8At(message, 19) | 0x20);
}

function hex(message: Uint8Array): string {
  return Buffer.from(message).toString('hex');
}
