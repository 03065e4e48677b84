import { describe, expect, test } from 'vitest';
import { IpProtocol } from '../wire/ip-protocol.ts';
import { decodeIpv4, type Ipv4Packet } from '../wire/ipv4.ts';
import { decodeIpv6 } from '../wire/ipv6.ts';
import { addressOf } from '../wire/testing/must.ts';
import { packet4, packet6 } from '../wire/testing/packets.ts';
import { protect, restore } from './testing/transport-packet.ts';
import { splitInbound, splitOutbound } from './transport-mode.ts';

const UDP = Uint8Array.of(0, 53, 0, 54, 0, 12, 0, 0, 1, 2, 3, 4);
const ESP = Uint8Array.of(0, 0, 1, 0, 0, 0, 0, 1, ...new Uint8Array(24).fill(0xee));

const V4 = { source: addressOf('10.0.0.2'), destination: addressOf('10.0.1.2') };

function ipv4(changes: Partial<Ipv4Packet> = {}): Uint8Array {
  return packet4(UDP, { dscpEcn: 0xb9, identification: 99, dontFragment: true, ttl: 9, ...V4, ...changes });
}

function ipv6(nextHeader: number, ...parts: readonly (readonly number[] | Uint8Array)[]): Uint8Array {
  const payload = Uint8Array.from(parts.flatMap(part => [...part]));
  return packet6(payload, { trafficClass: 0xb9, flowLabel: 0x12345, nextHeader, hopLimit: 9 });
}

const options = (next: number) => [next, 0, 1, 4, 0, 0, 0, 0];
const routing = (next: number) => [next, 2, 253, 0, ...Array.from({ length: 20 }, (_, i) => i)];
const fragmentHeader = (next: number, field = 0) => [next, 0, field >> 8, field & 255, 0, 0, 0, 7];

/** Protects with a fixed ESP, and tells what was sealed. */
function protectWithFixed(packet: Uint8Array) {
  let sealed: { nextHeader: number; payload: Uint8Array } | null = null;
  const result = protect(packet, (nextHeader, payload) => {
    sealed = { nextHeader, payload: payload.slice() };
    return ESP;
  });
  return { result, sealed };
}

describe('IPv4', () => {
  test.each([0, 4, 40])('with %d octets of options: ESP follows them, all else stays', length => {
    const packet = ipv4({ options: new Uint8Array(length).fill(1) });
    const { result, sealed } = protectWithFixed(packet);
    expect(sealed).toEqual({ nextHeader: 17, payload: UDP });
    if (result === null) throw new Error('not protected');
    expect(decodeIpv4(result)).toEqual({ ...decodeIpv4(packet), protocol: 50, payload: ESP });
    expect(restore(result, 17, UDP)).toEqual(packet);
  });

  test('padding behind the packet is not sealed', () => {
    expect(protectWithFixed(Uint8Array.of(...ipv4(), 0, 0, 0)).sealed).toMatchObject({ payload: UDP });
  });

  test('fragments are refused, RFC 4303 §3.3.4', () => {
    for (const fragment of [ipv4({ moreFragments: true }), ipv4({ fragmentOffset: 8 })]) {
      expect(protectWithFixed(fragment)).toEqual({ result: null, sealed: null });
    }
    const espFragment = ipv4({ protocol: IpProtocol.ESP, payload: ESP, moreFragments: true });
    expect(splitInbound(espFragment)).toBeNull();
    expect(restore(espFragment, 17, UDP)).toBeNull();
  });

  test('what is no ESP is not restored', () => {
    expect(restore(ipv4(), 17, UDP)).toBeNull();
  });

  test('a result that is too long is refused', () => {
    expect(protect(ipv4(), () => new Uint8Array(65515))).toHaveLength(65535);
    expect(protect(ipv4(), () => new Uint8Array(65516))).toBeNull();
  });

  test('a seal that fails is passed on', () => {
    expect(protect(ipv4(), () => null)).toBeNull();
  });

  test('what is no packet is refused', () => {
    const packet = ipv4();
    for (let length = 0; length < packet.length; length++) expect(splitOutbound(packet.subarray(0, length))).toBeNull();
    expect(splitOutbound(packet.with(0, 0x55))).toBeNull();
    expect(splitOutbound(packet.with(10, 0x55))).toBeNull();
  });
});

