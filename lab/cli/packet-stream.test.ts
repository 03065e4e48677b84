import { expect, test } from 'vitest';
import type { CapturedPacket } from '../capture/packet.ts';
import { PcapngStream } from '../capture/pcapng-file.ts';
import { packetsOf } from './packet-stream.ts';

const packets: CapturedPacket[] = ['alice:net0', 'internet:alice', 'alice:net0'].map((from, index) => ({
  link: 'wan',
  from,
  at: 1_700_000_000_000_000_001n + BigInt(index),
  octets: Uint8Array.of(1, 2, 3, index),
}));

async function* inPieces(octets: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < octets.length; at += size) yield octets.subarray(at, at + size);
}

test.each([1, 7, 1 << 16])('packets come out of the stream as they went in, in pieces of %i octets', async size => {
  const stream = new PcapngStream();
  const whole = Buffer.concat([stream.start(), ...packets.map(packet => stream.packet(packet, ['said']))]);
  const read = [];
  for await (const packet of packetsOf(inPieces(whole, size))) read.push(packet);
  expect(read).toEqual(packets.map(packet => ({ ...packet, comments: ['said'] })));
});

async function read(octets: Buffer): Promise<unknown[]> {
  const packets = [];
  for await (const packet of packetsOf(inPieces(octets, 8))) packets.push(packet);
  return packets;
}

test('what is no capture is an error, not an empty capture', async () => {
  await expect(read(Buffer.from('HTTP/1.1 200 OK and more'))).rejects.toThrow(/capture/);
});
