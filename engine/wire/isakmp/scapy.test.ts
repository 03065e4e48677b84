import { spawnSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { fromHex, toHex } from '../testing/must.ts';
import { decodeIsakmpMessage, encodeIsakmpMessage } from './codec.ts';
import type { IsakmpMessage } from './message.ts';

/** The Debian package installs scapy for the system's Python only, which need not be the first in PATH. */
const python = ['python3', '/usr/bin/python3'].find(
  program => spawnSync(program, ['-c', 'import scapy.layers.isakmp']).status === 0,
);

const header = {
  initiatorCookie: '0102030405060708',
  responderCookie: '1112131415161718',
  majorVersion: 1,
  minorVersion: 0,
  isEncrypted: false,
  isCommit: false,
  isAuthenticationOnly: false,
  messageId: 0,
};

/** As scapy 2.5 knows them: its signatures, certificates, notifications and deletes have no fields. */
const messages: readonly IsakmpMessage[] = [
  {
    ...header,
    responderCookie: '0000000000000000',
    exchangeType: 2,
    payloads: [
      {
        type: 'SA',
        doi: 1,
        situation: 1,
        proposals: [
          {
            number: 1,
            protocolId: 1,
            spi: new Uint8Array(0),
            transforms: [
              {
                number: 1,
                id: 1,
                attributes: [
                  { type: 1, value: 7 },
                  { type: 14, value: 256 },
                  { type: 2, value: 4 },
                  { type: 3, value: 1 },
                  { type: 4, value: 14 },
                  { type: 11, value: 1 },
                  { type: 12, value: Uint8Array.of(1, 0x51, 0x80) },
                ],
              },
              { number: 2, id: 1, attributes: [{ type: 1, value: 5 }] },
            ],
          },
        ],
      },
      { type: 'VID', data: Uint8Array.of(1, 2, 3) },
    ],
    body: null,
  },
  {
    ...header,
    exchangeType: 4,
    payloads: [
      { type: 'KE', data: new Uint8Array(128).fill(9) },
      { type: 'NONCE', data: new Uint8Array(16).fill(7) },
      { type: 'ID', idType: 11, protocol: 17, port: 500, data: Uint8Array.of(0x61, 0x62) },
      { type: 'HASH', data: new Uint8Array(20).fill(8) },
    ],
    body: null,
  },
  {
    ...header,
    exchangeType: 32,
    messageId: 0x1234_5678,
    isEncrypted: true,
    isCommit: true,
    payloads: [],
    firstPayload: 8,
    body: new Uint8Array(48).fill(5),
  },
];

/** The same, said in scapy's words. */
const theirs = `
import sys, json, logging
logging.getLogger('scapy').setLevel(logging.ERROR)
from scapy.layers.isakmp import *
from scapy.packet import Raw
i, r = bytes.fromhex('0102030405060708'), bytes.fromhex('1112131415161718')
second = ISAKMP_payload_Transform(next_payload=0, num=2, transforms=[('Encryption', '3DES-CBC')])
first = ISAKMP_payload_Transform(next_payload=3, num=1, transforms=[('Encryption', 'AES-CBC'), ('KeyLength', 256), ('Hash', 'SHA2-256'),
    ('Authentication', 'PSK'), ('GroupDesc', '2048MODPgr'), ('LifeType', 'Seconds'), ('LifeDuration', 86400)])
proposal = ISAKMP_payload_Proposal(next_payload=0, trans_nb=2, trans=first / second)
made = [
    ISAKMP(init_cookie=i, resp_cookie=bytes(8), exch_type=2, next_payload=1) / ISAKMP_payload_SA(next_payload=13, prop=proposal)
        / ISAKMP_payload_VendorID(next_payload=0, load=bytes([1, 2, 3])),
    ISAKMP(init_cookie=i, resp_cookie=r, exch_type=4, next_payload=4) / ISAKMP_payload_KE(next_payload=10, load=b'\\x09'*128)
        / ISAKMP_payload_Nonce(next_payload=5, load=b'\\x07'*16) / ISAKMP_payload_ID(next_payload=8, IDtype=11, ProtoID=17, Port=500, load=b'ab')
        / ISAKMP_payload_Hash(next_payload=0, load=b'\\x08'*20),
    ISAKMP(init_cookie=i, resp_cookie=r, exch_type=32, next_payload=8, flags='encryption+commit', id=0x12345678) / Raw(b'\\x05'*48),
]
def layers(packet):
    names = []
    while packet and packet.name != 'Raw':
        names.append(packet.name)
        packet = packet.payload
    return names
def facts(octets):
    p = ISAKMP(octets)
    facts = dict(layers=layers(p), id=p.id, exchange=p.exch_type)
    if ISAKMP_payload_SA in p:
        proposal = p[ISAKMP_payload_SA].prop
        facts['transforms'] = [[str(v) for v in t] for t in proposal.trans.transforms]
        facts['more'] = proposal.trans.payload.num
    if ISAKMP_payload_ID in p: facts['port'] = p[ISAKMP_payload_ID].Port
    return facts
cases = [bytes.fromhex(case) for case in json.load(sys.stdin)]
print(json.dumps(dict(made=[bytes(m).hex() for m in made], facts=[facts(case) for case in cases])))
`;

interface Answer {
  readonly made: readonly string[];
  readonly facts: readonly unknown[];
}

function scapy(cases: readonly Uint8Array[]): Answer {
  const options = { input: JSON.stringify(cases.map(toHex)), encoding: 'utf8' } as const;
  const run = spawnSync(python ?? 'python3', ['-c', theirs], options);
  if (run.status !== 0) throw new Error(run.stderr);
  const answer: Answer = JSON.parse(run.stdout);
  return answer;
}

describe.skipIf(python === undefined)('scapy agrees (needs scapy: apt-get install python3-scapy)', () => {
  const encoded = messages.map(encodeIsakmpMessage);

  test('about the octets of a message, and we read what it made', () => {
    const { made } = scapy([]);
    expect(made).toEqual(encoded.map(toHex));
    expect(made.map(octets => decodeIsakmpMessage(fromHex(octets)))).toEqual(messages);
  });

  test('about what is in a message that we made', () => {
    const { facts } = scapy(encoded);
    expect(facts).toEqual([
      {
        layers: ['ISAKMP', 'ISAKMP SA', 'ISAKMP Vendor ID'],
        id: 0,
        exchange: 2,
        transforms: [
          ['Encryption', 'AES-CBC'],
          ['KeyLength', '256'],
          ['Hash', 'SHA2-256'],
          ['Authentication', 'PSK'],
          ['GroupDesc', '2048MODPgr'],
          ['LifeType', 'Seconds'],
          ['LifeDuration', '86400'],
        ],
        more: 2,
      },
      {
        layers: ['ISAKMP', 'ISAKMP Key Exchange', 'ISAKMP Nonce', 'ISAKMP Identification', 'ISAKMP Hash'],
        id: 0,
        exchange: 4,
        port: 500,
      },
      { layers: ['ISAKMP'], id: 0x1234_5678, exchange: 32 },
    ]);
  });
});