describe('IPv6', () => {
  const { HOPOPT, DSTOPTS, ROUTING, FRAGMENT, UDP: UDP_NUMBER } = IpProtocol;

  test.each([
    ['no extension headers', ipv6(UDP_NUMBER, UDP), UDP_NUMBER, 0],
    ['hop-by-hop', ipv6(HOPOPT, options(UDP_NUMBER), UDP), UDP_NUMBER, 8],
    ['routing', ipv6(ROUTING, routing(UDP_NUMBER), UDP), UDP_NUMBER, 24],
    ['an atomic fragment', ipv6(FRAGMENT, fragmentHeader(UDP_NUMBER), UDP), UDP_NUMBER, 8],
    ['destination options go inside', ipv6(DSTOPTS, options(UDP_NUMBER), UDP), DSTOPTS, 0],
    [
      'destination options before routing stay outside',
      ipv6(HOPOPT, options(DSTOPTS), options(ROUTING), routing(UDP_NUMBER), UDP),
      UDP_NUMBER,
      40,
    ],
    [
      'destination options on both sides',
      ipv6(DSTOPTS, options(ROUTING), routing(FRAGMENT), fragmentHeader(DSTOPTS), options(UDP_NUMBER), UDP),
      DSTOPTS,
      40,
    ],
    ['no next header', ipv6(HOPOPT, options(IpProtocol.NO_NEXT)), IpProtocol.NO_NEXT, 8],
  ])('%s', (_what, packet, nextHeader, outsideOctets) => {
    const { result, sealed } = protectWithFixed(packet);
    if (result === null) throw new Error('not protected');
    const inside = packet.slice(40 + outsideOctets);
    expect(sealed).toEqual({ nextHeader, payload: inside });
    const outer = decodeIpv6(result);
    expect(outer).toMatchObject({ trafficClass: 0xb9, flowLabel: 0x12345, hopLimit: 9 });
    expect(outer.payload.length).toBe(outsideOctets + ESP.length);
    expect(outer.payload.subarray(outsideOctets)).toEqual(ESP);
    expect(splitInbound(result)).toMatchObject({ nextHeader: 50, payload: ESP });
    expect(restore(result, nextHeader, inside)).toEqual(packet);
  });

  test('ESP behind destination options is found too: others put it there', () => {
    const packet = ipv6(DSTOPTS, options(IpProtocol.ESP), ESP);
    expect(splitInbound(packet)?.payload).toEqual(ESP);
    expect(restore(packet, 17, UDP)).toEqual(ipv6(DSTOPTS, options(UDP_NUMBER), UDP));
  });

  test('fragments are refused', () => {
    for (const field of [1, 8, 9]) {
      const fragment = ipv6(FRAGMENT, fragmentHeader(UDP_NUMBER, field), UDP);
      expect(protectWithFixed(fragment)).toEqual({ result: null, sealed: null });
      expect(splitInbound(ipv6(FRAGMENT, fragmentHeader(IpProtocol.ESP, field), ESP))).toBeNull();
    }
  });

  test('a result that is too long is refused', () => {
    expect(protect(ipv6(UDP_NUMBER, UDP), () => new Uint8Array(65535))).toHaveLength(65575);
    expect(protect(ipv6(UDP_NUMBER, UDP), () => new Uint8Array(65536))).toBeNull();
  });

  test('what is no packet is refused', () => {
    const packet = ipv6(HOPOPT, options(ROUTING), routing(UDP_NUMBER), UDP);
    for (let length = 0; length < packet.length; length++) expect(splitOutbound(packet.subarray(0, length))).toBeNull();
  });
});
