import { expect, test } from 'vitest';
import { dissect, findLayer } from './dissect.ts';
import { encodeEthernet } from './ethernet.ts';
import { encodeIcmpv4 } from './icmpv4.ts';
import { encodeIcmpv6 } from './icmpv6.ts';
import { encodeIpv4 } from './ipv4.ts';
import { encodeIpv6 } from './ipv6.ts';
import { encodeNd } from './nd.ts';
import { finishFrame } from './offload.ts';
import { encodeTcp, TcpFlag } from './tcp.ts';
import { addressOf, must } from './testing/must.ts';
import { Prng } from './testing/prng.ts';
import { scapyFrame, scapyFrameNames } from './testing/scapy-frames.ts';
import { hasTshark, NEEDS_TSHARK, tsharkFields } from './testing/tshark.ts';
import { encodeUdp } from './udp.ts';

const addresses = {
  4: { source: addressOf('10.0.0.2'), destination: addressOf('10.0.1.2') },
  6: { source: addressOf('fe80::1'), destination: addressOf('fe80::2') },
};

function frame(version: 4 | 6, protocol: number, payload: Uint8Array): Uint8Array {
  const { source, destination } = addresses[version];
  const flags = { dontFragment: true, moreFragments: false, fragmentOffset: 0, options: Uint8Array.of(1, 1, 1, 0) };
  const packet =
    version === 4
      ? encodeIpv4({ ...flags, source, destination, dscpEcn: 0, identification: 7, ttl: 64, protocol, payload })
      : encodeIpv6({
          source,
          destination,
          trafficClass: 0,
          flowLabel: 5,
          nextHeader: protocol,
          hopLimit: 255,
          payload,
        });
  const macs = { destination: Uint8Array.of(2, 0, 0, 0, 0, 2), source: Uint8Array.of(2, 0, 0, 0, 0, 1) };
  return encodeEthernet({ ...macs, etherType: version === 4 ? 0x0800 : 0x86dd, payload: packet });
}

const statusFields = [
  'ip.checksum.status',
  'tcp.checksum.status',
  'udp.checksum.status',
  'icmp.checksum.status',
  'icmpv6.checksum.status',
];
const malformedFields = ['_ws.malformed', '_ws.short'];

/** Of several values in one cell. */
const first = (cell: string) => cell.split(',')[0] ?? '';

const hexOrNone = (value: number | undefined) =>
  value === undefined ? '' : `0x${value.toString(16).padStart(8, '0')}`;

/** The frames, in hexadecimal, with a checksum that is not good (1 in Wireshark's words) or with anything malformed. */
function objections(frames: readonly Uint8Array[]): string[] {
  const rows = tsharkFields(frames, [...statusFields, ...malformedFields]);
  if (rows.length !== frames.length) return [`${rows.length} rows for ${frames.length} frames`];
  return rows.flatMap((row, i) => {
    const statuses = row.slice(0, statusFields.length).join('').replaceAll(',', '');
    const isGood = /^1+$/.test(statuses) && row.slice(statusFields.length).join('') === '';
    return isGood ? [] : [`${Buffer.from(frames[i] ?? []).toString('hex')}: ${row.join('|')}`];
  });
}

test.skipIf(!hasTshark)(`tshark finds nothing wrong with what we encode ${NEEDS_TSHARK}`, () => {
  const random = new Prng(70);
  const frames = Array.from({ length: 100 }, (_, i) => {
    const version = i % 2 === 0 ? 4 : 6;
    const { source, destination } = addresses[version];
    const payload = random.bytes(random.below(200));
    const ports = { sourcePort: 40000 + random.below(20000), destinationPort: 40000 + random.below(20000) };
    if (i % 6 < 2) return frame(version, 17, encodeUdp({ ...ports, payload }, source, destination));
    if (i % 6 < 4) {
      const options = [
        { type: 'mss', octets: 1460 },
        { type: 'windowScale', shift: 7 },
        { type: 'sackPermitted' },
      ] as const;
      const segment = {
        ...ports,
        sequence: 1,
        acknowledgment: 0,
        flags: TcpFlag.SYN,
        window: 9,
        urgentPointer: 0,
        options,
      };
      return frame(version, 6, encodeTcp({ ...segment, payload }, source, destination));
    }
    const echo = { type: 'echoRequest', identifier: i, sequence: i, data: payload } as const;
    if (version === 4) return frame(4, 1, encodeIcmpv4(echo));
    const solicitation = encodeNd({
      type: 'neighborSolicitation',
      target: destination,
      options: [{ type: 'sourceLinkLayerAddress', mac: random.bytes(6) }],
    });
    return frame(6, 58, encodeIcmpv6(random.flip() ? echo : solicitation, source, destination));
  });
  expect(objections(frames)).toEqual([]);
  const broken = new Uint8Array(must(frames[0]));
  broken[broken.length - 1] = (broken.at(-1) ?? 0) ^ 1;
  expect(objections([broken])).toHaveLength(1);
});

