import { describe, expect, test } from 'vitest';
import { fromHex, toHex } from '../testing/must.ts';
import { WireError } from '../wire-error.ts';
import { Writer } from '../writer.ts';
import type { Payload } from './payload.ts';
import { decodeBody, encodeBody, payloadTypeOf } from './payload-body.ts';
import { PayloadType } from './registry.ts';

const none = new Uint8Array(0);

/** Bodies behind the generic header, laid out by the figures of RFC 7296 §3. */
const examples: readonly (readonly [what: string, payload: Payload, body: string])[] = [
  [
    'SA: two proposals, the second with an SPI; a key length; an attribute with a length of its own',
    {
      type: 'SA',
      proposals: [
        {
          number: 1,
          protocolId: 1,
          spi: none,
          transforms: [
            { type: 1, id: 12, keyBits: 256, otherAttributes: [] },
            { type: 4, id: 14, keyBits: null, otherAttributes: [] },
          ],
        },
        {
          number: 2,
          protocolId: 3,
          spi: Uint8Array.of(0xc0, 0xff, 0xee, 1),
          transforms: [
            { type: 5, id: 1, keyBits: null, otherAttributes: [{ type: 300, value: Uint8Array.of(1, 2, 3) }] },
          ],
        },
      ],
    },
    `02 00 001c 01 01 00 02   03 00 000c 01 00 000c 800e 0100   00 00 0008 04 00 000e
     00 00 001b 02 03 04 01 c0ffee01   00 00 000f 05 00 0001 012c 0003 010203`,
  ],
  ['KE', { type: 'KE', group: 31, data: Uint8Array.of(1, 2, 3) }, '001f 0000 010203'],
  ['IDi', { type: 'IDi', idType: 1, data: Uint8Array.of(192, 0, 2, 1) }, '01 000000 c0000201'],
  ['IDr with RESERVED set', { type: 'IDr', idType: 2, data: none, reserved: Uint8Array.of(0, 0, 9) }, '02 000009'],
  ['CERT', { type: 'CERT', encoding: 4, data: Uint8Array.of(0x30, 0) }, '04 3000'],
  ['CERTREQ', { type: 'CERTREQ', encoding: 4, data: new Uint8Array(20).fill(0xaa) }, `04 ${'aa'.repeat(20)}`],
  ['AUTH', { type: 'AUTH', method: 2, data: Uint8Array.of(9, 8, 7) }, '02 000000 090807'],
  ['NONCE', { type: 'NONCE', data: new Uint8Array(16).fill(5) }, '05'.repeat(16)],
  [
    'N about no SA: INVALID_KE_PAYLOAD, the group in two octets (§3.10.1)',
    { type: 'N', protocolId: 0, spi: none, notifyType: 17, data: Uint8Array.of(0, 14) },
    '00 00 0011 000e',
  ],
  [
    'N about a child: REKEY_SA',
    { type: 'N', protocolId: 3, spi: Uint8Array.of(1, 2, 3, 4), notifyType: 16393, data: none },
    '03 04 4009 01020304',
  ],
  ['D of an IKE SA', { type: 'D', protocolId: 1, spis: [] }, '01 00 0000'],
  ['D of two SAs of ESP', { type: 'D', protocolId: 3, spis: [256, 0xdeadbeef] }, '03 04 0002 00000100 deadbeef'],
  ['V', { type: 'V', data: Uint8Array.of(0x61, 0x62) }, '6162'],
  [
    'TSi: the example of §2.9, one packet and the whole',
    {
      type: 'TSi',
      selectors: [
        {
          tsType: 7,
          protocol: 6,
          startPort: 1234,
          endPort: 1234,
          start: Uint8Array.of(198, 51, 100, 66),
          end: Uint8Array.of(198, 51, 100, 66),
        },
        {
          tsType: 7,
          protocol: 0,
          startPort: 0,
          endPort: 65535,
          start: Uint8Array.of(198, 51, 100, 0),
          end: Uint8Array.of(198, 51, 100, 255),
        },
      ],
    },
    '02 000000   07 06 0010 04d2 04d2 c6336442 c6336442   07 00 0010 0000 ffff c6336400 c63364ff',
  ],
  [
    'TSr: IPv6, OPAQUE ports, and a type that we do not know',
    {
      type: 'TSr',
      selectors: [
        {
          tsType: 8,
          protocol: 58,
          startPort: 65535,
          endPort: 0,
          start: new Uint8Array(16),
          end: new Uint8Array(16).fill(0xff),
        },
        { tsType: 9, protocol: 0, startPort: 0, endPort: 0, start: none, end: none, unknown: Uint8Array.of(1, 2) },
      ],
    },
    `02 000000   08 3a 0028 ffff 0000 ${'00'.repeat(16)} ${'ff'.repeat(16)}   09 00 0006 0102`,
  ],
  ['SK', { type: 'SK', firstPayload: 35, body: Uint8Array.of(1, 2, 3) }, '010203'],
  [
    'SKF',
    { type: 'SKF', firstPayload: 0, fragmentNumber: 2, totalFragments: 3, body: Uint8Array.of(7) },
    '0002 0003 07',
  ],
  [
    'CP: the request of §3.15',
    {
      type: 'CP',
      cfgType: 1,
      attributes: [
        { type: 1, value: none },
        { type: 3, value: Uint8Array.of(192, 0, 2, 53) },
      ],
    },
    '01 000000 0001 0000 0003 0004 c0000235',
  ],
  ['EAP', { type: 'EAP', data: Uint8Array.of(1, 2, 0, 4) }, '01020004'],
  ['PS', { type: 'PS', data: Uint8Array.of(1) }, '01'],
  ['a type that has no name', { type: 'unknown', payloadType: 200, data: Uint8Array.of(1) }, '01'],
];

