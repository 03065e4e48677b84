import { describe, expect, test } from 'vitest';
import { formatAddress, formatMac } from './address.ts';
import { decodeIcmpv4, decodeIcmpv4Unverified, encodeIcmpv4, type Icmpv4Message } from './icmpv4.ts';
import {
  decodeIcmpv6,
  decodeIcmpv6Unverified,
  encodeIcmpv6,
  type Icmpv6Message,
  type Icmpv6Unknown,
} from './icmpv6.ts';
import { decodeIpv4Quoted } from './ipv4.ts';
import { decodeIpv6Quoted } from './ipv6.ts';
import { decodeNd, encodeNd, type NdMessage } from './nd.ts';
import type { NdOption } from './nd-option.ts';
import { abuse } from './testing/hostile.ts';
import { addressOf, must } from './testing/must.ts';
import { Prng } from './testing/prng.ts';
import { scapyFrame, type ScapyFrame } from './testing/scapy-frames.ts';
import { WireError } from './wire-error.ts';

const [source, destination] = [addressOf('2001:db8::1'), addressOf('2001:db8::2')];

/** The ICMPv6 octets and the addresses of a frame. */
function icmpv6Of(name: ScapyFrame): [Uint8Array, Uint8Array, Uint8Array] {
  const octets = scapyFrame(name);
  return [octets.slice(54), octets.slice(22, 38), octets.slice(38, 54)];
}

function invokingOf(message: Icmpv4Message | Icmpv6Message): Uint8Array {
  return must('invoking' in message ? message.invoking : null);
}

function neighborDiscoveryOf(name: ScapyFrame): { message: NdMessage; reproduced: boolean } {
  const [octets, from, to] = icmpv6Of(name);
  const outer = decodeIcmpv6(octets, from, to);
  const message = must(outer.type === 'unknown' ? decodeNd(outer) : null);
  return { message, reproduced: Buffer.compare(encodeIcmpv6(encodeNd(message), from, to), octets) === 0 };
}

function decodeNdUnverified(octets: Uint8Array): NdMessage | null {
  const message = decodeIcmpv6Unverified(octets);
  return message.type === 'unknown' ? decodeNd(message) : null;
}

function unknown(number: number, code: number, body: Uint8Array): Icmpv6Unknown {
  return { type: 'unknown', number, code, body };
}

describe('ICMP', () => {
  test('an echo request of scapy', () => {
    const octets = scapyFrame('icmp echo with options').slice(50);
    const message = decodeIcmpv4(octets);
    expect(message).toEqual({
      type: 'echoRequest',
      identifier: 0x77,
      sequence: 3,
      data: Uint8Array.from(Buffer.from('abcdefgh')),
    });
    expect(encodeIcmpv4(message)).toEqual(octets);
  });

  test('"fragmentation needed" of scapy: MTU and the quoted packet', () => {
    const octets = scapyFrame('icmp fragmentation needed').slice(34);
    const message = decodeIcmpv4(octets);
    expect(message).toMatchObject({ type: 'destinationUnreachable', code: 4, mtu: 1400 });
    const quoted = decodeIpv4Quoted(invokingOf(message));
    expect(formatAddress(quoted.source)).toBe('10.0.0.2');
    expect(quoted).toMatchObject({ protocol: 17, identification: 99 });
    expect(quoted.payload).toHaveLength(8);
    expect(encodeIcmpv4(message)).toEqual(octets);
  });

  test('random messages survive encode and decode', () => {
    const random = new Prng(21);
    for (let i = 0; i < 10_000; i++) {
      const invoking = random.bytes(random.below(40));
      const code = random.below(256);
      const messages: Icmpv4Message[] = [
        { type: 'echoReply', identifier: random.below(65536), sequence: random.below(65536), data: invoking },
        { type: 'destinationUnreachable', code, mtu: code === 4 ? random.below(65536) : 0, invoking },
        { type: 'timeExceeded', code, invoking },
        { type: 'parameterProblem', code, pointer: random.below(256), invoking },
        { type: 'unknown', number: random.pick([5, 13, 200]), code, body: invoking },
      ];
      const message = random.pick(messages);
      expect(decodeIcmpv4(encodeIcmpv4(message))).toEqual(message);
    }
  });

  test('hostile octets give a value or a WireError; a changed one is noticed', () => {
    const random = new Prng(22);
    const example = scapyFrame('icmp fragmentation needed').slice(34);
    expect(abuse(decodeIcmpv4, example, random, 10_000)).toEqual([]);
    expect(abuse(decodeIcmpv4Unverified, example, random, 10_000)).toEqual([]);
    example[9] = 1;
    expect(() => decodeIcmpv4(example)).toThrow(expect.objectContaining({ field: 'ICMP Checksum', offset: 2 }));
  });
});