test.skipIf(!hasTshark)(`tshark finds nothing wrong with the packets of a superframe ${NEEDS_TSHARK}`, () => {
  const random = new Prng(71);
  const frames = ([4, 6] as const).flatMap(version => {
    const { source, destination } = addresses[version];
    const ports = { sourcePort: 40001, destinationPort: 40002 };
    const payload = random.bytes(20_011);
    const tcp = {
      ...ports,
      sequence: 1,
      acknowledgment: 1,
      flags: TcpFlag.ACK,
      window: 9,
      urgentPointer: 0,
      options: [],
      payload,
    };
    const start = version === 4 ? 38 : 54;
    return [
      ...finishFrame(frame(version, 6, encodeTcp(tcp, source, destination)), {
        checksum: { start, offset: 16 },
        segments: { kind: `tcp${version}`, sizeOctets: 1448 },
      }),
      ...finishFrame(frame(version, 17, encodeUdp({ ...ports, payload }, source, destination)), {
        checksum: { start, offset: 6 },
        segments: { kind: 'udp', sizeOctets: 1200 },
      }),
    ];
  });
  expect(objections(frames)).toEqual([]);
  const broken = new Uint8Array(must(frames[0]));
  broken[broken.length - 1] = (broken.at(-1) ?? 0) ^ 1;
  expect(objections([broken])).toHaveLength(1);
});

test.skipIf(!hasTshark)(`tshark and we read the same fields from the packets of scapy ${NEEDS_TSHARK}`, () => {
  const fields = [
    'eth.src',
    'ip.src',
    'ip.dst',
    'ipv6.src',
    'ipv6.dst',
    'ip.ttl',
    'ipv6.hlim',
    'ip.id',
    'ip.dsfield.dscp',
  ];
  const more = [
    'udp.srcport',
    'udp.dstport',
    'tcp.srcport',
    'tcp.seq_raw',
    'tcp.window_size_value',
    'esp.spi',
    'esp.sequence',
    'ah.spi',
  ];
  const rows = tsharkFields(scapyFrameNames.map(scapyFrame), [...fields, ...more]);
  for (const [i, name] of scapyFrameNames.entries()) {
    const dissection = dissect(scapyFrame(name));
    const [four, six] = [findLayer(dissection, 'ipv4'), findLayer(dissection, 'ipv6')];
    const [udp, tcp] = [findLayer(dissection, 'udp'), findLayer(dissection, 'tcp')];
    const [esp, ah] = [findLayer(dissection, 'esp'), findLayer(dissection, 'ah')];
    const icmp = findLayer(dissection, 'icmpv4') ?? findLayer(dissection, 'icmpv6');
    // tshark lists the fields of a quoted packet among those of the frame.
    const quotedUdp = icmp?.quoted.find(layer => layer.kind === 'udp');
    const ports = udp ?? (quotedUdp?.kind === 'udp' ? quotedUdp : null);
    const ours = [
      findLayer(dissection, 'ethernet')?.source,
      four?.source,
      four?.destination,
      six?.source,
      six?.destination,
      four?.ttl,
      six?.hopLimit,
      four === null ? '' : `0x${four.identification.toString(16).padStart(4, '0')}`,
      four?.dscp,
      ports?.sourcePort,
      ports?.destinationPort,
      tcp?.sourcePort,
      tcp?.sequence,
      tcp?.window,
      hexOrNone(esp?.spi),
      esp?.sequence,
      hexOrNone(ah?.spi),
    ].map(value => String(value ?? ''));
    expect([name, ...(rows[i] ?? []).map(first)]).toEqual([name, ...ours]);
  }
});
