import { spawnSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { fromHex, toHex } from '../testing/must.ts';
import { decodeIkeMessage, encodeIkeMessage } from './codec.ts';
import type { IkeMessage } from './message.ts';
import type { Payload } from './payload.ts';
import { AuthMethod, CfgType, ExchangeType, IdType, NotifyType, ProtocolId, TransformType } from './registry.ts';

/** The Debian package installs scapy for the system's Python only, which need not be the first in PATH. */
const python = ['python3', '/usr/bin/python3'].find(
  program => spawnSync(program, ['-c', 'import scapy.contrib.ikev2']).status === 0,
);

const none = new Uint8Array(0);
const transform = (type: number, id: number, keyBits: number | null = null) => ({
  type,
  id,
  keyBits,
  otherAttributes: [],
});

const header = {
  initiatorSpi: '0102030405060708',
  responderSpi: '1112131415161718',
  majorVersion: 2,
  minorVersion: 0,
  isInitiator: true,
  isResponse: false,
  higherVersion: false,
};

const selector = {
  tsType: 7,
  protocol: 6,
  startPort: 80,
  endPort: 443,
  start: Uint8Array.of(10, 0, 0, 0),
  end: Uint8Array.of(10, 0, 0, 255),
};

/** As scapy 2.5 knows them: its Delete has no fields, and it has no transform attributes but Key Length. */
const messages: readonly IkeMessage[] = [
  {
    ...header,
    exchangeType: ExchangeType.IKE_SA_INIT,
    messageId: 0,
    payloads: [
      {
        type: 'SA',
        proposals: [
          {
            number: 1,
            protocolId: ProtocolId.IKE,
            spi: none,
            transforms: [
              transform(TransformType.ENCR, 20, 256),
              transform(TransformType.PRF, 5),
              transform(TransformType.KE, 31),
            ],
          },
          {
            number: 2,
            protocolId: ProtocolId.IKE,
            spi: Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8),
            transforms: [transform(TransformType.ENCR, 3)],
          },
        ],
      },
      { type: 'KE', group: 31, data: new Uint8Array(32).fill(9) },
      { type: 'NONCE', data: new Uint8Array(32).fill(7) },
      {
        type: 'N',
        protocolId: ProtocolId.NONE,
        spi: none,
        notifyType: NotifyType.NAT_DETECTION_SOURCE_IP,
        data: new Uint8Array(20).fill(1),
      },
      { type: 'V', data: Uint8Array.of(1, 2, 3) },
    ],
  },
  {
    ...header,
    exchangeType: ExchangeType.IKE_AUTH,
    messageId: 1,
    payloads: [
      { type: 'IDi', idType: IdType.ID_FQDN, data: Uint8Array.of(0x61, 0x2e, 0x62) },
      { type: 'CERTREQ', encoding: 4, data: new Uint8Array(20).fill(3) },
      { type: 'AUTH', method: AuthMethod.SHARED_KEY_MESSAGE_INTEGRITY_CODE, data: new Uint8Array(32).fill(4) },
      {
        type: 'CP',
        cfgType: CfgType.CFG_REQUEST,
        attributes: [
          { type: 7, value: none },
          { type: 25, value: Uint8Array.of(1, 2) },
        ],
      },
      { type: 'TSi', selectors: [selector, { ...selector, protocol: 0 }] },
      { type: 'TSr', selectors: [selector] },
    ],
  },
  {
    ...header,
    exchangeType: ExchangeType.INFORMATIONAL,
    messageId: 2,
    payloads: [
      { type: 'SKF', firstPayload: 41, fragmentNumber: 1, totalFragments: 2, body: new Uint8Array(40).fill(5) },
    ],
  },
  {
    ...header,
    exchangeType: ExchangeType.CREATE_CHILD_SA,
    messageId: 3,
    payloads: [{ type: 'SK', firstPayload: 33, body: new Uint8Array(40).fill(6) }],
  },
];