describe('ICMPv6', () => {
  test('"packet too big" of scapy', () => {
    const [octets, from, to] = icmpv6Of('icmpv6 packet too big');
    const message = decodeIcmpv6(octets, from, to);
    expect(message).toMatchObject({ type: 'packetTooBig', mtu: 1280 });
    expect(formatAddress(decodeIpv6Quoted(invokingOf(message)).destination)).toBe('2001:db8:1::2');
    expect(encodeIcmpv6(message, from, to)).toEqual(octets);
  });

  test('random messages survive encode and decode', () => {
    const random = new Prng(23);
    for (let i = 0; i < 10_000; i++) {
      const invoking = random.bytes(random.below(40));
      const code = random.below(256);
      const messages: Icmpv6Message[] = [
        { type: 'echoRequest', identifier: random.below(65536), sequence: random.below(65536), data: invoking },
        { type: 'echoReply', identifier: random.below(65536), sequence: random.below(65536), data: invoking },
        { type: 'destinationUnreachable', code, invoking },
        { type: 'packetTooBig', mtu: random.below(2 ** 32), invoking },
        { type: 'timeExceeded', code, invoking },
        { type: 'parameterProblem', code, pointer: random.below(2 ** 32), invoking },
        { type: 'unknown', number: random.pick([100, 130, 143]), code, body: invoking },
      ];
      const message = random.pick(messages);
      expect(decodeIcmpv6(encodeIcmpv6(message, source, destination), source, destination)).toEqual(message);
    }
  });

  test('the checksum covers the addresses', () => {
    const [octets, from, to] = icmpv6Of('icmpv6 packet too big');
    expect(() => decodeIcmpv6(octets, from, from)).toThrow(
      expect.objectContaining({ field: 'ICMPv6 Checksum', offset: 2 }),
    );
    expect(decodeIcmpv6(octets, to, from).type).toBe('packetTooBig'); // a sum does not know the order
  });

  test('hostile octets give a value or a WireError', () => {
    const random = new Prng(24);
    const [octets, from, to] = icmpv6Of('icmpv6 packet too big');
    expect(abuse(o => decodeIcmpv6(o, from, to), octets, random, 10_000)).toEqual([]);
    expect(abuse(decodeIcmpv6Unverified, octets, random, 10_000)).toEqual([]);
  });
});