function encoded(payload: Payload): Uint8Array {
  const out = new Writer();
  encodeBody(payload, out);
  return out.finish();
}

const decoded = (payload: Payload, body: Uint8Array): Payload =>
  decodeBody(
    payloadTypeOf(payload),
    payload.type === 'SK' || payload.type === 'SKF' ? payload.firstPayload : 0,
    body,
    0,
  );

/** null: it cannot be read. */
function readOrNull(payload: Payload, body: Uint8Array): Payload | null {
  try {
    return decoded(payload, body);
  } catch (error) {
    if (error instanceof WireError) return null;
    throw error;
  }
}

describe.each(examples)('%s', (_, payload, body) => {
  test('is read and written field by field', () => {
    expect(decoded(payload, fromHex(body))).toEqual(payload);
    expect(toHex(encoded(payload))).toBe(toHex(fromHex(body)));
  });

  test('cut short, it is refused or is another payload, never another error', () => {
    const whole = fromHex(body);
    const shorter = Array.from(whole, (_octet, length) => whole.subarray(0, length));
    expect(shorter.map(octets => readOrNull(payload, octets))).not.toContainEqual(payload);
  });
});

const refused: readonly (readonly [what: string, type: number, body: string, message: RegExp])[] = [
  ['SA without proposals', PayloadType.SA, '', /SA Last Substruc/],
  ['SA whose proposal says to be followed', PayloadType.SA, '02 00 0008 01 01 00 00', /SA Last Substruc/],
  ['SA whose last proposal is not at its end', PayloadType.SA, '00 00 0008 01 01 00 00  00', /1 octets behind/],
  ['a proposal with an odd Last Substruc', PayloadType.SA, '01 00 0008 01 01 00 00', /1, not 0 or 2/],
  ['a proposal with fewer transforms than it says', PayloadType.SA, '00 00 0008 01 01 00 01', /SA Last Substruc/],
  ['a proposal with more', PayloadType.SA, '00 00 0010 01 01 00 00 00 00 0008 04 00 000e', /SA Proposal Length/],
  ['a proposal of length 0', PayloadType.SA, '00 00 0000 01 01 00 00', /SA Proposal Length/],
  ['a transform of length 0', PayloadType.SA, '00 00 0010 01 01 00 01 00 00 0000 04 00 000e', /SA Transform Length/],
  [
    'a transform said to be the last that is not',
    PayloadType.SA,
    '00 00 0018 01 01 00 02 00 00 0008 04 00 000e 00 00 0008 04 00 000e',
    /transform 1 of 2/,
  ],
  [
    'an attribute that leaves its transform',
    PayloadType.SA,
    '00 00 0014 01 01 00 01 00 00 000c 01 00 000c 000e 0001 ff',
    /Transform Length|Attribute Value/,
  ],
  ['N with an SPI longer than the payload', PayloadType.N, '03 08 4009 01020304', /N SPI/],
  ['D with SPIs of 8 octets', PayloadType.D, '03 08 0001 0000000000000001', /D SPI Size/],
  ['D with fewer SPIs than it says', PayloadType.D, '03 04 0002 00000001', /2 SPIs in 4 octets/],
  ['D with more', PayloadType.D, '01 00 0000 00000001', /0 SPIs in 4 octets/],
  ['D with a flood of SPIs', PayloadType.D, `03 04 0401 ${'00000001'.repeat(1025)}`, /more than 1024/],
  ['TS without selectors', PayloadType.TSi, '00 000000', /TSi Number of TSs/],
  [
    'TS with fewer selectors than it says',
    PayloadType.TSr,
    '02 000000 07 06 0010 04d2 04d2 c6336442 c6336442',
    /TSr TS Type/,
  ],
  ['TS with more', PayloadType.TSi, '01 000000 07 06 0010 04d2 04d2 c6336442 c6336442 07', /1 octets behind/],
  [
    'a selector with the length of the other family',
    PayloadType.TSi,
    '01 000000 07 00 0028 0000 ffff c6336442 c6336442',
    /40, not 16/,
  ],
  ['an unknown selector of length 3', PayloadType.TSi, '01 000000 09 00 0003', /TSi Selector Length/],
  ['CP whose attribute leaves it', PayloadType.CP, '01 000000 0001 0004 c00002', /CP Attribute Value/],
  ['CP with a flood of attributes', PayloadType.CP, `01 000000 ${'00010000'.repeat(257)}`, /more than 256/],
  ['fragment 0, RFC 7383 §2.5', PayloadType.SKF, '0000 0001 00', /0 of 1/],
  ['a fragment beyond the last', PayloadType.SKF, '0003 0002 00', /3 of 2/],
];

