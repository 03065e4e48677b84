import { describe, expect, test } from 'vitest';
import { encodeEthernet, EtherType } from '../wire/ethernet.ts';
import { encodeIcmpv6 } from '../wire/icmpv6.ts';
import { NS_PER_S } from '../wire/instant.ts';
import { encodeNd } from '../wire/nd.ts';
import type { NdOption } from '../wire/nd-option.ts';
import { addressOf } from '../wire/testing/must.ts';
import { createNet, type Net } from './testing/net.ts';
import { ipPacket, ping } from './testing/packets.ts';
import { line, resolution } from './testing/read.ts';
import { nodeConfig, port } from './testing/sites.ts';

const HOST_MAC = '02:00:5e:10:00:01';

function lan(): Net {
  return createNet(
    [
      nodeConfig('host', { interfaces: [port('e', [], { mac: HOST_MAC, autoconfigure: true })] }),
      nodeConfig('router', {
        forwarding: true,
        interfaces: [
          port('lan', ['2001:db8:1::1/64'], { advertise: true, mtu: 1500 }),
          port('far', ['2001:db8:2::1/64']),
        ],
      }),
    ],
    [['host:e', 'router:lan']],
  );
}

const addresses = (net: Net, name: string) => net.node(name).status().interfaces[0]?.addresses ?? [];

describe('advertisements that hide from those who guard the link', () => {
  const from = 'fe80::bad';
  const whole = (extension: Uint8Array) => {
    const message = encodeNd({
      type: 'routerAdvertisement',
      hopLimit: 64,
      managed: false,
      otherConfiguration: false,
      routerLifetimeS: 1800,
      reachableTimeMs: 0,
      retransTimerMs: 0,
      options: [{ type: 'mtu', mtu: 1400 }],
    });
    const icmp = encodeIcmpv6(message, addressOf(from), addressOf('ff02::1'));
    const [next, payload] = extension.length === 0 ? [58, icmp] : [60, Uint8Array.of(...extension, ...icmp)];
    return ipPacket(from, 'ff02::1', next, payload, { hopLimit: 255 });
  };

  test.each([
    ['in fragments (RFC 6980 §5)', [fragmentOf(whole(new Uint8Array()), 0), fragmentOf(whole(new Uint8Array()), 16)]],
    ['in a lone fragment', [atomic(whole(new Uint8Array()))]],
    ['behind Destination Options', [whole(Uint8Array.of(58, 0, 1, 4, 0, 0, 0, 0))]],
  ])('%s are not believed', (_, packets) => {
    const net = createNet([nodeConfig('host', { interfaces: [port('e', [], { autoconfigure: true })] })], []);
    net.injectPackets('host', 'e', ...packets);
    expect(net.node('host').status().routes).toEqual([]);
    net.injectPackets('host', 'e', whole(new Uint8Array()));
    expect(net.node('host').status().routes).toHaveLength(1);
  });
});

describe('a host and its router', () => {
  test('the host forms an address and a default route, and reaches beyond', () => {
    const net = lan();
    expect(addresses(net, 'host')).toEqual(['fe80::5eff:fe10:1/64', '2001:db8:1::5eff:fe10:1/64']);
    expect(net.node('host').status().routes).toEqual([
      { destination: '2001:db8:1::/64', via: null, interface: 'e' },
      { destination: '::/0', via: expect.stringMatching(/^fe80::/), interface: 'e' },
    ]);
    net.send('host', ping('2001:db8:1::5eff:fe10:1', '2001:db8:2::1'));
    expect(net.takeDeliveries('host').map(line)).toEqual(['2001:db8:2::1 > 2001:db8:1::5eff:fe10:1 | icmp 129/0']);
    expect(net.node('host').sourceFor('2001:db8:2::1')).toBe('2001:db8:1::5eff:fe10:1');
  });

  test('a host without a router asks three times and stops', () => {
    const net = createNet([nodeConfig('host', { interfaces: [port('e', [], { autoconfigure: true })] })], []);
    net.advance(60 * NS_PER_S);
    expect(resolution(net, 'host:e')).toEqual(['routerSolicitation', 'routerSolicitation']); // the first was before
    expect(net.node('host').wakeAt()).toBeNull();
  });

  test('the router goes on advertising, three times soon and then every few minutes', () => {
    const net = lan();
    net.advance(40 * NS_PER_S);
    const early = resolution(net, 'router:lan').filter(kind => kind === 'routerAdvertisement').length;
    expect(early).toBe(2);
    net.advance(3600 * NS_PER_S);
    const all = resolution(net, 'router:lan').filter(kind => kind === 'routerAdvertisement').length;
    expect(all - early).toBeGreaterThanOrEqual(6);
    expect(all - early).toBeLessThanOrEqual(18);
  });

  test('a router that falls silent is forgotten when its lifetime is over', () => {
    const net = lan();
    net.alter = ({ from, octets }) => (from === 'router:lan' ? null : octets);
    net.advance(1700 * NS_PER_S);
    expect(net.node('host').status().routes).toHaveLength(2);
    net.advance(200 * NS_PER_S);
    expect(net.node('host').status().routes).toEqual([{ destination: '2001:db8:1::/64', via: null, interface: 'e' }]);
  });
});

