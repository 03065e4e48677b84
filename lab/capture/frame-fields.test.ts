import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { fieldNamed, type FrameField, frameFields } from './frame-fields.ts';
import { writePcapng } from './pcapng-file.ts';
import { hasScapy, packetsOfScapy } from './testing/scapy.ts';

const hasTshark = spawnSync('tshark', ['--version']).status === 0;

/** One frame of each kind, by scapy's own encoders; IKE by hand, since their names change with its version. */
const PROGRAM = `
import json, sys, logging, struct
logging.getLogger('scapy').setLevel(logging.ERROR)
from scapy.all import Ether, IP, IPv6, UDP, TCP, ICMP, ICMPv6EchoRequest, Raw
from scapy.layers.ipsec import ESP, AH
e = Ether(src='02:00:00:00:00:01', dst='02:00:00:00:00:02')
four, six = IP(src='1.2.3.4', dst='5.6.7.8', ttl=9), IPv6(src='2001:db8::1', dst='2001:db8::2', hlim=7)
payloads = struct.pack('>BBH', 41, 0, 24) + b'n' * 20 + struct.pack('>BBHBBH', 0, 0, 14, 0, 0, 16390) + b'cookie'
ike = struct.pack('>8s8sBBBBII', b'initiate', bytes(8), 40, 0x20, 34, 8, 5, 28 + len(payloads)) + payloads
main = struct.pack('>BBH', 10, 0, 12) + b'k' * 8 + struct.pack('>BBH', 0, 0, 12) + b'n' * 8
ikev1 = struct.pack('>8s8sBBBBII', b'initiate', b'responds', 4, 0x10, 2, 0, 0, 28 + len(main)) + main
quick = struct.pack('>8s8sBBBBII', b'initiate', b'responds', 8, 0x10, 32, 1, 9, 60) + b'c' * 32
frames = {
  'esp': e / four / ESP(spi=0x1001, seq=7, data=b'x' * 40),
  'ah': e / six / AH(spi=0x1002, seq=8, icv=b'i' * 12, nh=59, payloadlen=4),
  'icmp': e / four / ICMP(type=8, code=0) / Raw(b'p' * 8),
  'icmpv6': e / six / ICMPv6EchoRequest(data=b'p' * 8),
  'tcp': e / four / TCP(sport=1000, dport=2000, seq=77),
  'ikev1': e / four / UDP(sport=500, dport=500) / Raw(ikev1),
  'quick': e / four / UDP(sport=500, dport=500) / Raw(quick),
  'ike': e / four / UDP(sport=500, dport=500) / Raw(ike),
}
for order in json.load(sys.stdin):
  print(bytes(frames[order['kind']]).hex())
`;
const KINDS = ['esp', 'ah', 'icmp', 'icmpv6', 'tcp', 'ikev1', 'quick', 'ike'] as const;

/** Our names of fields, and what tshark calls them. */
const PLACES: Readonly<Record<(typeof KINDS)[number], Readonly<Record<string, string>>>> = {
  esp: {
    SPI: 'esp.spi',
    'Sequence Number': 'esp.sequence',
    'Time to Live': 'ip.ttl',
    'Source Address': 'ip.src',
    'Destination Address': 'ip.dst',
    'Flags and Fragment Offset': 'ip.flags',
  },
  ah: {
    SPI: 'ah.spi',
    'Sequence Number': 'ah.sequence',
    ICV: 'ah.icv',
    'Hop Limit': 'ipv6.hlim',
    'Source Address': 'ipv6.src',
  },
  icmp: { 'Type and Code': 'icmp.type', Protocol: 'ip.proto' },
  icmpv6: { 'Type and Code': 'icmpv6.type', 'Next Header': 'ipv6.nxt' },
  tcp: { Ports: 'tcp.srcport', 'Sequence Number': 'tcp.seq_raw' },
  ikev1: { 'Payload KE': 'isakmp.typepayload', Flags: 'isakmp.flags' },
  quick: { 'Encrypted part': 'isakmp.enc.data', 'Message ID': 'isakmp.messageid' },
  ike: {
    "Initiator's SPI": 'isakmp.ispi',
    'Exchange Type': 'isakmp.exchangetype',
    'Message ID': 'isakmp.messageid',
    Length: 'isakmp.length',
  },
};

test.skipIf(!hasTshark || !hasScapy)(
  'fields begin where tshark says, in frames that scapy has made (needs tshark and scapy: apt-get install tshark python3-scapy)',
  () => {
    const frames = packetsOfScapy(
      PROGRAM,
      KINDS.map(kind => ({ kind })),
    );
    const seen = placesOfTshark(frames);
    for (const [i, kind] of KINDS.entries()) {
      const fields = frameFields(frames[i] ?? new Uint8Array(0));
      for (const [name, filter] of Object.entries(PLACES[kind]))
        expect({ filter, at: named(fields, name)?.offset }).toEqual({ filter, at: seen[i]?.get(filter) });
    }
    const [esp = new Uint8Array(0), ike = new Uint8Array(0)] = [frames[0], frames.at(-1)];
    expect(frameFields(esp).at(-1)).toMatchObject({ name: 'Sequence Number', value: '7', offset: 38, end: 42 });
    const cookie = frameFields(ike).at(-1);
    expect(cookie).toMatchObject({ name: 'Payload N(COOKIE)', value: '14 octets', end: ike.length });
    expect(cookie?.words).toContain('cookie');
    const names = (['Payload N(COOKIE)', 'Payload N', 'Payload Ni', 'Payload NAT', 'SPI'] as const).map(
      name => fieldNamed(frameFields(ike), name)?.name,
    );
    expect(names).toEqual(['Payload N(COOKIE)', 'Payload N(COOKIE)', 'Payload Ni', undefined, undefined]);
  },
);

test('what is cut short has the fields that are there, and noise has none that is not', () => {
  const frame = new Uint8Array(
    Buffer.from(
      `02000000000202000000000108004500003c0001000040320000${'01020304'.repeat(2)}${'00001001'.repeat(10)}`,
      'hex',
    ),
  );
  for (let length = 0; length <= frame.length; length += 1) {
    for (const { offset, end } of frameFields(frame.subarray(0, length))) {
      expect(end).toBeLessThanOrEqual(length);
      expect(offset).toBeLessThan(end);
    }
  }
});

const named = (fields: readonly FrameField[], name: string): FrameField | undefined =>
  fields.findLast(field => field.name === name);

/** The first place of each field, frame by frame. */
function placesOfTshark(frames: readonly Uint8Array[]): Map<string, number>[] {
  const folder = mkdtempSync(join(tmpdir(), 'frame-fields-'));
  const file = join(folder, 'frames.pcapng');
  writeFileSync(file, writePcapng(frames.map((octets, i) => ({ link: 'wan', from: 'a:eth0', at: BigInt(i), octets }))));
  const { stdout } = spawnSync('tshark', ['-r', file, '-T', 'pdml'], { encoding: 'utf8', maxBuffer: 1 << 24 });
  rmSync(folder, { recursive: true });
  return stdout
    .split('<packet>')
    .slice(1)
    .map(
      packet =>
        new Map(
          [...packet.matchAll(/<field name="([\w.]+)"[^>]* pos="(\d+)"/g)]
            .map(([, name = '', at = '']) => [name, Number(at)] as const)
            .reverse(),
        ),
    );
}
