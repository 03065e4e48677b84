import { expect, test } from 'vitest';
import type { CapturedPacket } from './packet.ts';
import { PcapngStream, readLabCapture, writePcapng } from './pcapng-file.ts';
import { concatenate, encodePcapng } from './pcap-parser/pcapng-writer.ts';
import { readCapture } from './pcap-parser/read-capture.ts';
import { captured, echo, frame } from './testing/seal.ts';

const PACKETS: CapturedPacket[] = [
  captured(frame(echo('10.0.0.2', '10.0.1.2')), { link: 'lan-a', from: 'a1:eth0' }),
  captured(Uint8Array.of(1, 2, 3), { at: 7n }),
  captured(Uint8Array.of(4), { from: 'internet:alice', at: 2n ** 64n - 1n }),
  captured(Uint8Array.of(5)),
];

test('lab packets come back as they were, link and sender included', () => {
  const { packets, problems } = readLabCapture(writePcapng(PACKETS, new Map([[1, 'this one\nproves it']])));
  expect(problems).toEqual([]);
  expect(packets).toEqual(
    PACKETS.map((packet, i) => ({ ...packet, comments: i === 1 ? ['this one\nproves it'] : [] })),
  );
});

test('each sender is an interface, declared when its first packet comes', () => {
  const stream = new PcapngStream();
  const parts = [stream.start(), ...PACKETS.map(packet => stream.packet(packet))];
  expect(concatenate(parts)).toEqual(writePcapng(PACKETS));
  expect(readCapture(concatenate(parts)).interfaces.map(i => `${i.name} ${i.description}`)).toEqual([
    'lan-a from a1:eth0',
    'wan from alice:net0',
    'wan from internet:alice',
  ]);
});

test('files from elsewhere: who sent is unknown, other link types and broken tails are reported', () => {
  const iface = { snapLength: 0, name: 'eth7', description: 'a card' };
  const octets = encodePcapng({
    application: 'other',
    interfaces: [
      { ...iface, linkType: 1 },
      { ...iface, linkType: 101 },
    ],
    packets: [0, 1, 0].map(interfaceId => ({ interfaceId, at: 9n, octets: Uint8Array.of(interfaceId) })),
  });
  const { packets, problems } = readLabCapture(octets.subarray(0, -4));
  expect(packets).toMatchObject([{ link: 'eth7', from: '', at: 9n, octets: Uint8Array.of(0) }]);
  expect(problems).toEqual([
    expect.stringMatching(/^octet \d+: the file ends \d+ octets into a block$/),
    '1 packets that are not Ethernet frames were left out',
  ]);
});