/** The same, said in scapy's words. */
const theirs = `
import sys, json, logging
logging.getLogger('scapy').setLevel(logging.ERROR)
from scapy.contrib.ikev2 import *
def transforms(*list):
    out = None
    for i, (kind, id, bits) in reversed(tuple(enumerate(list))):
        more = 3 if i < len(list) - 1 else 0
        t = IKEv2_payload_Transform(next_payload=more, transform_type=kind, transform_id=id)
        if bits: t.length = 12; t.key_length = bits
        out = t if out is None else t / out
    return out
head = dict(init_SPI=bytes.fromhex('0102030405060708'), resp_SPI=bytes.fromhex('1112131415161718'), flags='Initiator')
first = IKEv2_payload_Proposal(next_payload=2, proposal=1, proto=1, trans_nb=3, trans=transforms((1, 20, 256), (2, 5, 0), (4, 31, 0)))
second = IKEv2_payload_Proposal(next_payload=0, proposal=2, proto=1, SPIsize=8, SPI=bytes(range(1, 9)), trans_nb=1, trans=transforms((1, 3, 0)))
selectors = [IPv4TrafficSelector(IP_protocol_ID=p, start_port=80, end_port=443, starting_address_v4='10.0.0.0', ending_address_v4='10.0.0.255') for p in (6, 0)]
made = [
    IKEv2(exch_type=34, id=0, next_payload=33, **head) / IKEv2_payload_SA(next_payload=34, prop=first/second)
        / IKEv2_payload_KE(next_payload=40, group=31, load=b'\\x09'*32)
        / IKEv2_payload_Nonce(next_payload=41, load=b'\\x07'*32) / IKEv2_payload_Notify(next_payload=43, proto=0, type=16388, load=b'\\x01'*20)
        / IKEv2_payload_VendorID(next_payload=0, vendorID=bytes([1, 2, 3])),
    IKEv2(exch_type=35, id=1, next_payload=35, **head) / IKEv2_payload_IDi(next_payload=38, length=11, IDtype=2, ID=b'a.b')
        / IKEv2_payload_CERTREQ(next_payload=39, cert_type=4, cert_data=b'\\x03'*20) / IKEv2_payload_AUTH(next_payload=47, auth_type=2, load=b'\\x04'*32)
        / IKEv2_payload_CP(next_payload=44, length=18, CFGType=1, attributes=[ConfigurationAttribute(type=7, value=b''), ConfigurationAttribute(type=25, value=bytes([1, 2]))])
        / IKEv2_payload_TSi(next_payload=45, length=40, number_of_TSs=2, traffic_selector=selectors)
        / IKEv2_payload_TSr(next_payload=0, length=24, number_of_TSs=1, traffic_selector=selectors[:1]),
    IKEv2(exch_type=37, id=2, **head) / IKEv2_payload_Encrypted_Fragment(next_payload=41, frag_number=1, frag_total=2, load=b'\\x05'*40),
    IKEv2(exch_type=36, id=3, **head) / IKEv2_payload_Encrypted(next_payload=33, load=b'\\x06'*40),
]
def layers(octets):
    packet, names = IKEv2(octets), []
    while packet and packet.name != 'Raw':
        names.append(packet.name)
        packet = packet.payload
    return names
cases = [bytes.fromhex(case) for case in json.load(sys.stdin)]
def facts(octets):
    p = IKEv2(octets)
    facts = dict(layers=layers(octets), id=p.id, exchange=p.exch_type)
    if IKEv2_payload_KE in p: facts['group'] = p[IKEv2_payload_KE].group
    if IKEv2_payload_TSi in p: facts['tsi'] = [[s.start_port, s.starting_address_v4] for s in p[IKEv2_payload_TSi].traffic_selector]
    return facts
print(json.dumps(dict(made=[bytes(m).hex() for m in made], facts=[facts(case) for case in cases])))
`;

interface Answer {
  readonly made: readonly string[];
  readonly facts: readonly { readonly layers: readonly string[]; readonly id: number }[];
}

function scapy(cases: readonly Uint8Array[]): Answer {
  const options = { input: JSON.stringify(cases.map(toHex)), encoding: 'utf8' } as const;
  const run = spawnSync(python ?? 'python3', ['-c', theirs], options);
  if (run.status !== 0) throw new Error(run.stderr);
  const answer: Answer = JSON.parse(run.stdout);
  return answer;
}

describe.skipIf(python === undefined)('scapy agrees (needs scapy: apt-get install python3-scapy)', () => {
  const encoded = messages.map(encodeIkeMessage);

  test('about the octets of a message, and we read what it made', () => {
    const { made } = scapy([]);
    expect(made).toEqual(encoded.map(toHex));
    expect(made.map(octets => decodeIkeMessage(fromHex(octets)))).toEqual(messages);
  });

  test('about what is in a message that we made', () => {
    const { facts } = scapy(encoded);
    const names: Partial<Record<Payload['type'], string>> = {
      SA: 'IKEv2 SA',
      KE: 'IKEv2 Key Exchange',
      NONCE: 'IKEv2 Nonce',
      N: 'IKEv2 Notify',
      V: 'IKEv2 Vendor ID',
      IDi: 'IKEv2 Identification - Initiator',
      CERTREQ: 'IKEv2 Certificate Request',
      AUTH: 'IKEv2 Authentication',
      CP: 'IKEv2 Configuration',
      TSi: 'IKEv2 Traffic Selector - Initiator',
      TSr: 'IKEv2 Traffic Selector - Responder',
      SKF: 'IKEv2 Encrypted Fragment',
      SK: 'IKEv2 Encrypted and Authenticated',
    };
    expect(facts.map(fact => fact.layers)).toEqual(
      messages.map(({ payloads }) => ['IKEv2', ...payloads.map(({ type }) => names[type] ?? type)]),
    );
    expect(facts).toMatchObject(
      messages.map(({ messageId, exchangeType }) => ({ id: messageId, exchange: exchangeType })),
    );
    expect(facts[0]).toMatchObject({ group: 31 });
    expect(facts[1]).toMatchObject({
      tsi: [
        [80, '10.0.0.0'],
        [80, '10.0.0.0'],
      ],
    });
  });
});
