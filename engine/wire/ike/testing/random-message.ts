import type { Prng } from '../../testing/prng.ts';
import type { IkeMessage } from '../message.ts';
import type { Payload, SaPayload, TrafficSelector, TransformSubstructure } from '../payload.ts';

/** A message of payloads that are legal one by one, SK or SKF at its end now and then. */
export function randomMessage(random: Prng): IkeMessage {
  const payloads = Array.from({ length: random.below(8) }, () => randomPayload(random));
  if (random.below(4) === 0) payloads.push(encrypted(random));
  return {
    initiatorSpi: hex(random, 8),
    responderSpi: hex(random, 8),
    majorVersion: 2,
    minorVersion: random.below(16),
    exchangeType: random.below(256),
    isInitiator: random.flip(),
    isResponse: random.flip(),
    higherVersion: random.flip(),
    messageId: random.below(2 ** 32),
    payloads,
  };
}

/** Any but SK and SKF. */
export function randomPayload(random: Prng): Payload {
  const payload = random.pick(MAKERS)(random);
  return random.below(5) === 0 ? { ...payload, critical: true } : payload;
}

const hex = (random: Prng, octets: number): string => Buffer.from(random.bytes(octets)).toString('hex');

const some = <T>(random: Prng, least: number, make: (random: Prng) => T): T[] =>
  Array.from({ length: least + random.below(4) }, () => make(random));

const MAKERS: readonly ((random: Prng) => Payload)[] = [
  randomSa,
  random => ({ type: 'KE', group: random.below(65536), data: random.bytes(random.below(300)) }),
  random => ({ type: random.pick(['IDi', 'IDr']), idType: random.below(256), data: random.bytes(random.below(40)) }),
  random => ({ type: 'IDi', idType: 2, data: random.bytes(3), reserved: Uint8Array.of(0, 1 + random.below(255), 0) }),
  random => ({ type: 'CERT', encoding: random.below(256), data: random.bytes(random.below(900)) }),
  random => ({ type: 'CERTREQ', encoding: random.below(256), data: random.bytes(20 * random.below(4)) }),
  random => ({ type: 'AUTH', method: random.below(256), data: random.bytes(random.below(300)) }),
  random => ({ type: 'NONCE', data: random.bytes(16 + random.below(241)) }),
  random => ({
    type: 'N',
    protocolId: random.below(4),
    spi: random.bytes(random.pick([0, 4, 8])),
    notifyType: random.below(65536),
    data: random.bytes(random.below(64)),
  }),
  random => ({ type: 'D', protocolId: random.below(4), spis: some(random, 0, r => r.below(2 ** 32)) }),
  random => ({ type: random.pick(['TSi', 'TSr']), selectors: some(random, 1, randomSelector) }),
  random => ({ type: 'CP', cfgType: random.below(256), attributes: some(random, 0, randomAttribute) }),
  random => ({ type: random.pick(['V', 'EAP', 'PS']), data: random.bytes(random.below(64)) }),
  random => ({
    type: 'unknown',
    payloadType: random.pick([1, 5, 13, 32, 49, 52, 55, 128, 255]),
    data: random.bytes(random.below(64)),
  }),
];

function randomSa(random: Prng): SaPayload {
  return {
    type: 'SA',
    proposals: some(random, 1, () => ({
      number: random.below(256),
      protocolId: random.below(4),
      spi: random.bytes(random.pick([0, 4, 8])),
      transforms: some(random, 0, randomTransform),
    })),
  };
}

function randomTransform(random: Prng): TransformSubstructure {
  return {
    type: random.below(256),
    id: random.below(65536),
    keyBits: random.flip() ? null : random.below(65536),
    otherAttributes:
      random.below(4) > 0
        ? []
        : some(random, 0, r => ({
            type: 15 + r.below(1000),
            value: r.flip() ? r.below(65536) : r.bytes(r.below(9)),
          })),
  };
}

function randomSelector(random: Prng): TrafficSelector {
  const tsType = random.pick([7, 7, 8, 9]);
  const octets = tsType === 7 ? 4 : 16;
  const protocol = random.below(256);
  if (tsType === 9) {
    const none = new Uint8Array(0);
    return {
      tsType,
      protocol,
      startPort: 0,
      endPort: 0,
      start: none,
      end: none,
      unknown: random.bytes(random.below(9)),
    };
  }
  const ports = { startPort: random.below(65536), endPort: random.below(65536) };
  return { tsType, protocol, ...ports, start: random.bytes(octets), end: random.bytes(octets) };
}

const randomAttribute = (random: Prng) => ({ type: random.below(0x8000), value: random.bytes(random.below(18)) });

function encrypted(random: Prng): Payload {
  const body = random.bytes(random.below(80));
  if (random.flip()) return { type: 'SK', firstPayload: random.below(256), body };
  const totalFragments = 1 + random.below(65535);
  return {
    type: 'SKF',
    firstPayload: random.below(256),
    fragmentNumber: 1 + random.below(totalFragments),
    totalFragments,
    body,
  };
}
