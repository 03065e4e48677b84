import type { Prng } from '../../testing/prng.ts';
import type { IsakmpHeader, IsakmpMessage } from '../message.ts';
import type { IsakmpAttribute, IsakmpPayload, IsakmpSaPayload } from '../payload.ts';

/** A message of payloads that are legal one by one; encrypted, or a fragment, now and then. */
export function randomIsakmpMessage(random: Prng): IsakmpMessage {
  const header: IsakmpHeader = {
    initiatorCookie: hex(random, 8),
    responderCookie: hex(random, 8),
    majorVersion: 1,
    minorVersion: random.below(16),
    exchangeType: random.below(256),
    isEncrypted: false,
    isCommit: random.flip(),
    isAuthenticationOnly: random.flip(),
    messageId: random.below(2 ** 32),
  };
  switch (random.below(5)) {
    case 0:
      return {
        ...header,
        isEncrypted: true,
        payloads: [],
        firstPayload: random.below(14),
        body: random.bytes(8 * random.below(20)),
      };
    case 1:
      return { ...header, isEncrypted: random.flip(), payloads: [randomFragment(random)], body: null };
    default:
      return { ...header, payloads: randomIsakmpPayloads(random), body: null };
  }
}

export const randomIsakmpPayloads = (random: Prng): IsakmpPayload[] =>
  Array.from({ length: random.below(8) }, () => random.pick(MAKERS)(random));

const hex = (random: Prng, octets: number): string => Buffer.from(random.bytes(octets)).toString('hex');

const some = <T>(random: Prng, least: number, make: (random: Prng) => T): T[] =>
  Array.from({ length: least + random.below(4) }, () => make(random));

const randomFragment = (random: Prng): IsakmpPayload => ({
  type: 'FRAG',
  fragmentId: random.below(65536),
  number: 1 + random.below(255),
  isLast: random.flip(),
  data: random.bytes(random.below(300)),
});

const MAKERS: readonly ((random: Prng) => IsakmpPayload)[] = [
  randomSa,
  random => ({ type: 'KE', data: random.bytes(random.below(300)) }),
  random => ({
    type: 'ID',
    idType: random.below(256),
    protocol: random.below(256),
    port: random.below(65536),
    data: random.bytes(random.below(40)),
  }),
  random => ({ type: 'CERT', encoding: random.below(256), data: random.bytes(random.below(900)) }),
  random => ({ type: 'CR', encoding: random.below(256), data: random.bytes(random.below(90)) }),
  random => ({ type: random.pick(['HASH', 'SIG', 'NONCE', 'VID']), data: random.bytes(random.below(64)) }),
  random => ({
    type: 'N',
    doi: random.below(3),
    protocolId: random.below(5),
    spi: random.bytes(random.pick([0, 4, 16])),
    notifyType: random.below(65536),
    data: random.bytes(random.below(64)),
  }),
  random => {
    const octets = random.pick([4, 16]);
    return { type: 'D', doi: 1, protocolId: random.below(5), spis: some(random, 0, r => r.bytes(octets)) };
  },
  random => ({
    type: 'ATTR',
    cfgType: random.below(256),
    identifier: random.below(65536),
    attributes: some(random, 0, randomAttribute),
  }),
  random => ({ type: 'NATD', data: random.bytes(20), ...(random.flip() ? { isDraft: true } : {}) }),
  random => ({
    type: 'NATOA',
    idType: random.pick([1, 5]),
    data: random.bytes(random.pick([4, 16])),
    ...(random.flip() ? { isDraft: true } : {}),
  }),
  random => ({
    type: 'UNKNOWN',
    payloadType: random.pick([2, 3, 15, 16, 19, 22, 33, 53, 128, 129, 133, 255]),
    data: random.bytes(random.below(64)),
  }),
];

function randomSa(random: Prng): IsakmpSaPayload {
  if (random.below(8) === 0) {
    return { type: 'SA', doi: 2, situation: null, proposals: [], unread: random.bytes(random.below(40)) };
  }
  if (random.below(8) === 0) {
    return { type: 'SA', doi: 1, situation: 3, proposals: [], unread: random.bytes(random.below(40)) };
  }
  return {
    type: 'SA',
    doi: 1,
    situation: 1,
    proposals: some(random, 1, () => ({
      number: random.below(256),
      protocolId: random.below(5),
      spi: random.bytes(random.pick([0, 2, 4, 8, 16])),
      transforms: some(random, 0, () => ({
        number: random.below(256),
        id: random.below(256),
        attributes: some(random, 0, randomAttribute),
      })),
    })),
  };
}

const randomAttribute = (random: Prng): IsakmpAttribute => ({
  type: random.below(0x8000),
  value: random.flip() ? random.below(65536) : random.bytes(random.below(9)),
});
