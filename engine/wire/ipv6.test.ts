import { describe, expect, test } from 'vitest';
import { formatAddress } from './address.ts';
import { decodeIpv6, decodeIpv6Quoted, encodeIpv6, type Ipv6Packet } from './ipv6.ts';
import { fragmentIpv6, walkExtensions } from './ipv6-extension.ts';
import { abuse } from './testing/hostile.ts';
import { addressOf, fromHex } from './testing/must.ts';
import { Prng } from './testing/prng.ts';
import { scapyFrame } from './testing/scapy-frames.ts';
import { WireError } from './wire-error.ts';

function packetOf(nextHeader: number, payload: Uint8Array): Ipv6Packet {
  const [source, destination] = [addressOf('2001:db8::1'), addressOf('2001:db8::2')];
  return { trafficClass: 0, flowLabel: 0, nextHeader, hopLimit: 64, source, destination, payload };
}

describe('the fixed header', () => {
  test('a packet of scapy, field by field', () => {
    const octets = scapyFrame('tcp over ipv6').slice(14);
    const packet = decodeIpv6(octets);
    expect(packet).toMatchObject({ trafficClass: 0x2e, flowLabel: 0xabcde, nextHeader: 6, hopLimit: 63 });
    expect(formatAddress(packet.source)).toBe('2001:470:24:c66::2');
    expect(formatAddress(packet.destination)).toBe('2001:470:24:c67::2');
    expect(packet.payload).toHaveLength(25);
    expect(encodeIpv6(packet)).toEqual(octets);
  });

  test('random packets survive encode and decode', () => {
    const random = new Prng(13);
    for (let i = 0; i < 10_000; i++) {
      const packet: Ipv6Packet = {
        trafficClass: random.below(256),
        flowLabel: random.below(1 << 20),
        nextHeader: random.below(256),
        hopLimit: random.below(256),
        source: random.bytes(16),
        destination: random.bytes(16),
        payload: random.bytes(random.below(50)),
      };
      expect(decodeIpv6(encodeIpv6(packet))).toEqual(packet);
    }
  });

  test('the largest payload; padding; a missing end', () => {
    expect(decodeIpv6(encodeIpv6(packetOf(17, new Uint8Array(65535)))).payload).toHaveLength(65535);
    expect(() => encodeIpv6(packetOf(17, new Uint8Array(65536)))).toThrow(RangeError);
    const octets = encodeIpv6(packetOf(17, Uint8Array.of(1, 2, 3)));
    expect(decodeIpv6(Uint8Array.of(...octets, 9, 9)).payload).toEqual(Uint8Array.of(1, 2, 3));
    expect(() => decodeIpv6(octets.slice(0, 42))).toThrow(
      expect.objectContaining({ field: 'IPv6 Payload Length', offset: 4 }),
    );
    expect(decodeIpv6Quoted(octets.slice(0, 42)).payload).toHaveLength(2);
    expect(() => decodeIpv6Quoted(octets.slice(0, 39))).toThrow(WireError);
  });

  test('hostile octets give a value or a WireError', () => {
    const random = new Prng(14);
    const example = scapyFrame('extension headers').slice(14);
    expect(abuse(decodeIpv6, example, random, 10_000)).toEqual([]);
    expect(abuse(octets => walkExtensions(decodeIpv6(octets)), example, random, 10_000)).toEqual([]);
    expect(abuse(octets => walkExtensions(decodeIpv6Quoted(octets)), example, random, 10_000)).toEqual([]);
  });
});

