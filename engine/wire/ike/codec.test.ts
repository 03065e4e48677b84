import { expect, test } from 'vitest';
import { decodeIkeMessage, encodeIkeMessage } from './codec.ts';
import type { IkeMessage } from './message.ts';

test('a message comes back as it went', () => {
  const message: IkeMessage = {
    initiatorSpi: '0123456789abcdef',
    responderSpi: '0000000000000000',
    majorVersion: 2,
    minorVersion: 0,
    exchangeType: 34,
    isInitiator: true,
    isResponse: false,
    higherVersion: false,
    messageId: 0,
    payloads: [
      {
        type: 'SA',
        proposals: [
          {
            number: 1,
            protocolId: 1,
            spi: new Uint8Array(0),
            transforms: [
              { type: 1, id: 20, keyBits: 256, otherAttributes: [] },
              { type: 2, id: 5, keyBits: null, otherAttributes: [{ type: 99, value: Uint8Array.of(1, 2, 3) }] },
            ],
          },
        ],
      },
      { type: 'KE', group: 31, data: new Uint8Array(32).fill(7) },
      { type: 'NONCE', data: new Uint8Array(32) },
      { type: 'N', protocolId: 0, spi: new Uint8Array(0), notifyType: 16388, data: new Uint8Array(20) },
      { type: 'unknown', payloadType: 200, data: Uint8Array.of(1), critical: true },
    ],
  };
  expect(decodeIkeMessage(encodeIkeMessage(message))).toEqual(message);
});