test.each(refused)('%s is refused', (_, type, body, message) => {
  expect(() => decodeBody(type, 0, fromHex(body), 100)).toThrow(message);
  expect(() => decodeBody(type, 0, fromHex(body), 100)).toThrow(WireError);
});

test('an error says where in the message it is', () => {
  expect(() => decodeBody(PayloadType.KE, 0, new Uint8Array(3), 32)).toThrow(/KE RESERVED at octet 34/);
});

test('a Key Length that comes twice, or at length, is not taken for one', () => {
  const twice = fromHex('00 00 0018 01 01 00 01 00 00 0010 01 00 000c 800e 0100 800e 0080');
  expect(decodeBody(PayloadType.SA, 0, twice, 0)).toMatchObject({
    proposals: [{ transforms: [{ keyBits: 256, otherAttributes: [{ type: 14, value: 128 }] }] }],
  });
  const long = fromHex('00 00 0016 01 01 00 01 00 00 000e 01 00 000c 000e 0002 0100');
  expect(decodeBody(PayloadType.SA, 0, long, 0)).toMatchObject({
    proposals: [{ transforms: [{ keyBits: null, otherAttributes: [{ type: 14, value: Uint8Array.of(1, 0) }] }] }],
  });
});

test('types of IKEv1 are nothing that we know', () => {
  for (let type = 1; type <= 32; type++) {
    expect(decodeBody(type, 0, none, 0)).toEqual({ type: 'unknown', payloadType: type, data: none });
  }
});

test('what does not fit the format is not written', () => {
  const proposal = { number: 1, protocolId: 1, spi: none, transforms: [] };
  const transforms = Array.from({ length: 256 }, () => ({ type: 1, id: 1, keyBits: null, otherAttributes: [] }));
  expect(() => encoded({ type: 'SA', proposals: [{ ...proposal, transforms }] })).toThrow(RangeError);
  expect(() => encoded({ type: 'SA', proposals: [{ ...proposal, spi: new Uint8Array(256) }] })).toThrow(RangeError);
  const selector = { tsType: 7, protocol: 0, startPort: 0, endPort: 0, start: none, end: none };
  expect(() => encoded({ type: 'TSi', selectors: Array.from({ length: 256 }, () => selector) })).toThrow(RangeError);
});
