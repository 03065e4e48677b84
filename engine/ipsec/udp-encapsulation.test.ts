import { describe, expect, test } from 'vitest';
import { internetChecksum, pseudoHeaderSum } from '../wire/checksum.ts';
import { setU16, u16At } from '../wire/octets.ts';
import { addressOf } from '../wire/testing/must.ts';
import { decodeUdp, encodeUdp } from '../wire/udp.ts';
import { decodeUdpEncapsulation, withNonEspMarker } from '../wire/udp-encapsulation.ts';
import {
  decapsulateFromUdp,
  encapsulateInUdp,
  fixTransportChecksum,
  keepaliveDatagram,
  type UdpEnds,
} from './udp-encapsulation.ts';

const PORTS = { sourcePort: 4500, destinationPort: 61234 };
const V4: UdpEnds = { ...PORTS, source: addressOf('192.0.2.1'), destination: addressOf('198.51.100.1') };
const V6: UdpEnds = { ...PORTS, source: addressOf('2001:db8::1'), destination: addressOf('2001:db8::2') };
const ESP = Uint8Array.of(0, 0, 1, 0, 0, 0, 0, 1, ...new Uint8Array(24).fill(0xee));

function encapsulated(ends: UdpEnds): Uint8Array {
  const datagram = encapsulateInUdp(ESP, ends);
  if (datagram === null) throw new Error('too long');
  return datagram;
}

describe('ESP in UDP, RFC 3948 §2.1', () => {
  test('IPv4: ports, length, and no checksum', () => {
    expect(encapsulated(V4)).toEqual(Uint8Array.of(0x11, 0x94, 0xef, 0x32, 0, 40, 0, 0, ...ESP));
  });

  test('IPv6: with a checksum', () => {
    expect(decodeUdp(encapsulated(V6), V6.source, V6.destination)).toEqual({ ...PORTS, payload: ESP });
  });

  test.each([
    ['IPv4', V4],
    ['IPv6', V6],
  ])('%s: what went in comes out; a checksum may be absent and must not be wrong', (_family, ends) => {
    const { source, destination } = ends;
    const withChecksum = encodeUdp({ ...PORTS, payload: ESP }, source, destination);
    for (const datagram of [encapsulated(ends), withChecksum, withChecksum.with(6, 0).with(7, 0)]) {
      expect(decapsulateFromUdp(datagram, source, destination)).toEqual({
        ...PORTS,
        content: { kind: 'esp', esp: ESP },
      });
    }
    const wrong = withChecksum.with(7, (withChecksum[7] ?? 0) ^ 1);
    expect(decapsulateFromUdp(wrong, source, destination)?.content.kind).toBe('malformed');
  });

  test('what is no datagram, and what is too long for one', () => {
    expect(decapsulateFromUdp(encapsulated(V4).subarray(0, 39), V4.source, V4.destination)).toBeNull();
    expect(encapsulateInUdp(new Uint8Array(65528), V4)).toBeNull();
    expect(encapsulateInUdp(new Uint8Array(65527), V4)).toHaveLength(65535);
  });
});

describe('what else the port carries, RFC 3948 §2.2 and §2.3', () => {
  test('IKE, behind four octets of 0', () => {
    const message = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9);
    expect(withNonEspMarker(message)).toEqual(Uint8Array.of(0, 0, 0, 0, ...message));
    expect(decodeUdpEncapsulation(withNonEspMarker(message))).toEqual({ kind: 'ike', message });
  });

  test.each([
    ['IPv4', V4],
    ['IPv6', V6],
  ])('a keepalive in %s', (_family, ends) => {
    const datagram = keepaliveDatagram(ends);
    expect(datagram).toHaveLength(9);
    expect(decapsulateFromUdp(datagram, ends.source, ends.destination)).toEqual({
      ...PORTS,
      content: { kind: 'keepalive' },
    });
  });

  test.each([
    ['nothing', []],
    ['one octet that is no keepalive', [0xfe]],
    ['two octets of it', [0xff, 0xff]],
    ['an SPI alone', [0, 0, 1, 0]],
    ['half a sequence number', [0, 0, 1, 0, 0, 0, 0]],
  ])('%s is malformed', (_what, payload) => {
    expect(decodeUdpEncapsulation(Uint8Array.from(payload)).kind).toBe('malformed');
  });
});

describe('transport checksums behind a NAT, RFC 3948 §3.1.2', () => {
  const inside = { source: addressOf('10.0.0.2'), destination: addressOf('198.51.100.1') };
  const outside = { source: addressOf('192.0.2.77'), destination: addressOf('198.51.100.1') };
  const inside6 = { source: addressOf('fd00::2'), destination: addressOf('2001:db8::2') };
  const outside6 = { source: addressOf('2001:db8:77::1'), destination: addressOf('2001:db8::3') };

  /** `length` octets with the right checksum at `at`. */
  function segment(protocol: number, at: number, length: number, { source, destination }: typeof inside): Uint8Array {
    const octets = Uint8Array.from({ length }, (_, i) => (i * 37) & 0xff);
    setU16(octets, at, 0);
    setU16(octets, at, internetChecksum(octets, pseudoHeaderSum(source, destination, protocol, length)));
    return octets;
  }

  test.each([
    ['TCP', 6, 16],
    ['UDP', 17, 6],
    ['ICMPv6', 58, 2],
  ])('%s: both ways give what the sender would have computed', (_name, protocol, at) => {
    for (const [from, to] of [
      [inside, outside],
      [inside6, outside6],
    ] as const) {
      for (const length of [20, 33, 1400]) {
        const sent = segment(protocol, at, length, from);
        const before = sent.slice();
        const wanted = segment(protocol, at, length, to);
        expect(fixTransportChecksum(protocol, sent, to, from)).toEqual(wanted);
        expect(fixTransportChecksum(protocol, sent, to, null)).toEqual(wanted);
        expect(sent).toEqual(before);
      }
    }
  });

  test('an error stays an error when the original addresses are known', () => {
    const sent = segment(6, 16, 40, inside).with(30, 0);
    const fixed = fixTransportChecksum(6, sent, outside, inside);
    expect(internetChecksum(fixed, pseudoHeaderSum(outside.source, outside.destination, 6, 40))).not.toBe(0);
  });

  test('UDP without a checksum stays so; a computed 0 is sent as all ones', () => {
    const without = segment(17, 6, 20, inside).with(6, 0).with(7, 0);
    expect(fixTransportChecksum(17, without, outside, null)).toBe(without);
    for (let word = 0; word < 0x10000; word += 1) {
      const octets = segment(17, 6, 20, inside);
      setU16(octets, 18, word);
      setU16(octets, 6, 1);
      const fixed = fixTransportChecksum(17, octets, outside, null);
      if (u16At(fixed, 6) === 0xffff) return;
      expect(u16At(fixed, 6)).not.toBe(0);
    }
    throw new Error('no payload sums up to 0');
  });

  test('without a NAT, and for what has no pseudo-header, nothing changes', () => {
    const sent = segment(6, 16, 40, inside);
    expect(fixTransportChecksum(6, sent, inside, inside)).toBe(sent);
    expect(fixTransportChecksum(6, sent, inside, null)).toBe(sent);
    expect(fixTransportChecksum(1, sent, outside, inside)).toBe(sent);
    const short = sent.subarray(0, 17);
    expect(fixTransportChecksum(6, short, outside, inside)).toBe(short);
  });
});
