import { describe, expect, test } from 'vitest';
import { formatAddress } from './address.ts';
import {
  decodeIpv4,
  decodeIpv4Quoted,
  decodeIpv4Unverified,
  encodeIpv4,
  fragmentIpv4,
  type Ipv4Packet,
} from './ipv4.ts';
import { abuse } from './testing/hostile.ts';
import { fromHex } from './testing/must.ts';
import { fields4 } from './testing/packets.ts';
import { Prng } from './testing/prng.ts';
import { scapyFrame } from './testing/scapy-frames.ts';
import { WireError } from './wire-error.ts';

const packetOf = (changes: Partial<Ipv4Packet>): Ipv4Packet => fields4({ identification: 0x1234, ...changes });

function randomPacket(random: Prng): Ipv4Packet {
  return {
    dscpEcn: random.below(256),
    identification: random.below(65536),
    dontFragment: random.flip(),
    moreFragments: random.flip(),
    fragmentOffset: random.below(8192) * 8,
    ttl: random.below(256),
    protocol: random.below(256),
    source: random.bytes(4),
    destination: random.bytes(4),
    options: random.bytes(random.below(11) * 4),
    payload: random.bytes(random.below(60)),
  };
}

describe('decode and encode', () => {
  test('a packet of scapy, field by field', () => {
    const octets = scapyFrame('udp over ipv4').slice(14);
    const packet = decodeIpv4(octets);
    expect(packet).toMatchObject({
      dscpEcn: 0xb9,
      identification: 0x1234,
      dontFragment: true,
      moreFragments: false,
      fragmentOffset: 0,
      ttl: 64,
      protocol: 17,
    });
    expect(formatAddress(packet.source)).toBe('192.0.2.1');
    expect(formatAddress(packet.destination)).toBe('192.0.2.2');
    expect(packet.payload).toHaveLength(13);
    expect(encodeIpv4(packet)).toEqual(octets);
  });

  test('options are kept', () => {
    const octets = scapyFrame('icmp echo with options').slice(14);
    const packet = decodeIpv4(octets);
    expect(packet.options).toEqual(fromHex('070f04 000000000000000000000000 00'));
    expect(encodeIpv4(packet)).toEqual(octets);
  });

  test('Ethernet padding is not payload', () => {
    const padded = new Uint8Array(60).fill(0xa5);
    padded.set(encodeIpv4(packetOf({ payload: Uint8Array.of(1, 2, 3) })));
    expect(decodeIpv4(padded).payload).toEqual(Uint8Array.of(1, 2, 3));
  });

  test('the largest packet, as superframes are', () => {
    const packet = packetOf({ payload: new Prng(1).bytes(65515), protocol: 6 });
    const octets = encodeIpv4(packet);
    expect(octets).toHaveLength(65535);
    expect(Buffer.compare(decodeIpv4(octets).payload, packet.payload)).toBe(0);
    expect(() => encodeIpv4(packetOf({ payload: new Uint8Array(65516) }))).toThrow(RangeError);
  });

  test('random packets survive encode and decode', () => {
    const random = new Prng(10);
    for (let i = 0; i < 10_000; i++) {
      const packet = randomPacket(random);
      expect(decodeIpv4(encodeIpv4(packet))).toEqual(packet);
    }
  });

  test('what cannot be a packet is refused, with the field and its place', () => {
    const good = encodeIpv4(packetOf({ payload: new Uint8Array(8) }));
    const broken = (at: number, value: number) => {
      const octets = good.slice();
      octets[at] = value;
      return () => decodeIpv4(octets);
    };
    expect(() => decodeIpv4(good.slice(0, 19))).toThrow(expect.objectContaining({ field: 'IPv4 header' }));
    expect(broken(0, 0x65)).toThrow(expect.objectContaining({ field: 'IPv4 Version', offset: 0 }));
    expect(broken(0, 0x44)).toThrow(expect.objectContaining({ field: 'IPv4 IHL', offset: 0 }));
    expect(broken(0, 0x48)).toThrow(expect.objectContaining({ field: 'IPv4 IHL', offset: 0 }));
    expect(broken(3, 19)).toThrow(expect.objectContaining({ field: 'IPv4 Total Length', offset: 2 }));
    expect(broken(3, 29)).toThrow(expect.objectContaining({ field: 'IPv4 Total Length', offset: 2 }));
    expect(broken(8, 63)).toThrow(expect.objectContaining({ field: 'IPv4 Header Checksum', offset: 10 }));
  });

  test('any one bit flipped in the header is noticed', () => {
    const good = encodeIpv4(packetOf({ payload: new Uint8Array(8) }));
    for (let bit = 0; bit < 160; bit++) {
      const octets = good.slice();
      octets[bit >> 3] = (octets[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(() => decodeIpv4(octets)).toThrow(WireError);
    }
  });

  test('a quoted packet may lack its end, not its header', () => {
    const octets = encodeIpv4(packetOf({ payload: new Uint8Array(100) }));
    expect(decodeIpv4Quoted(octets.slice(0, 28)).payload).toHaveLength(8);
    expect(() => decodeIpv4Unverified(octets.slice(0, 28))).toThrow(WireError);
    expect(() => decodeIpv4Quoted(octets.slice(0, 19))).toThrow(WireError);
  });

  test('hostile octets give a value or a WireError', () => {
    const random = new Prng(11);
    const example = scapyFrame('icmp echo with options').slice(14);
    expect(abuse(decodeIpv4, example, random, 10_000)).toEqual([]);
    expect(abuse(decodeIpv4Unverified, example, random, 10_000)).toEqual([]);
    expect(abuse(decodeIpv4Quoted, example, random, 10_000)).toEqual([]);
    expect(
      abuse(octets => fragmentIpv4(octets, 80), encodeIpv4(packetOf({ payload: random.bytes(100) })), random, 3_000),
    ).toEqual([]);
  });
});

describe('fragmentation', () => {
  test('the example of RFC 791, appendix A, example 2: 472 octets through 280', () => {
    const octets = encodeIpv4(
      packetOf({ identification: 111, ttl: 123, protocol: 6, payload: new Prng(2).bytes(452) }),
    );
    const fragments = fragmentIpv4(octets, 280).map(decodeIpv4);
    expect(fragments.map(f => [f.payload.length + 20, f.moreFragments, f.fragmentOffset / 8])).toEqual([
      [276, true, 0],
      [216, false, 32],
    ]);
    expect(fragments.every(f => f.identification === 111 && f.ttl === 123 && f.protocol === 6)).toBe(true);
  });

  test('what fits stays as it is', () => {
    const octets = encodeIpv4(packetOf({ payload: new Uint8Array(80) }));
    expect(fragmentIpv4(octets, 100)).toEqual([octets]);
    expect(fragmentIpv4(octets, 99)).toHaveLength(2);
  });

  test('a fragment that is cut again keeps its place, and More Fragments in front of what follows', () => {
    const whole = encodeIpv4(packetOf({ payload: new Prng(3).bytes(3000) }));
    const again = fragmentIpv4(whole, 1500).flatMap(fragment => fragmentIpv4(fragment, 576));
    const decoded = again.map(decodeIpv4);
    expect(Buffer.concat(decoded.map(f => f.payload))).toEqual(Buffer.from(decodeIpv4(whole).payload));
    expect(decoded.map(f => f.moreFragments)).toEqual(decoded.map((_, i) => i < decoded.length - 1));
    let at = 0;
    for (const fragment of decoded) {
      expect(fragment.fragmentOffset).toBe(at);
      at += fragment.payload.length;
    }
  });

  test('only options with the copied flag go into later fragments', () => {
    // Record Route (7, not copied), No Operation, Stream ID (136, copied), End of Option List.
    const options = fromHex('07070400000000 01 88040abc 00000000');
    const fragments = fragmentIpv4(encodeIpv4(packetOf({ options, payload: new Uint8Array(100) })), 80).map(decodeIpv4);
    expect(fragments.map(f => Buffer.from(f.options).toString('hex'))).toEqual([
      Buffer.from(options).toString('hex'),
      '88040abc',
      '88040abc',
    ]);
    expect(fragments.map(f => f.payload.length)).toEqual([40, 56, 4]);
  });

  test('options that run out of the header end the list', () => {
    for (const text of ['88ff0000', '88000000', '00880400', '01010188']) {
      const options = fromHex(text);
      const fragments = fragmentIpv4(encodeIpv4(packetOf({ options, payload: new Uint8Array(100) })), 80).map(
        decodeIpv4,
      );
      for (const fragment of fragments) expect(fragment.payload.length).toBeGreaterThan(0);
      expect(fragments.reduce((sum, f) => sum + f.payload.length, 0)).toBe(100);
    }
  });

  test('no MTU makes an endless or too large piece', () => {
    const random = new Prng(12);
    for (let i = 0; i < 500; i++) {
      const packet = packetOf({
        options: random.bytes(random.below(11) * 4),
        payload: random.bytes(random.below(2000)),
      });
      const mtu = 68 + random.below(1500);
      const fragments = fragmentIpv4(encodeIpv4(packet), mtu);
      expect(Math.max(...fragments.map(f => f.length))).toBeLessThanOrEqual(mtu);
      expect(Buffer.concat(fragments.map(f => decodeIpv4(f).payload))).toEqual(Buffer.from(packet.payload));
    }
    expect(() => fragmentIpv4(encodeIpv4(packetOf({ payload: new Uint8Array(9) })), 27)).toThrow(RangeError);
  });
});
