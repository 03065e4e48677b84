import { expect, test } from 'vitest';
import { decodeEspHeader } from './esp.ts';
import { decodeAhHeader } from './ah.ts';
import { abuse } from './testing/hostile.ts';
import { addressOf } from './testing/must.ts';
import { Prng } from './testing/prng.ts';
import { scapyFrame } from './testing/scapy-frames.ts';
import { decodeUdp, decodeUdpUnverified, encodeUdp } from './udp.ts';
import { WireError } from './wire-error.ts';

const [source4, destination4] = [addressOf('192.0.2.1'), addressOf('192.0.2.2')];
const [source6, destination6] = [addressOf('2001:db8::1'), addressOf('2001:db8::2')];

test('a datagram of scapy, field by field', () => {
  const octets = scapyFrame('udp over ipv4').slice(34);
  const datagram = decodeUdp(octets, source4, destination4);
  expect(datagram).toMatchObject({ sourcePort: 5000, destinationPort: 53 });
  expect(Buffer.from(datagram.payload).toString()).toBe('hello');
  expect(encodeUdp(datagram, source4, destination4)).toEqual(octets);
});

test('checksum 0 means none in IPv4 and is wrong in IPv6', () => {
  const octets = scapyFrame('udp without checksum, vlan, padded').slice(38);
  expect(decodeUdp(octets, source4, destination4).payload).toEqual(Uint8Array.of(0x78)); // the padding is gone
  expect(() => decodeUdp(octets, source6, destination6)).toThrow(WireError);
});

test('a checksum that computes to 0 is sent as all ones', () => {
  let seen = 0;
  for (let value = 0; value < 65536; value++) {
    const datagram = { sourcePort: 1, destinationPort: 2, payload: Uint8Array.of(value >> 8, value & 255) };
    const octets = encodeUdp(datagram, source4, destination4);
    if (octets[6] === 255 && octets[7] === 255) seen++;
    expect((octets[6] ?? 0) + (octets[7] ?? 0)).toBeGreaterThan(0);
    expect(decodeUdp(octets, source4, destination4).sourcePort).toBe(1);
  }
  expect(seen).toBeGreaterThan(0);
});

test('a wrong checksum, a wrong address, a wrong length', () => {
  const octets = encodeUdp({ sourcePort: 1, destinationPort: 2, payload: new Uint8Array(9) }, source6, destination6);
  expect(() => decodeUdp(octets, source6, source6)).toThrow(
    expect.objectContaining({ field: 'UDP Checksum', offset: 6 }),
  );
  expect(() => decodeUdp(octets.slice(0, 16), source6, destination6)).toThrow(
    expect.objectContaining({ field: 'UDP Length' }),
  );
  octets[5] = 7;
  expect(() => decodeUdp(octets, source6, destination6)).toThrow(expect.objectContaining({ field: 'UDP Length' }));
});

test('random datagrams survive encode and decode', () => {
  const random = new Prng(17);
  for (let i = 0; i < 10_000; i++) {
    const [sourcePort, destinationPort] = [random.below(65536), random.below(65536)];
    const datagram = { sourcePort, destinationPort, payload: random.bytes(random.below(40)) };
    const [source, destination] = random.flip() ? [source4, destination4] : [source6, destination6];
    expect(decodeUdp(encodeUdp(datagram, source, destination), source, destination)).toEqual(datagram);
  }
  expect(() =>
    encodeUdp({ sourcePort: 1, destinationPort: 2, payload: new Uint8Array(65528) }, source4, source4),
  ).toThrow(RangeError);
});

test('ESP and AH headers of scapy', () => {
  const esp = decodeEspHeader(scapyFrame('esp').slice(34));
  expect(esp).toMatchObject({ spi: 0xc0ffee01, sequence: 42 });
  expect(esp.rest).toEqual(Uint8Array.from({ length: 48 }, (_, i) => i));
  const ah = decodeAhHeader(scapyFrame('ah').slice(34));
  expect(ah).toMatchObject({ nextHeader: 17, spi: 0x1001, sequence: 5 });
  expect([ah.icv.length, ah.rest.length]).toEqual([12, 13]);
});

test('hostile octets give a value or a WireError', () => {
  const random = new Prng(18);
  const example = scapyFrame('udp over ipv4').slice(34);
  expect(abuse(octets => decodeUdp(octets, source4, destination4), example, random, 10_000)).toEqual([]);
  expect(abuse(decodeUdpUnverified, example, random, 10_000)).toEqual([]);
  expect(abuse(decodeEspHeader, scapyFrame('esp').slice(34), random, 10_000)).toEqual([]);
  expect(abuse(decodeAhHeader, scapyFrame('ah').slice(34), random, 10_000)).toEqual([]);
});