describe('extension headers', () => {
  test('the chain of scapy: Hop-by-Hop, Routing, Destination Options, UDP', () => {
    const packet = decodeIpv6(scapyFrame('extension headers').slice(14));
    const chain = walkExtensions(packet);
    expect(chain.headers.map(h => [h.type, h.offset, h.octets.length])).toEqual([
      [0, 0, 8],
      [43, 8, 8],
      [60, 16, 8],
    ]);
    expect(chain).toMatchObject({ upperProtocol: 17, upperOffset: 24, fragment: null });
    expect(Buffer.from(chain.upper.subarray(8)).toString()).toBe('ext');
  });

  test('no headers at all, and No Next Header', () => {
    const bare = walkExtensions(packetOf(17, Uint8Array.of(1, 2)));
    expect(bare).toMatchObject({ headers: [], upperProtocol: 17, upperOffset: 0, fragment: null });
    expect(walkExtensions(packetOf(59, new Uint8Array(0)))).toMatchObject({ upperProtocol: 59, upperOffset: 0 });
  });

  test('a Fragment header: the first goes on, a later one ends the walk', () => {
    const first = walkExtensions(decodeIpv6(scapyFrame('ipv6 first fragment').slice(14)));
    expect(first.fragment).toEqual({ offset: 0, more: true, identification: 0xcafebabe });
    expect(first).toMatchObject({ upperProtocol: 17, upperOffset: 8 });
    // Destination Options announced, but what is here is their middle.
    const later = walkExtensions(packetOf(44, fromHex('3c00 0010 00000001 ffffffff')));
    expect(later).toMatchObject({ upperProtocol: 60, upperOffset: 8, fragment: { offset: 16, more: false } });
  });

  test.each([
    ['a header cut short', 0, '11000104000000', 0],
    ['a length past the end', 60, '1101010400000000', 1],
    ['Hop-by-Hop after another', 60, '00000104000000001100010400000000', 8],
    ['a second Fragment header', 44, '2c000000000000011100000000000001', 8],
    ['a chain that announces more than there is', 43, '3c00000000000000', 8],
  ])('%s is refused', (_, nextHeader, payload, offset) => {
    expect(() => walkExtensions(packetOf(nextHeader, fromHex(payload)))).toThrow(expect.objectContaining({ offset }));
  });

  test('chains are bounded', () => {
    const sixteen = fromHex('3c00010400000000'.repeat(15) + '3b00010400000000');
    expect(walkExtensions(packetOf(60, sixteen)).headers).toHaveLength(16);
    expect(() => walkExtensions(packetOf(60, fromHex('3c00010400000000'.repeat(16) + '3b00010400000000')))).toThrow(
      WireError,
    );
  });
});

describe('fragmentation', () => {
  test('each fragment fits, is a multiple of 8, and together they are the payload', () => {
    const random = new Prng(15);
    for (let i = 0; i < 300; i++) {
      const payload = random.bytes(1300 + random.below(3000));
      const mtu = 1280 + random.below(20);
      const fragments = fragmentIpv6(encodeIpv6(packetOf(17, payload)), mtu, 0xdeadbeef).map(decodeIpv6);
      const chains = fragments.map(walkExtensions);
      expect(Math.max(...fragments.map(f => f.payload.length + 40))).toBeLessThanOrEqual(mtu);
      expect(fragments.every(f => f.nextHeader === 44)).toBe(true);
      expect(chains.every(c => c.upperProtocol === 17 && c.fragment?.identification === 0xdeadbeef)).toBe(true);
      expect(chains.map(c => c.fragment?.more)).toEqual(chains.map((_, at) => at < chains.length - 1));
      expect(Buffer.concat(chains.map(c => c.upper))).toEqual(Buffer.from(payload));
    }
  });

  test('headers up to the Routing header are repeated, those after it are cut with the rest', () => {
    const packet = decodeIpv6(scapyFrame('extension headers').slice(14));
    const payload = new Uint8Array(packet.payload.length + 2000);
    payload.set(packet.payload);
    const fragments = fragmentIpv6(encodeIpv6({ ...packet, payload }), 1280, 7)
      .map(decodeIpv6)
      .map(walkExtensions);
    expect(fragments.map(f => f.headers.map(h => h.type))).toEqual([
      [0, 43, 44, 60],
      [0, 43, 44],
    ]);
    expect(fragments.map(f => f.upperProtocol)).toEqual([17, 60]);
  });

  test('what fits stays; a fragment is not cut again; an MTU must hold something', () => {
    const octets = encodeIpv6(packetOf(17, new Uint8Array(1240)));
    expect(fragmentIpv6(octets, 1280, 1)).toEqual([octets]);
    expect(() => fragmentIpv6(scapyFrame('ipv6 first fragment').slice(14), 64, 1)).toThrow(RangeError);
    expect(() => fragmentIpv6(octets, 55, 1)).toThrow(RangeError);
    expect(fragmentIpv6(octets, 56, 1)).toHaveLength(155);
  });
});