describe('Neighbor Discovery', () => {
  test('a Neighbor Solicitation and an Advertisement of scapy', () => {
    const { message: solicitation, reproduced } = neighborDiscoveryOf('neighbor solicitation');
    expect(reproduced).toBe(true);
    expect(solicitation.type).toBe('neighborSolicitation');
    expect(solicitation).toMatchObject({ target: addressOf('fe80::2') });
    expect(solicitation.options).toEqual([{ type: 'sourceLinkLayerAddress', mac: Uint8Array.of(2, 0, 0, 0, 0, 1) }]);
    const advertisement = neighborDiscoveryOf('neighbor advertisement');
    expect(advertisement.reproduced).toBe(true);
    expect(advertisement.message).toMatchObject({
      router: true,
      solicited: true,
      override: true,
      target: addressOf('fe80::2'),
    });
  });

  test('a Router Advertisement of scapy', () => {
    const { message, reproduced } = neighborDiscoveryOf('router advertisement');
    expect(reproduced).toBe(true);
    expect(message).toMatchObject({
      type: 'routerAdvertisement',
      hopLimit: 64,
      managed: false,
      otherConfiguration: true,
      routerLifetimeS: 1800,
      reachableTimeMs: 30000,
      retransTimerMs: 1000,
    });
    const [prefix, mtu, mac] = message.options;
    expect(prefix).toMatchObject({ type: 'prefixInformation', prefixLength: 64, onLink: true, autonomous: true });
    expect(prefix).toMatchObject({
      validLifetimeS: 86400,
      preferredLifetimeS: 14400,
      prefix: addressOf('2001:470:24:c66::'),
    });
    expect(mtu).toEqual({ type: 'mtu', mtu: 1400 });
    expect(mac?.type === 'sourceLinkLayerAddress' && formatMac(mac.mac)).toBe('02:00:00:00:00:01');
  });

  test('random messages survive encode and decode', () => {
    const random = new Prng(25);
    const option = (): NdOption =>
      random.pick<NdOption>([
        { type: 'sourceLinkLayerAddress', mac: random.bytes(6) },
        { type: 'targetLinkLayerAddress', mac: random.bytes(6) },
        { type: 'mtu', mtu: random.below(2 ** 32) },
        {
          type: 'prefixInformation',
          prefixLength: random.below(129),
          onLink: random.flip(),
          autonomous: random.flip(),
          validLifetimeS: random.below(2 ** 32),
          preferredLifetimeS: random.below(2 ** 32),
          prefix: random.bytes(16),
        },
        { type: 'unknown', number: 31, body: random.bytes(8 * random.below(3) + 6) },
        { type: 'unknown', number: 1, body: random.bytes(14) }, // not an Ethernet address
      ]);
    for (let i = 0; i < 10_000; i++) {
      const options = Array.from({ length: random.below(4) }, option);
      const message = random.pick<NdMessage>([
        { type: 'routerSolicitation', options },
        {
          type: 'routerAdvertisement',
          hopLimit: random.below(256),
          managed: random.flip(),
          otherConfiguration: random.flip(),
          routerLifetimeS: random.below(65536),
          reachableTimeMs: random.below(2 ** 32),
          retransTimerMs: random.below(2 ** 32),
          options,
        },
        { type: 'neighborSolicitation', target: random.bytes(16), options },
        {
          type: 'neighborAdvertisement',
          router: random.flip(),
          solicited: random.flip(),
          override: random.flip(),
          target: random.bytes(16),
          options,
        },
      ]);
      expect(decodeNd(encodeNd(message))).toEqual(message);
    }
  });

  test('other messages are not Neighbor Discovery; a code, an empty option, a short message are refused', () => {
    expect(decodeNd(unknown(137, 0, new Uint8Array(36)))).toBeNull();
    expect(decodeNd(unknown(132, 0, new Uint8Array(4)))).toBeNull();
    expect(() => decodeNd(unknown(133, 1, new Uint8Array(4)))).toThrow(WireError);
    expect(() => decodeNd(unknown(133, 0, Uint8Array.of(0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0)))).toThrow(
      expect.objectContaining({ field: 'ND option Length', offset: 5 }),
    );
    expect(() => decodeNd(unknown(135, 0, new Uint8Array(19)))).toThrow(
      expect.objectContaining({ field: 'ND Target Address' }),
    );
  });

  test('hostile octets give a value or a WireError', () => {
    const random = new Prng(26);
    const [octets] = icmpv6Of('router advertisement');
    expect(abuse(decodeNdUnverified, octets, random, 10_000)).toEqual([]);
    expect(abuse(decodeNdUnverified, icmpv6Of('neighbor advertisement')[0], random, 10_000)).toEqual([]);
  });
});
