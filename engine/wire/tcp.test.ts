import { expect, test } from 'vitest';
import { decodeTcp, decodeTcpUnverified, encodeTcp, TcpFlag, type TcpOption, type TcpSegment } from './tcp.ts';
import { abuse } from './testing/hostile.ts';
import { addressOf } from './testing/must.ts';
import { Prng } from './testing/prng.ts';
import { scapyFrame } from './testing/scapy-frames.ts';
import { WireError } from './wire-error.ts';

const [source, destination] = [addressOf('10.0.0.2'), addressOf('10.0.1.2')];

function randomOption(random: Prng): TcpOption {
  switch (random.below(5)) {
    case 0:
      return { type: 'mss', octets: random.below(65536) };
    case 1:
      return { type: 'windowScale', shift: random.below(256) };
    case 2:
      return { type: 'sackPermitted' };
    case 3:
      return { type: 'timestamps', value: random.below(2 ** 32), echo: random.below(2 ** 32) };
    default:
      return { type: 'unknown', number: 20 + random.below(200), body: random.bytes(random.below(8)) };
  }
}

test('a SYN of scapy, field by field', () => {
  const segment = decodeTcp(scapyFrame('tcp syn').slice(34), source, destination);
  expect(segment).toMatchObject({
    sourcePort: 40000,
    destinationPort: 80,
    sequence: 0xdeadbeef,
    acknowledgment: 0,
    flags: TcpFlag.SYN | TcpFlag.ECE | TcpFlag.CWR,
    window: 64240,
    urgentPointer: 0,
  });
  expect(segment.options).toEqual([
    { type: 'mss', octets: 1460 },
    { type: 'sackPermitted' },
    { type: 'timestamps', value: 123456, echo: 0 },
    { type: 'windowScale', shift: 7 },
  ]);
  const again = decodeTcp(encodeTcp(segment, source, destination), source, destination);
  expect(again).toEqual(segment);
});

test('a segment of scapy over IPv6 is reproduced to the octet', () => {
  const octets = scapyFrame('tcp over ipv6').slice(54);
  const [from, to] = [addressOf('2001:470:24:c66::2'), addressOf('2001:470:24:c67::2')];
  const segment = decodeTcp(octets, from, to);
  expect(segment).toMatchObject({ sequence: 1, acknowledgment: 2, flags: TcpFlag.ACK | TcpFlag.PSH, window: 501 });
  expect(Buffer.from(segment.payload).toString()).toBe('GET /');
  expect(encodeTcp(segment, from, to)).toEqual(octets);
});

test('random segments survive encode and decode', () => {
  const random = new Prng(19);
  for (let i = 0; i < 10_000; i++) {
    const segment: TcpSegment = {
      sourcePort: random.below(65536),
      destinationPort: random.below(65536),
      sequence: random.below(2 ** 32),
      acknowledgment: random.below(2 ** 32),
      flags: random.below(4096),
      window: random.below(65536),
      urgentPointer: random.below(65536),
      options: Array.from({ length: random.below(4) }, () => randomOption(random)),
      payload: random.bytes(random.below(40)),
    };
    const octets = encodeTcp(segment, source, destination);
    expect(octets.length % 4).toBe(segment.payload.length % 4);
    expect(decodeTcp(octets, source, destination)).toEqual(segment);
  }
});

function withOptions(text: string): readonly TcpOption[] {
  const octets = new Uint8Array(24);
  octets[12] = 0x60;
  octets.set(Buffer.from(text, 'hex'), 20);
  return decodeTcpUnverified(octets).options;
}

test('options with a length that is not theirs are kept, those that run out are refused', () => {
  expect(withOptions('02030501')).toEqual([{ type: 'unknown', number: 2, body: Uint8Array.of(5) }]);
  expect(withOptions('00ffffff')).toEqual([]);
  expect(withOptions('01010101')).toEqual([]);
  expect(() => withOptions('05010000')).toThrow(WireError);
  expect(() => withOptions('05050000')).toThrow(WireError);
  expect(() => withOptions('01010105')).toThrow(WireError);
});

test('a header outside the segment, a wrong checksum, too many options', () => {
  const octets = scapyFrame('tcp syn').slice(34);
  expect(() => decodeTcp(octets, source, source)).toThrow(
    expect.objectContaining({ field: 'TCP Checksum', offset: 16 }),
  );
  expect(() => decodeTcp(octets.slice(0, 39), source, destination)).toThrow(
    expect.objectContaining({ field: 'TCP Data Offset' }),
  );
  octets[12] = 0x40;
  expect(() => decodeTcp(octets, source, destination)).toThrow(expect.objectContaining({ field: 'TCP Data Offset' }));
  const options: TcpOption[] = [{ type: 'unknown', number: 99, body: new Uint8Array(39) }];
  const segment = decodeTcp(scapyFrame('tcp syn').slice(34), source, destination);
  expect(() => encodeTcp({ ...segment, options }, source, destination)).toThrow(RangeError);
});

test('hostile octets give a value or a WireError', () => {
  const random = new Prng(20);
  expect(
    abuse(octets => decodeTcp(octets, source, destination), scapyFrame('tcp syn').slice(34), random, 10_000),
  ).toEqual([]);
  expect(abuse(decodeTcpUnverified, scapyFrame('tcp syn').slice(34), random, 10_000)).toEqual([]);
});
