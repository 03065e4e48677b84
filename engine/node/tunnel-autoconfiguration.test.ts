import { describe, expect, test } from 'vitest';
import { encodeIcmpv6 } from '../wire/icmpv6.ts';
import { NS_PER_S } from '../wire/instant.ts';
import { encodeNd } from '../wire/nd.ts';
import { addressOf } from '../wire/testing/must.ts';
import type { NodeConfig } from './config.ts';
import { createNet, type Net } from './testing/net.ts';
import { ipPacket, ping } from './testing/packets.ts';
import { line, traffic } from './testing/read.ts';
import { SITE_WIRES, sites } from './testing/sites.ts';

const FORMED = '2001:db8:77::102:304';

/** Bob advertises a prefix through the tunnel, and alice, who has no IPv6 routes, listens. */
function tunnelled(isListening = true): NodeConfig[] {
  return sites().map(config => {
    const tunnels = config.tunnels.map(tunnel =>
      config.name === 'bob'
        ? { ...tunnel, advertise: true, addresses: [...tunnel.addresses, '2001:db8:77::1/64'] }
        : { ...tunnel, autoconfigure: isListening },
    );
    const routes =
      config.name === 'alice' ? config.routes.filter(each => !each.destination.includes(':')) : config.routes;
    return { ...config, tunnels, routes };
  });
}

const addresses = (net: Net) =>
  net
    .node('alice')
    .status()
    .interfaces.find(({ name }) => name === 'v4_bob0')?.addresses;

describe('a tunnel that asks its far end for addresses', () => {
  test('gets an address, a subnet and a default route, all by ESP', () => {
    const net = createNet(tunnelled(), SITE_WIRES);
    expect(addresses(net)).toEqual(['10.0.0.1/32', 'fe80::102:304/64', `${FORMED}/64`]);
    const routes = net
      .node('alice')
      .status()
      .routes.filter(({ interface: name }) => name === 'v4_bob0');
    expect(routes).toContainEqual({ destination: '2001:db8:77::/64', via: null, interface: 'v4_bob0' });
    expect(routes).toContainEqual({ destination: '::/0', via: 'fe80::506:708', interface: 'v4_bob0' });
    net.send('alice', ping(FORMED, '2001:470:24:c67::2'));
    expect(net.takeDeliveries('alice').map(line)).toEqual([`2001:470:24:c67::2 > ${FORMED} | icmp 129/0`]);
    expect(traffic(net, 'alice:net0')).toEqual([expect.stringMatching(/^1\.2\.3\.4 > 5\.6\.7\.8 \| esp 4096 /)]);
  });

  test('one that is not told to does not', () => {
    const net = createNet(tunnelled(false), SITE_WIRES);
    expect(addresses(net)).toEqual(['10.0.0.1/32', 'fe80::102:304/64']);
  });

  test('does not believe what comes in the clear, in plain IP-in-IP or on another link', () => {
    const net = createNet(tunnelled(), SITE_WIRES);
    const message = encodeNd({
      type: 'routerAdvertisement',
      hopLimit: 64,
      managed: false,
      otherConfiguration: false,
      routerLifetimeS: 0,
      reachableTimeMs: 0,
      retransTimerMs: 0,
      options: [],
    });
    const icmp = encodeIcmpv6(message, addressOf('fe80::506:708'), addressOf('ff02::1'));
    const forged = ipPacket('fe80::506:708', 'ff02::1', 58, icmp, { hopLimit: 255 });
    net.injectPackets('alice', 'net0', forged, ipPacket('5.6.7.8', '1.2.3.4', 41, forged));
    net.advance(NS_PER_S);
    expect(
      net
        .node('alice')
        .status()
        .routes.map(({ destination }) => destination),
    ).toContain('::/0');
    expect(net.node('alice').status().drops).toEqual({ policyDiscard: 1 });
  });
});