describe('advertisements that nobody signed', () => {
  test('cannot end the life of an address', () => {
    const net = lan();
    advertise(net, [prefix('2001:db8:1::', 0)]);
    net.advance(7100 * NS_PER_S);
    expect(addresses(net, 'host')).toContain('2001:db8:1::5eff:fe10:1/64');
  });

  test('make sixteen addresses at most', () => {
    const net = lan();
    for (let i = 0; i < 100; i++) advertise(net, [prefix(`2001:db8:${i + 16}::`, 3600)]);
    expect(addresses(net, 'host')).toHaveLength(1 + 16);
    expect(net.node('host').status().routes.length).toBeLessThanOrEqual(1 + 16);
    net.advance(3700 * NS_PER_S);
    expect(addresses(net, 'host')).toHaveLength(2);
  });

  test.each([
    ['an unusual prefix length', [prefix('2001:db8:9::', 3600, { prefixLength: 56 })], {}],
    ['a link-local prefix', [prefix('fe80::', 3600)], {}],
    ['a preferred lifetime above the valid one', [prefix('2001:db8:9::', 60, { preferredLifetimeS: 61 })], {}],
    ['a sender that is not link-local', [prefix('2001:db8:9::', 3600)], { source: '2001:db8:1::1' }],
    ['a packet that a router has passed on', [prefix('2001:db8:9::', 3600)], { hopLimit: 254 }],
  ] as const)('form no address out of %s', (_, options, parts) => {
    const net = lan();
    const before = addresses(net, 'host');
    advertise(net, options, parts);
    expect(addresses(net, 'host')).toEqual(before);
  });
});

function prefix(text: string, lifetimeS: number, parts: object = {}): NdOption {
  return {
    type: 'prefixInformation',
    prefixLength: 64,
    onLink: true,
    autonomous: true,
    validLifetimeS: lifetimeS,
    preferredLifetimeS: lifetimeS,
    prefix: addressOf(text),
    ...parts,
  };
}

function advertise(net: Net, options: readonly NdOption[], parts: { source?: string; hopLimit?: number } = {}): void {
  const source = parts.source ?? 'fe80::bad';
  const message = encodeNd({
    type: 'routerAdvertisement',
    hopLimit: 0,
    managed: false,
    otherConfiguration: false,
    routerLifetimeS: 0,
    reachableTimeMs: 0,
    retransTimerMs: 0,
    options,
  });
  const icmp = encodeIcmpv6(message, addressOf(source), addressOf('ff02::1'));
  const payload = ipPacket(source, 'ff02::1', 58, icmp, { hopLimit: parts.hopLimit ?? 255 });
  const destination = Uint8Array.of(0x33, 0x33, 0, 0, 0, 1);
  const frame = { destination, source: Uint8Array.of(2, 0xbb, 0, 0, 0, 1), etherType: EtherType.IPV6, payload };
  net.inject('host', 'e', encodeEthernet(frame));
}

/** 16 octets of the payload, or all from there on. */
function fragmentOf(packet: Uint8Array, at: 0 | 16): Uint8Array {
  const data = at === 0 ? packet.subarray(40, 56) : packet.subarray(56);
  const header = Uint8Array.of(packet[6] ?? 0, 0, 0, at === 0 ? 1 : at, 0, 0, 0, 9);
  return withPayload(packet, Uint8Array.of(...header, ...data));
}

/** A fragment that is the whole, RFC 6946. */
function atomic(packet: Uint8Array): Uint8Array {
  return withPayload(packet, Uint8Array.of(packet[6] ?? 0, 0, 0, 0, 0, 0, 0, 9, ...packet.subarray(40)));
}

function withPayload(packet: Uint8Array, payload: Uint8Array): Uint8Array {
  const changed = Uint8Array.of(...packet.subarray(0, 40), ...payload);
  changed.set([payload.length >> 8, payload.length & 255, 44], 4);
  return changed;
}
